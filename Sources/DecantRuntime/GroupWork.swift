internal import DecantIR

/// A group of nodes: computed at once as far as a backend can for the types at hand, the others one by one.
final class GroupWork: Sendable {
  /// The nodes as steps of their own, the root first.
  let parts: [Step]
  /// The root's operands, then the extras.
  let operands: [ExecutionPlan.Operand]
  private let steps: [EpilogueStep]
  private let rootWork: NodeWork
  private let environment: PlanEnvironment
  private let ready = TypedCache<Fused?>()

  /// A kernel for the first `taken` nodes.
  struct Fused: Sendable {
    let ready: ReadyKernel
    let taken: Int
  }

  /// From the steps of the nodes; nil unless kernels compute all of them.
  init?(_ parts: [Step], _ environment: PlanEnvironment) {
    guard let root = parts.first, case .node(let rootWork) = root.work else { return nil }
    self.parts = parts
    self.rootWork = rootWork
    self.environment = environment
    var operands = root.operands
    var steps: [EpilogueStep] = []
    for (before, part) in zip(parts, parts.dropFirst()) {
      guard case .node(let work) = part.work, let result = before.results.first else { return nil }
      let places = part.operands.map { operand -> EpilogueStep.Operand in
        switch operand {
        case .absent: return .absent
        case .slot(let slot) where slot == result: return .result
        case .slot, .constant:
          operands.append(operand)
          return .extra(operands.count - 1 - root.operands.count)
        }
      }
      steps.append(EpilogueStep(op: part.op, attributes: work.attributes, operands: places))
    }
    self.operands = operands
    self.steps = steps
  }

  /// The kernel for operands of these types; nil when no backend computes more than the root at once.
  func fused(_ values: [RuntimeTensor?]) throws(OpError) -> Fused? {
    try ready.find(values) { (computed) throws(OpError) in
      let rootCount = operands.count - extraCount
      let root = rootWork.request(Array(computed.prefix(rootCount)), Array(operands.prefix(rootCount)))
      let constants = operands.dropFirst(rootCount).map(\.constant)
      var extras: [ConcreteType] = []
      for (type, constant) in zip(computed.dropFirst(rootCount), constants) {
        guard let type = type ?? constant.map({ ConcreteType($0.dataType, $0.shape) }) else { return nil }
        extras.append(type)
      }
      let request = FusedRequest(root: root, steps: steps, extras: extras, extraConstants: constants)
      for count in stride(from: steps.count, to: 0, by: -1) {
        guard let kernel = try environment.kernel(for: request.prefix(count)) else { continue }
        return Fused(ready: ReadyKernel(kernel, operands), taken: count + 1)
      }
      return nil
    }
  }

  private var extraCount: Int { operands.count - parts[0].operands.count }
}
