internal import DecantIR

/// A graph compiled for running: nodes in order, values as slots, and after which step each slot is dead.
///
/// It is compiled once and shared by all runs and threads. Nodes that no output needs are left out.
final class ExecutionPlan: Sendable {
  /// How many values a run keeps: inputs first, then results.
  let slotCount: Int
  let inputCount: Int
  let steps: [Step]
  let outputs: [Operand]
  /// Slots that are dead from the beginning: inputs that nothing reads.
  let unread: [Int]
  /// For each slot the values that somebody watches there; empty when nobody watches any.
  let watched: [[ValueID]]
  /// The watched values that are constants here.
  let watchedConstants: [(value: ValueID, constant: Constant)]
  /// What runs have found out.
  private let bindings = BoundPlans()

  /// Where an operand comes from.
  enum Operand: Sendable {
    case slot(Int)
    case constant(Constant)
    case absent
  }

  /// Compiles the main graph of a model.
  convenience init(
    _ model: PreparedModel, given: Set<ValueID>, _ environment: PlanEnvironment
  ) throws(OpError) {
    try self.init(
      model.graph, given: given, outputCount: model.outputCount, watching: model.watched, environment)
  }

  /// Compiles `graph`. Inputs with a default that are not `given` in a run are constants of it; outputs after the first
  /// `outputCount` are computed and not returned.
  init(
    _ graph: Graph, given: Set<ValueID> = [], outputCount: Int? = nil,
    watching: [(original: ValueID, value: ValueID)] = [], _ environment: PlanEnvironment
  ) throws(OpError) {
    let needed = ExecutionPlan.neededNodes(of: graph)
    var builder = PlanBuilder(graph, given: given)
    var drafts: [GroupDraft] = []
    for group in NodeGroup.groups(of: graph, needed: needed, environment) {
      if try builder.absorb(group.nodes[0], environment) { continue }
      drafts.append(
        GroupDraft(
          nodes: group.nodes.map { node in
            NodeDraft(
              node: node, operands: graph[node].operands.map { builder.operand($0) },
              results: graph[node].results.map { builder.slot($0) })
          }))
    }
    let outputs = graph.outputs.prefix(outputCount ?? graph.outputs.count).map { builder.operand($0.value) }
    let watching = watching.map { ($0.original, builder.operand($0.value)) }

    // A slot dies after the last step that reads it, or right after the one that makes it; outputs live on.
    var lastUse = [Int](repeating: -1, count: builder.count)
    for (index, draft) in drafts.enumerated() {
      for node in draft.nodes {
        for case let result? in node.results { lastUse[result] = index }
        for case .slot(let slot) in node.operands { lastUse[slot] = index }
      }
    }
    for case .slot(let slot) in outputs { lastUse[slot] = drafts.count }
    var dead = [[Int]](repeating: [], count: drafts.count)
    for (slot, step) in lastUse.enumerated() where step >= 0 && step < drafts.count { dead[step].append(slot) }

    var steps: [Step] = []
    steps.reserveCapacity(drafts.count)
    for (draft, released) in zip(drafts, dead) {
      steps += try draft.steps(of: graph, releases: released, environment)
    }
    self.steps = steps
    self.outputs = outputs
    slotCount = builder.count
    inputCount = graph.inputs.count
    unread = (0..<graph.inputs.count).filter { lastUse[$0] < 0 }
    var watched = [[ValueID]](repeating: [], count: watching.isEmpty ? 0 : builder.count)
    var watchedConstants: [(ValueID, Constant)] = []
    for (value, place) in watching {
      switch place {
      case .slot(let slot): watched[slot].append(value)
      case .constant(let constant): watchedConstants.append((value, constant))
      case .absent: break
      }
    }
    self.watched = watched
    self.watchedConstants = watchedConstants
  }

  /// Computes the outputs from the inputs; nil stands for an input that is left out.
  ///
  /// - Throws: ``OpError`` that names the node.
  func outputs(
    from inputs: [RuntimeValue?], _ meter: RunMeter, tap: StatisticsTap? = nil
  ) throws(OpError) -> [RuntimeValue?] {
    guard tap == nil, inputs.count == inputCount, let types = BoundPlans.types(of: inputs) else {
      var run = Run(self, meter, tap: tap)
      return try run.outputs(from: inputs)
    }
    let known = bindings.find(inputs)
    if case .bound(let bound)? = known {
      let tensors = inputs.map { value in value.flatMap(\.tensor).map { RuntimeTensor.plain($0) } }
      if let outputs = try outputs(from: tensors, bound, meter) { return outputs }
    }
    var run = Run(self, meter, writingDown: known == nil)
    let outputs = try run.outputs(from: inputs)
    if let log = run.log { bindings.add(log.plan(types).map { .bound($0) } ?? .unsteady(types)) }
    return outputs
  }

  /// Computes the outputs from inputs of the types that `bound` is for; nil when it does not hold.
  ///
  /// - Throws: ``OpError`` that names the node.
  func outputs(
    from inputs: [RuntimeTensor?], _ bound: BoundPlan, _ meter: RunMeter
  ) throws(OpError) -> [RuntimeValue?]? {
    if let outputs = try BoundRun.outputs(of: self, bound, from: inputs, meter) { return outputs }
    bindings.refuse(bound)
    return nil
  }

  /// What is bound for inputs of the types of `inputs`; nil when nothing is.
  func bound(for inputs: [RuntimeValue?]) -> BoundPlan? {
    if case .bound(let bound)? = bindings.find(inputs) { bound } else { nil }
  }

  /// The nodes that some output depends on.
  static func neededNodes(of graph: Graph) -> Set<NodeID> {
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

/// A node with its operands and results placed.
private struct NodeDraft {
  let node: NodeID
  let operands: [ExecutionPlan.Operand]
  let results: [Int?]

  func step(of graph: Graph, releases: [Int], _ environment: PlanEnvironment) throws(OpError) -> Step {
    try Step(graph[node], operands, results, releases: releases, environment)
  }
}

/// A group with its values placed.
private struct GroupDraft {
  let nodes: [NodeDraft]

  /// One step for the group; the steps of its nodes when they cannot be one.
  func steps(of graph: Graph, releases: [Int], _ environment: PlanEnvironment) throws(OpError) -> [Step] {
    guard nodes.count > 1 else { return [try nodes[0].step(of: graph, releases: releases, environment)] }
    var parts: [Step] = []
    for (index, node) in nodes.enumerated() {
      // The result of the node before is read here and nowhere else.
      let before = index > 0 ? nodes[index - 1].results.compactMap { $0 } : []
      parts.append(try node.step(of: graph, releases: before, environment))
    }
    if let work = GroupWork(parts, environment) { return [Step(group: parts, work, releases: releases)] }
    let last = try nodes[nodes.count - 1].step(of: graph, releases: releases, environment)
    return parts.dropLast() + [last]
  }
}

/// Gives values their slots, and what never changes its constants.
private struct PlanBuilder {
  let graph: Graph
  let given: Set<ValueID>
  var slots: [ValueID: Int] = [:]
  var count = 0
  private var constants: [ValueID: Constant] = [:]

  init(_ graph: Graph, given: Set<ValueID>) {
    self.graph = graph
    self.given = given
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
    guard let tensor = graph[value].data, !given.contains(value) else {
      return slot(value).map { .slot($0) } ?? .absent
    }
    let constant = Constant(tensor)
    constants[value] = constant
    return .constant(constant)
  }

  /// Whether `node` is a constant written as a node; its results are constants then.
  mutating func absorb(_ node: NodeID, _ environment: PlanEnvironment) throws(OpError) -> Bool {
    let node = graph[node]
    guard node.operands.isEmpty else { return false }
    do throws(OpError) {
      let request = KernelRequest(
        op: node.op, attributes: node.attributes, operands: [], wanted: node.results.map { $0 != nil })
      guard FunctionCall.function(called: node, environment) == nil,
        let kernel = try environment.kernel(for: request), kernel.isConstant
      else { return false }
      let tensors = try kernel.run(KernelCall(operands: []))
      for (value, tensor) in zip(node.results, tensors) {
        guard let value else { continue }
        constants[value] = Constant(try tensor.plain())
      }
      return true
    } catch {
      throw Step.located(error, node.name, node.op)
    }
  }
}

/// What plans of one model share.
struct PlanEnvironment: Sendable {
  let backends: [any Backend]
  let functions: [Function]
  let threads: Int
  /// The functions that are being expanded, outermost first.
  var calls: [OpName] = []

  /// The kernel on values of the first backend that has one.
  func valueKernel(for node: Node) -> ValueKernel? {
    for backend in backends {
      if let kernel = backend.valueKernel(for: node) { return kernel }
    }
    return nil
  }

  /// Whether some backend may compute `op` as a further step after `chain`.
  func fuses(_ op: OpName, after chain: [OpName]) -> Bool { backends.contains { $0.fuses(op, after: chain) } }

  /// The kernel for several nodes of the first backend that has one.
  func kernel(for request: FusedRequest) throws(OpError) -> (any Kernel)? {
    for backend in backends {
      if let kernel = try backend.kernel(for: request) { return kernel }
    }
    return nil
  }

  /// The kernel of the first backend that has one.
  func kernel(for request: KernelRequest) throws(OpError) -> (any Kernel)? {
    for backend in backends {
      if let kernel = try backend.kernel(for: request) { return kernel }
    }
    return nil
  }
}
