internal import DecantIR

/// A graph compiled for running: nodes in order, values as slots, and after which step each slot is dead.
///
/// It is compiled once and shared by all runs and threads. Nodes that no output needs are left out.
final class ExecutionPlan: Sendable {
  /// How many values a run keeps: inputs first, then results.
  let slotCount: Int
  let inputCount: Int
  /// The defaults of inputs.
  let defaults: [Tensor?]
  let steps: [Step]
  let outputs: [Operand]
  /// Slots that are dead from the beginning: inputs that nothing reads.
  let unread: [Int]
  /// The slot of each value that has one.
  let slots: [ValueID: Int]

  /// Where an operand comes from.
  enum Operand: Sendable {
    case slot(Int)
    case constant(Constant)
    case absent
  }

  init(_ graph: Graph, _ environment: PlanEnvironment) throws(OpError) {
    let needed = ExecutionPlan.neededNodes(of: graph)
    var builder = PlanBuilder(graph)
    var drafts: [(node: NodeID, operands: [Operand], results: [Int?])] = []
    for node in graph.order where needed.contains(node) {
      let operands = graph[node].operands.map { builder.operand($0) }
      drafts.append((node, operands, graph[node].results.map { builder.slot($0) }))
    }
    let outputs = graph.outputs.map { builder.operand($0.value) }

    // A slot dies after the last step that reads it, or right after the one that makes it; outputs live on.
    var lastUse = [Int](repeating: -1, count: builder.count)
    for (index, draft) in drafts.enumerated() {
      for case let result? in draft.results { lastUse[result] = index }
      for case .slot(let slot) in draft.operands { lastUse[slot] = index }
    }
    for case .slot(let slot) in outputs { lastUse[slot] = drafts.count }
    var dead = [[Int]](repeating: [], count: drafts.count)
    for (slot, step) in lastUse.enumerated() where step >= 0 && step < drafts.count { dead[step].append(slot) }

    var steps: [Step] = []
    steps.reserveCapacity(drafts.count)
    for (draft, released) in zip(drafts, dead) {
      steps.append(try Step(graph[draft.node], draft.operands, draft.results, releases: released, environment))
    }
    self.steps = steps
    self.outputs = outputs
    slotCount = builder.count
    inputCount = graph.inputs.count
    defaults = graph.inputs.map { graph[$0].data?.aligned }
    unread = (0..<graph.inputs.count).filter { lastUse[$0] < 0 }
    slots = builder.slots
  }

  /// The nodes that some output depends on.
  private static func neededNodes(of graph: Graph) -> Set<NodeID> {
    var needed: Set<NodeID> = []
    var pending = graph.outputs.compactMap { graph[$0.value].producer }
    while let node = pending.popLast() {
      guard needed.insert(node).inserted else { continue }
      for case let operand? in graph[node].operands {
        if let producer = graph[operand].producer { pending.append(producer) }
      }
    }
    return needed
  }
}

/// Gives values their slots, and initializers their constants.
private struct PlanBuilder {
  let graph: Graph
  var slots: [ValueID: Int] = [:]
  var count = 0
  private var constants: [ValueID: Constant] = [:]

  init(_ graph: Graph) {
    self.graph = graph
    for input in graph.inputs { _ = slot(input) }
  }

  mutating func slot(_ value: ValueID?) -> Int? {
    guard let value else { return nil }
    if let known = slots[value] { return known }
    slots[value] = count
    count += 1
    return count - 1
  }

  mutating func operand(_ value: ValueID?) -> ExecutionPlan.Operand {
    guard let value else { return .absent }
    if let known = constants[value] { return .constant(known) }
    guard let tensor = graph[value].constant else { return slot(value).map { .slot($0) } ?? .absent }
    let constant = Constant(tensor)
    constants[value] = constant
    return .constant(constant)
  }
}

/// What plans of one model share.
struct PlanEnvironment: Sendable {
  let backends: [any Backend]
  let functions: [Function]
  let threads: Int
  /// The functions that are being expanded, outermost first.
  var calls: [OpName] = []
}
