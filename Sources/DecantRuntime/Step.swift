internal import DecantIR

/// One step of a plan: where its operands are, what computes it, and which slots are dead after it.
final class Step: Sendable {
  let name: String
  let op: OpName
  /// The declared operands; for a group those of the root, then what the others read besides the result so far.
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
    /// Computes several nodes at once where a backend can.
    case group(GroupWork)
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

  /// The step of a group, from the steps of its nodes.
  init(group parts: [Step], _ work: GroupWork, releases: [Int]) {
    name = parts.first?.name ?? ""
    op = parts.first?.op ?? ""
    operands = work.operands
    captured = []
    results = parts.last?.results ?? []
    self.releases = releases
    stream = parts.first?.stream ?? 0
    self.work = .group(work)
  }

  /// The error with the node in front: `'conv1' (Conv): …`.
  static func located(_ error: OpError, _ name: String, _ op: OpName) -> OpError {
    OpError("'\(name)' (\(op)): \(error.message)", kind: error.kind)
  }
}
