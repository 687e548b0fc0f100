internal import DecantBytes
internal import DecantIR

/// Checks the constant parameters of `QuantizeLinear` and `DequantizeLinear` (catalogue C30).
enum QuantizationRules {
  /// Scales beyond this number, those of blocks, are not looked at: a reader does not read weights.
  private static let scaleLimit = 1 << 16

  /// Checks every such node of `graph`, at the pinned opset.
  static func check(_ graph: Graph) throws(DecantError) {
    for id in graph.order where graph[id].op == "QuantizeLinear" || graph[id].op == "DequantizeLinear" {
      do throws(DecantError) {
        try check(id, in: graph)
      } catch {
        throw error.within("node '\(graph[id].name)' (\(graph[id].op))")
      }
    }
  }

  private static func check(_ id: NodeID, in graph: Graph) throws(DecantError) {
    let node = graph[id]
    let block = node.attributes.int("block_size", default: 0)
    guard block >= 0 else { throw DecantError(.malformed, "block_size expected not to be negative, got \(block)") }
    let scale = node.operand(1).flatMap { graph.knownConstant($0) }
    let zeroPoint = node.operand(2).flatMap { graph.knownConstant($0) }
    if let scale { try checkScale(scale, isBlocked: block > 0 && node.op == "DequantizeLinear") }
    if let scale, let zeroPoint, scale.elementCount != zeroPoint.elementCount {
      throw DecantError(
        .malformed, "operand 2 (zero point) expected of shape \(scale.shape) like the scale, got \(zeroPoint.shape)")
    }
    guard let operand = node.operand(0) else { return }
    let known = graph.knownConstant(operand)
    if node.op == "DequantizeLinear", let zeroPoint, let type = known?.dataType ?? graph[operand].type.dataType,
      type != zeroPoint.dataType
    {
      throw DecantError(.malformed, "operand 2 (zero point) expected of type \(type), got \(zeroPoint.dataType)")
    }
    guard let scale, let shape = known.map({ Shape($0.shape) }) ?? graph[operand].type.shape else { return }
    try checkAxis(node.attributes.int("axis", default: 1), block, scale, shape)
  }

  /// Block quantizers write scales below zero, so that the extreme of a block has a code, and zero for blocks of zeros.
  private static func checkScale(_ scale: Tensor, isBlocked: Bool) throws(DecantError) {
    guard scale.elementCount <= scaleLimit, scale.dataType != .float8E8M0, let values = scale.floats else { return }
    guard let index = values.firstIndex(where: { !($0.isFinite && ($0 > 0 || isBlocked)) }) else { return }
    throw DecantError(
      .malformed, "operand 1 (scale) expected to be positive and finite, got \(values[index]) at \(index)")
  }

  /// The axis must exist, and have as many elements as there are scales, or blocks.
  private static func checkAxis(_ axis: Int, _ block: Int, _ scale: Tensor, _ shape: Shape) throws(DecantError) {
    guard scale.rank > 0, scale.elementCount > 1 || scale.rank == shape.rank && scale.rank > 1 else { return }
    guard let index = shape.normalize(axis: axis) else {
      throw DecantError(.malformed, "'axis' expected in \(-shape.rank)..<\(shape.rank), got \(axis)")
    }
    guard let extent = shape[index].fixed else { return }
    let blocks = block == 0 ? extent : extent / block + (extent % block == 0 ? 0 : 1)
    let given = scale.rank == 1 ? scale.elementCount : index < scale.rank ? scale.shape[index] : blocks
    guard given == blocks else {
      throw DecantError(
        .malformed, "operand 1 (scale) expected to have \(blocks) elements along axis \(index), got \(given)")
    }
  }
}
