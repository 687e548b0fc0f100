public import DecantIR

/// Runs the reference kernels of operator definitions: exact, portable, and slow where it matters.
public struct ReferenceBackend: Backend {
  /// `reference`.
  public static let name = "reference"

  private let catalog: any OpCatalog

  /// Over the definitions of `catalog`.
  public init(_ catalog: any OpCatalog) { self.catalog = catalog }

  /// The kernel of the operator's definition; nil when there is none.
  public func kernel(for request: KernelRequest) throws(OpError) -> (any Kernel)? {
    guard let definition = catalog.definition(of: request.op), let evaluate = definition.evaluate else { return nil }
    let isConstant =
      request.operands.isEmpty && definition.schema.isDeterministic
      && !request.attributes.contains { $0.value.kind == .graph || $0.value.kind == .graphs }
    return ReferenceKernel(
      op: request.op, attributes: request.attributes, wanted: request.wanted, isConstant: isConstant, evaluate: evaluate
    )
  }

  /// The kernel on values of the operator's definition; nil when there is none.
  public func valueKernel(for node: Node) -> ValueKernel? {
    guard let definition = catalog.definition(of: node.op), let evaluate = definition.evaluateValues else { return nil }
    return ValueKernel(isOnly: definition.evaluate == nil, run: evaluate)
  }
}

/// The reference kernel of one node.
struct ReferenceKernel: Kernel {
  let op: OpName
  let attributes: Attributes
  let wanted: [Bool]
  let isConstant: Bool
  let evaluate: OpDefinition.Evaluation

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    var operands: [Tensor?] = []
    operands.reserveCapacity(call.operands.count)
    for operand in call.operands { operands.append(try operand?.plain()) }
    let results = try evaluate(
      EvaluationContext(
        op: op, attributes: attributes, operands: operands, wanted: wanted, byteLimit: call.byteLimit,
        stream: call.stream, runSubgraph: call.runSubgraph))
    return results.map { .plain($0) }
  }
}
