internal import DecantIR

/// Ranks of values in files that state no shapes, from the operators that produce them.
///
/// A reader must know them for the old forms of a few operators, before any type inference can run.
extension Graph {
  /// The number of axes of `value`; nil where the operators around it do not tell.
  func rank(of value: ValueID) -> Int? { rank(of: value, 256) }

  private func rank(of value: ValueID, _ depth: Int) -> Int? {
    if let rank = self[value].type.shape?.rank { return rank }
    guard depth > 0, let producer = self[value].producer else { return nil }
    let node = self[producer]
    switch node.op.type {
    case "Conv", "Relu", "LeakyRelu", "Sigmoid", "Tanh", "BatchNormalization", "Softmax", "LogSoftmax", "Exp", "Cast",
      "Identity", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Dropout", "Clip", "Slice", "Pad",
      "Elu", "Selu", "PRelu", "InstanceNormalization", "ConvTranspose", "LRN", "Split", "Neg", "Sqrt", "Resize":
      return node.operand(0).flatMap { rank(of: $0, depth - 1) }
    case "Concat":
      return node.operands.lazy.compactMap { $0 }.compactMap { rank(of: $0, depth - 1) }.first
    case "Transpose":
      return node.attributes.ints("perm")?.count ?? node.operand(0).flatMap { rank(of: $0, depth - 1) }
    case "Gather":
      guard let data = node.operand(0).flatMap({ rank(of: $0, depth - 1) }),
        let indices = node.operand(1).flatMap({ rank(of: $0, depth / 2) })
      else { return nil }
      return data + indices - 1
    case "Flatten", "Gemm": return 2
    case "Shape": return 1
    case "Reshape": return node.operand(1).flatMap { length(of: $0, depth - 1) }
    case "Constant": return knownConstant(value)?.rank
    case "Add", "Sub", "Mul", "Div":
      guard let a = node.operand(0).flatMap({ rank(of: $0, depth / 2) }),
        let b = node.operand(1).flatMap({ rank(of: $0, depth / 2) })
      else { return nil }
      return max(a, b)
    case "Unsqueeze": return shifted(node, by: 1, depth)
    case "Squeeze": return shifted(node, by: -1, depth)
    default: return nil
    }
  }

  private func shifted(_ node: Node, by sign: Int, _ depth: Int) -> Int? {
    guard let inner = node.operand(0).flatMap({ rank(of: $0, depth - 1) }) else { return nil }
    let axes = node.attributes.ints("axes") ?? node.operand(1).flatMap { knownConstant($0)?.integers }
    return axes.map { inner + sign * $0.count }
  }

  /// The number of elements of a vector; nil where the operators around it do not tell.
  private func length(of value: ValueID, _ depth: Int) -> Int? {
    if let constant = knownConstant(value) { return constant.elementCount }
    if let shape = self[value].type.shape, shape.rank == 1, let length = shape[0].fixed { return length }
    guard depth > 0, let producer = self[value].producer else { return nil }
    let node = self[producer]
    switch node.op.type {
    case "Concat":
      var sum = 0
      for operand in node.operands {
        guard let length = operand.flatMap({ length(of: $0, depth - 1) }) else { return nil }
        sum += length
      }
      return sum
    case "Unsqueeze":
      guard let inner = node.operand(0), let rank = rank(of: value, depth - 1), rank == 1 else { return nil }
      return isScalar(inner) ? 1 : nil
    case "Shape": return node.operand(0).flatMap { rank(of: $0, depth - 1) }
    case "Cast", "Identity": return node.operand(0).flatMap { length(of: $0, depth - 1) }
    default: return nil
    }
  }

  private func isScalar(_ value: ValueID) -> Bool {
    if let constant = knownConstant(value) { return constant.rank == 0 }
    guard let producer = self[value].producer, self[producer].op == "Gather" else { return false }
    return self[producer].operand(1).flatMap { knownConstant($0)?.rank } == 0
  }
}
