import DecantIR
import DecantRuntime

/// A handful of operators, so that the runtime is tested by itself.
struct TestCatalog: OpCatalog {
  static let kernels: [String: OpDefinition.Evaluation] = [
    "Add": add, "Negate": negate, "Same": same, "Scale": scale, "If": choose, "Fail": fail, "Pad": pad, "Two": two,
    "IsPair": isPair, "Positive": positive,
  ]

  func definition(of op: OpName) -> OpDefinition? {
    guard let kernel = TestCatalog.kernels[op.type] else { return nil }
    return OpDefinition(op, schema: OpSchema(since: 1, operands: [], results: []), infer: infer, evaluate: kernel)
  }
}

@Sendable private func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] { [.unknown] }

@Sendable private func add(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
  let (a, b) = (try context.operand(0), try context.operand(1))
  guard let x = a.floats, let y = b.floats, x.count == y.count else {
    throw OpError("expected operands of one shape, got \(a.shape) and \(b.shape)")
  }
  return [Tensor(zip(x, y).map { $0 + $1 }, shape: a.shape)]
}

@Sendable private func negate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
  let a = try context.operand(0)
  return [Tensor((a.floats ?? []).map { -$0 }, shape: a.shape)]
}

@Sendable private func isPair(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
  [Tensor(scalar: Boolean(try context.operand(0).elementCount == 2))]
}

@Sendable private func positive(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
  [Tensor((try context.operand(0).floats ?? []).filter { $0 > 0 })]
}

@Sendable private func same(_ context: EvaluationContext) throws(OpError) -> [Tensor] { [try context.operand(0)] }

@Sendable private func scale(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
  let a = try context.operand(0)
  let factor = context.attributes.float("by", default: 1)
  return [Tensor((a.floats ?? []).map { $0 * factor }, shape: a.shape)]
}

@Sendable private func choose(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
  let condition = try context.operand(0).array(of: Boolean.self)?.first?.value ?? false
  guard let branch = context.attributes.graph(condition ? "then_branch" : "else_branch") else {
    throw OpError("no branch")
  }
  return try context.runSubgraph(branch, [])
}

@Sendable private func fail(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
  throw OpError("expected something else")
}

/// Reads nothing.
@Sendable private func two(_ context: EvaluationContext) throws(OpError) -> [Tensor] { [Tensor([2] as [Float])] }

/// Two results, of which the second may be left out.
@Sendable private func pad(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
  let a = try context.operand(0)
  return [a, Tensor((a.floats ?? []) + [0])]
}

let vector = ValueType.tensor(.float32, [.symbol("N")])

func executor(
  _ graph: Graph, functions: [Function] = [], backends: [any Backend] = [], byteLimit: Int = 1 << 30
) throws -> Executor {
  var model = Model(graph: graph)
  model.functions = functions
  return try Executor(
    model, backends: backends + [ReferenceBackend(TestCatalog())], options: Executor.Options(byteLimit: byteLimit))
}
