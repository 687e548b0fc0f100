internal import DecantIR

/// Puts ONNX Runtime's operators on blocks of codes in the place of products with, and look-ups in, dequantized matrices.
///
/// Given: `%y = MatMul(%x, DequantizeLinear(%codes, %scales, %zeros))`
/// Result: `%y = com.microsoft.MatMulNBits(%x, %packed, %scales, %zeros)`
struct BlockPacking: FormStep {
  private struct Key: Hashable {
    let weight: ValueID
    let layout: PackedWeight.Layout
    let isInputsFirst: Bool
  }

  private struct Packed {
    let operands: [ValueID]
    let rows: Int
    let columns: Int
    let format: BlockFormat
  }

  /// The longest block that ONNX Runtime's kernels take.
  private static let largestBlock = 256

  private(set) var report = FormReport()
  private var packed: [Key: Packed] = [:]

  mutating func run(_ rewriter: inout Rewriter) {
    for id in rewriter.graph.order where rewriter.graph.contains(id) {
      let (node, label) = (rewriter.graph[id], rewriter.graph.label(of: id))
      do throws(OpError) {
        guard let outcome = try visit(id, node, &rewriter) else { continue }
        report.convert(label, node.op, to: outcome)
      } catch {
        report.leave(label, node.op, error.message)
      }
    }
    rewriter.dropUnreadCodes()
  }

  /// What node `id` became; nil when it reads no dequantized constant.
  private mutating func visit(_ id: NodeID, _ node: Node, _ rewriter: inout Rewriter) throws(OpError) -> String? {
    let index = node.op == "Gather" ? 0 : 1
    guard ["MatMul", "Gemm", "Gather"].contains(node.op), let weight = node.operand(index),
      let affine = AffineNode.dequantize(behind: weight, rewriter.graph),
      rewriter.graph[affine.source].constant != nil
    else {
      guard node.op == "Conv" || node.op == "ConvTranspose", let weight = node.operand(1),
        AffineNode.dequantize(behind: weight, rewriter.graph) != nil
      else { return nil }
      throw OpError("convolutions have no form with blocks")
    }
    if node.op == "Gather" {
      try lookUp(id, node, affine, &rewriter)
      return "GatherBlockQuantized"
    }
    try multiply(id, node, affine, &rewriter)
    return "MatMulNBits"
  }

  private mutating func multiply(
    _ id: NodeID, _ node: Node, _ affine: AffineNode, _ rewriter: inout Rewriter
  ) throws(OpError) {
    let isInputsFirst = node.op == "MatMul" || node.attributes.int("transB", default: 0) == 0
    if node.op == "Gemm" {
      guard node.attributes.int("transA", default: 0) == 0, node.attributes.float("alpha", default: 1) == 1 else {
        throw OpError("the product has its first operand transposed or a factor")
      }
    }
    guard let scaleType = rewriter.graph[affine.scale].constant?.dataType,
      let input = node.operand(0), [nil, scaleType].contains(rewriter.graph[input].type.dataType)
    else { throw OpError("its scales have another type than its input") }
    let weight = try pack(affine, .blocks, isInputsFirst: isInputsFirst, &rewriter)
    var operands: [ValueID?] = [input]
    operands += weight.operands.map { $0 as ValueID? }
    if let bias = node.operand(2), node.op == "Gemm" {
      guard node.attributes.float("beta", default: 1) == 1, isVector(bias, weight.rows, rewriter.graph) else {
        throw OpError("its bias is not a vector")
      }
      while operands.count < 5 { operands.append(nil) }
      operands.append(bias)
    }
    let attributes: Attributes = [
      "K": .int(Int64(weight.columns)), "N": .int(Int64(weight.rows)), "bits": .int(Int64(weight.format.bits)),
      "block_size": .int(Int64(weight.format.blockSize)),
    ]
    rewriter.setAll(id, .microsoft("MatMulNBits"), operands, attributes)
  }

  private mutating func lookUp(
    _ id: NodeID, _ node: Node, _ affine: AffineNode, _ rewriter: inout Rewriter
  ) throws(OpError) {
    guard [0, -2].contains(node.attributes.int("axis", default: 0)) else {
      throw OpError("only rows are looked up in blocks")
    }
    let table = try pack(affine, .table, isInputsFirst: false, &rewriter)
    guard table.format.bits >= 4 else { throw OpError("tables are looked up in codes of 4 and 8 bits only") }
    let attributes: Attributes = [
      "gather_axis": .int(0), "quantize_axis": .int(1), "block_size": .int(Int64(table.format.blockSize)),
      "bits": .int(Int64(table.format.bits)),
    ]
    var operands: [ValueID?] = [table.operands[0], node.operand(1)]
    operands += table.operands.dropFirst().map { $0 as ValueID? }
    rewriter.setAll(id, .microsoft("GatherBlockQuantized"), operands, attributes)
  }

  private mutating func pack(
    _ affine: AffineNode, _ layout: PackedWeight.Layout, isInputsFirst: Bool, _ rewriter: inout Rewriter
  ) throws(OpError) -> Packed {
    let key = Key(weight: affine.result, layout: layout, isInputsFirst: isInputsFirst)
    if let known = packed[key] { return known }
    guard affine.blockSize <= BlockPacking.largestBlock else {
      throw OpError("its blocks have \(affine.blockSize) codes, and ONNX Runtime takes \(BlockPacking.largestBlock)")
    }
    let rows = try BlockRows(affine, isInputsFirst: isInputsFirst, rewriter.graph)
    guard let scaleType = rewriter.graph[affine.scale].constant?.dataType else {
      throw OpError("its scales are computed")
    }
    let weight = try PackedWeight(rows, layout, scaleType: scaleType)
    let name = rewriter.graph[affine.source].name.droppingEnd("_quantized")
    var operands = [
      rewriter.addInitializer("\(name)_Q\(rows.format.bits)", weight.codes),
      rewriter.addInitializer("\(name)_scales", weight.scales),
    ]
    if let zeroPoints = weight.zeroPoints {
      operands.append(rewriter.addInitializer("\(name)_zero_points", zeroPoints))
    }
    let made = Packed(operands: operands, rows: rows.rows, columns: rows.columns, format: rows.format)
    packed[key] = made
    return made
  }

  private func isVector(_ bias: ValueID, _ count: Int, _ graph: Graph) -> Bool {
    graph[bias].type.shape.map { $0.dimensions.count == 1 && $0.dimensions[0].fixed == count }
      ?? (graph[bias].constant?.shape == [count])
  }
}
