internal import DecantBytes
internal import DecantIR

/// Takes ONNX Runtime's operators on blocks of codes apart: into DequantizeLinear and a plain operator, or into floats.
///
/// Given: `%y = com.microsoft.MatMulNBits(%x, %packed, %scales, %zeros, _, %bias)`
/// Result: `%y = Add(MatMul(%x, DequantizeLinear(%codes, %scales, %zeros)), %bias)`
struct BlockUnpacking: FormStep {
  /// Whether weights become floats instead of codes behind DequantizeLinear.
  let givesFloats: Bool
  private(set) var report = FormReport()
  private var weights: [Key: ValueID] = [:]

  private struct Key: Hashable {
    let codes: ValueID
    let scales: ValueID?
    let zeroPoints: ValueID?
  }

  init(givesFloats: Bool) { self.givesFloats = givesFloats }

  mutating func run(_ rewriter: inout Rewriter) {
    for id in rewriter.graph.order where rewriter.graph.contains(id) {
      let (node, label) = (rewriter.graph[id], rewriter.graph.label(of: id))
      guard node.op.domain == OpName.microsoft else { continue }
      do throws(OpError) {
        switch node.op.type {
        case "MatMulNBits": try multiply(id, node, &rewriter)
        case "GatherBlockQuantized": try lookUp(id, node, &rewriter)
        case "MatMulBnb4": try multiplyFloats(id, node, &rewriter)
        default: continue
        }
        report.convert(label, node.op, to: givesFloats ? "floats" : "DequantizeLinear in blocks")
      } catch {
        report.leave(label, node.op, error.message)
      }
    }
    rewriter.dropUnreadCodes()
  }

  private mutating func multiply(_ id: NodeID, _ node: Node, _ rewriter: inout Rewriter) throws(OpError) {
    let weight = try weight(id, node, codes: node.operand(1), .inputsFirst, &rewriter)
    replace(id, "MatMul", [node.operand(0), weight], addend: node.operand(5), &rewriter)
  }

  private mutating func lookUp(_ id: NodeID, _ node: Node, _ rewriter: inout Rewriter) throws(OpError) {
    let table = try weight(id, node, codes: node.operand(0), .outputsFirst, &rewriter)
    rewriter.setAll(id, "Gather", [table, node.operand(1)], ["axis": .int(0)])
  }

  /// What the codes of a node stand for, each weight once. Codes and inputs are operands 0 and 1, in either order.
  private mutating func weight(
    _ id: NodeID, _ node: Node, codes: ValueID?, _ layout: PackedWeight.Layout, _ rewriter: inout Rewriter
  ) throws(OpError) -> ValueID {
    guard let codes, node.operand(0) != nil, node.operand(1) != nil else { throw OpError("an operand is missing") }
    let key = Key(codes: codes, scales: node.operand(2), zeroPoints: node.operand(3))
    let type = try scaleType(node.operand(2), rewriter.graph)
    if let known = weights[key] { return known }
    let rows =
      try layout == .inputsFirst ? BlockRows(product: node, rewriter.graph) : BlockRows(table: node, rewriter.graph)
    let weight = try emit(rows, layout, type, rewriter.graph[codes].name, before: id, &rewriter)
    weights[key] = weight
    return weight
  }

  /// MatMulBnb4, whose weights no DequantizeLinear gives.
  private mutating func multiplyFloats(_ id: NodeID, _ node: Node, _ rewriter: inout Rewriter) throws(OpError) {
    guard givesFloats else { throw OpError("ONNX has no DequantizeLinear of 4-bit floats; 'float' takes it") }
    guard let input = node.operand(0), let codes = node.operand(1) else { throw OpError("an operand is missing") }
    let key = Key(codes: codes, scales: node.operand(2), zeroPoints: nil)
    let weight: ValueID
    if let known = weights[key] {
      weight = known
    } else {
      let data = try CodebookReading.floats(of: node, rewriter.graph)
      weight = rewriter.addInitializer(rewriter.graph[codes].name.droppingEnd("_Bnb4"), data)
    }
    weights[key] = weight
    replace(id, "MatMul", [input, weight], addend: nil, &rewriter)
  }

  // MARK: Parts

  private func scaleType(_ scales: ValueID?, _ graph: Graph) throws(OpError) -> DataType {
    guard let type = scales.flatMap({ graph[$0].constant?.dataType }) else { throw OpError("its scales is computed") }
    return type
  }

  /// The weight as DequantizeLinear of codes, or as floats.
  private func emit(
    _ rows: BlockRows, _ layout: PackedWeight.Layout, _ type: DataType, _ codesName: String, before id: NodeID,
    _ rewriter: inout Rewriter
  ) throws(OpError) -> ValueID {
    let name = codesName.droppingEnd("_Q\(rows.format.bits)").droppingEnd("_quantized")
    let isInputsFirst = layout == .inputsFirst
    let shape = isInputsFirst ? [rows.columns, rows.rows] : [rows.rows, rows.columns]
    guard !givesFloats else {
      let values = rows.values
      let ordered =
        isInputsFirst ? CodeBytes.transposed(values, rows: rows.rows, columns: rows.columns) : values
      return rewriter.addInitializer(name, Tensor(floats: ordered, shape: shape, as: type))
    }
    let packed = try PackedWeight(rows, layout, scaleType: type)
    var operands = [
      rewriter.addInitializer("\(name)_DQ_Q\(rows.format.bits)", packed.codes),
      rewriter.addInitializer("\(name)_DQ_scales", packed.scales),
    ]
    if let points = packed.zeroPoints { operands.append(rewriter.addInitializer("\(name)_DQ_zero_points", points)) }
    let attributes: Attributes = [
      "axis": .int(isInputsFirst ? 0 : 1), "block_size": .int(Int64(rows.format.blockSize)),
    ]
    let result = rewriter.add(
      "DequantizeLinear", operands, attributes, name: "\(name)_DequantizeLinear_Output",
      type: .tensor(type, Shape(shape)), at: rewriter.graph.firstNode.map { .before($0) } ?? .before(id))
    if let made = rewriter.graph[result].producer { rewriter.setName(made, "\(name)_DequantizeLinear") }
    return result
  }

  private func replace(
    _ id: NodeID, _ op: OpName, _ operands: [ValueID?], addend: ValueID?, _ rewriter: inout Rewriter
  ) {
    rewriter.setAll(id, op, operands, [:])
    if let addend { rewriter.append(addend, to: id) }
  }
}
