internal import DecantIR

/// A node that kernels compute: one kernel for each combination of operand types, made when it is first seen.
final class NodeWork: Sendable {
  /// Plans of the node's subgraphs.
  let subplans: [(graph: Graph, plan: ExecutionPlan)]
  /// What computes the node where an operand is no tensor, or where it runs subgraphs.
  let valueKernel: ValueKernel?
  let attributes: Attributes
  let wanted: [Bool]
  private let op: OpName
  private let environment: PlanEnvironment
  private let ready = TypedCache<ReadyKernel>()
  private let forms = ConstantForms()

  init(_ node: Node, _ environment: PlanEnvironment) throws(OpError) {
    op = node.op
    attributes = node.attributes
    wanted = node.results.map { $0 != nil }
    self.environment = environment
    valueKernel = environment.valueKernel(for: node)
    var subplans: [(graph: Graph, plan: ExecutionPlan)] = []
    for (_, graph) in node.subgraphs { subplans.append((graph, try ExecutionPlan(graph, environment))) }
    self.subplans = subplans
  }

  /// The kernel for operands of these types.
  ///
  /// - Throws: ``OpError`` when no backend does the node.
  func ready(
    _ values: [RuntimeTensor?], _ sources: [ExecutionPlan.Operand]
  ) throws(OpError) -> ReadyKernel {
    try ready.find(values) { (computed) throws(OpError) in
      let request = self.request(computed, sources)
      guard let kernel = try environment.kernel(for: request) else {
        throw OpError("no backend computes it for \(NodeWork.describe(request.operands))", kind: .unsupported)
      }
      return ReadyKernel(kernel, sources)
    }
  }

  /// What a backend is told for operands of which `computed` are the types of those that are no constants.
  func request(_ computed: [ConcreteType?], _ sources: [ExecutionPlan.Operand]) -> KernelRequest {
    let constants = sources.map(\.constant)
    let types = zip(computed, constants).map { computed, constant in
      computed ?? constant.map { ConcreteType($0.dataType, $0.shape) }
    }
    return KernelRequest(
      op: op, attributes: attributes, operands: types, constants: constants, wanted: wanted,
      threads: environment.threads, forms: forms)
  }

  private static func describe(_ types: [ConcreteType?]) -> String {
    "(" + types.map { $0?.description ?? "-" }.joined(separator: ", ") + ")"
  }

  /// The plan of `graph`, which is one of the node's subgraphs.
  ///
  /// - Throws: ``OpError`` when it is not.
  func plan(of graph: Graph) throws(OpError) -> ExecutionPlan {
    if subplans.count == 1 { return subplans[0].plan }
    if let known = subplans.first(where: { $0.graph.isSameStorage(as: graph) }) { return known.plan }
    if let known = subplans.first(where: { $0.graph == graph }) { return known.plan }
    throw OpError("the subgraph '\(graph.name)' is not one of the node's own", kind: .unsupported)
  }
}

/// A kernel and the constants that it is called with; what it has taken into itself goes back to the file.
struct ReadyKernel: Sendable {
  let kernel: any Kernel
  let operands: [RuntimeTensor?]

  init(_ kernel: any Kernel, _ sources: [ExecutionPlan.Operand]) {
    self.kernel = kernel
    let absorbed = kernel.absorbed
    operands = sources.enumerated().map { index, source -> RuntimeTensor? in
      guard case .constant(let constant) = source else { return nil }
      guard !absorbed.contains(index) else {
        constant.giveBack()
        return nil
      }
      return .plain(constant.aligned)
    }
  }
}

extension ExecutionPlan.Operand {
  /// The tensor of a constant.
  var constant: Tensor? {
    if case .constant(let constant) = self { constant.tensor } else { nil }
  }
}
