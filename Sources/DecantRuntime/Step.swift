internal import DecantIR
internal import Synchronization

/// One node of a plan: where its operands are, what computes it, and which slots are dead after it.
final class Step: Sendable {
  let name: String
  let op: OpName
  /// The declared operands.
  let operands: [ExecutionPlan.Operand]
  /// The captured values, for subgraphs.
  let captured: [ExecutionPlan.Operand]
  /// The slots of the results; nil where one is left out.
  let results: [Int?]
  /// Slots that nothing reads after this step.
  let releases: [Int]
  /// Tells the node apart from others where it draws random numbers: a digest of its name (FNV-1a).
  let stream: UInt64
  let work: Work

  /// What a step does.
  enum Work: Sendable {
    case node(NodeWork)
    /// Runs the body of a model-local function.
    case call(ExecutionPlan)
  }

  init(
    _ node: Node, _ operands: [ExecutionPlan.Operand], _ results: [Int?], releases: [Int],
    _ environment: PlanEnvironment
  ) throws(OpError) {
    name = node.name
    op = node.op
    self.operands = Array(operands.dropLast(node.captureCount))
    captured = Array(operands.suffix(node.captureCount))
    self.results = results
    self.releases = releases
    stream = node.name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    do throws(OpError) {
      if let body = try FunctionCall.body(of: node, environment) {
        work = .call(body)
      } else {
        work = .node(try NodeWork(node, environment))
      }
    } catch {
      throw Step.located(error, name, op)
    }
  }

  /// The error with the node in front: `'conv1' (Conv): …`.
  static func located(_ error: OpError, _ name: String, _ op: OpName) -> OpError {
    OpError("'\(name)' (\(op)): \(error.message)", kind: error.kind)
  }
}

/// A node that kernels compute: one kernel for each combination of operand types, made when it is first seen.
final class NodeWork: Sendable {
  /// A kernel and the constants that it is called with.
  struct Ready: Sendable {
    let types: [ConcreteType?]
    let kernel: any Kernel
    let operands: [RuntimeTensor?]
  }

  /// Plans of the node's subgraphs.
  let subplans: [(graph: Graph, plan: ExecutionPlan)]
  /// What computes the node where an operand is no tensor, or where it runs subgraphs.
  let valueKernel: ValueKernel?
  let attributes: Attributes
  let wanted: [Bool]
  private let op: OpName
  private let environment: PlanEnvironment
  private let ready = Mutex<[Ready]>([])
  /// Enough for the shapes that real data alternates between; older ones are made again.
  private static let capacity = 16

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
  func ready(_ values: [RuntimeTensor?], _ sources: [ExecutionPlan.Operand]) throws(OpError) -> Ready {
    if let known = ready.withLock({ known in known.last { NodeWork.matches($0.types, values) } }) { return known }
    let made = try make(values, sources)
    ready.withLock { known in
      if known.count >= NodeWork.capacity { known.removeFirst() }
      known.append(made)
    }
    return made
  }

  private static func matches(_ types: [ConcreteType?], _ values: [RuntimeTensor?]) -> Bool {
    for (type, value) in zip(types, values) {
      guard let value else {
        if type != nil { return false }
        continue
      }
      guard let type, type.dataType == value.dataType, type.shape == value.shape else { return false }
    }
    return true
  }

  private func make(_ values: [RuntimeTensor?], _ sources: [ExecutionPlan.Operand]) throws(OpError) -> Ready {
    var constants = [Tensor?](repeating: nil, count: sources.count)
    for (index, source) in sources.enumerated() {
      if case .constant(let constant) = source { constants[index] = constant.tensor }
    }
    let computed = values.map { $0.map { ConcreteType($0.dataType, $0.shape) } }
    let request = KernelRequest(
      op: op, attributes: attributes,
      operands: zip(computed, constants).map { computed, constant in
        computed ?? constant.map { ConcreteType($0.dataType, $0.shape) }
      }, constants: constants, wanted: wanted, threads: environment.threads)
    guard let kernel = try environment.kernel(for: request) else {
      throw OpError("no backend computes it for \(NodeWork.describe(request.operands))", kind: .unsupported)
    }
    let absorbed = kernel.absorbed
    let operands = sources.enumerated().map { index, source -> RuntimeTensor? in
      guard case .constant(let constant) = source, !absorbed.contains(index) else { return nil }
      return .plain(constant.aligned)
    }
    return Ready(types: computed, kernel: kernel, operands: operands)
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
