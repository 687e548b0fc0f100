/// What the kernel of an operator on sequences, optionals and maps sees; also of those that pass on whatever they get.
public struct ValueContext: Sendable {
  /// The node's operator.
  public let op: OpName
  /// The node's attributes.
  public let attributes: Attributes
  /// The operands; nil where one is left out.
  public let operands: [RuntimeValue?]
  /// Which results the node has; kernels may skip the others.
  public let wanted: [Bool]
  /// The most bytes that one result may take.
  public let byteLimit: Int
  /// Runs a subgraph on its inputs, captured ones not included.
  public let runSubgraph: @Sendable (Graph, [RuntimeValue]) throws(OpError) -> [RuntimeValue]

  /// From its parts.
  public init(
    op: OpName, attributes: Attributes, operands: [RuntimeValue?], wanted: [Bool] = [true], byteLimit: Int = 1 << 34,
    runSubgraph: @escaping @Sendable (Graph, [RuntimeValue]) throws(OpError) -> [RuntimeValue] = noSubgraph
  ) {
    self.op = op
    self.attributes = attributes
    self.operands = operands
    self.wanted = wanted
    self.byteLimit = byteLimit
    self.runSubgraph = runSubgraph
  }

  /// Operand `index`.
  ///
  /// - Throws: ``OpError`` when it is left out.
  public func operand(_ index: Int) throws(OpError) -> RuntimeValue {
    guard index < operands.count, let value = operands[index] else { throw OpError("operand \(index) is missing") }
    return value
  }

  /// Operand `index`; nil when it is left out.
  public func optionalOperand(_ index: Int) -> RuntimeValue? { index < operands.count ? operands[index] : nil }

  /// The tensor that operand `index` is.
  ///
  /// - Throws: ``OpError`` when it is left out or no tensor.
  public func tensor(_ index: Int) throws(OpError) -> Tensor {
    let value = try operand(index)
    guard let tensor = value.tensor else { throw OpError("operand \(index): expected a tensor, got \(value.kind)") }
    return tensor.aligned
  }

  /// The elements of the sequence that operand `index` is.
  ///
  /// - Throws: ``OpError`` when it is left out or no sequence.
  public func sequence(_ index: Int) throws(OpError) -> [RuntimeValue] {
    let value = try operand(index)
    guard case .sequence(let elements) = value else {
      throw OpError("operand \(index): expected a sequence, got \(value.kind)")
    }
    return elements
  }

  /// The same node as kernels on tensors see it, with other operands.
  public func evaluation(of operands: [Tensor?]) -> EvaluationContext {
    EvaluationContext(op: op, attributes: attributes, operands: operands, wanted: wanted, byteLimit: byteLimit)
  }
}
