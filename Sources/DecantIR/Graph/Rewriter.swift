/// The one door through which graphs change.
///
/// It owns the graph while it is open: `graph.edit { rewriter in … }`. Do not keep a copy of `rewriter.graph` across an
/// edit, for the first edit would then clone the arena.
public struct Rewriter: ~Copyable {
  /// The graph as it stands.
  public private(set) var graph: Graph
  /// Nodes that edits touched, for a driver to visit again: new nodes, readers of changed values, and producers that
  /// lost a reader. May repeat, and may name nodes erased since.
  public private(set) var touched: [NodeID] = []

  package init(_ graph: consuming Graph) { self.graph = graph }

  consuming func finish() -> Graph { graph }

  /// How many slots edits have made, changed, freed or passed over: what tests of linearity count.
  package var steps: Int { graph.nodes.steps + graph.values.steps + graph.uses.steps }

  /// Empties ``touched`` and returns what it held.
  public mutating func takeTouched() -> [NodeID] {
    let list = touched
    touched.removeAll(keepingCapacity: true)
    return list
  }

  // MARK: Values

  /// Adds an input at the end of the inputs. `name` must be free.
  @discardableResult
  public mutating func addInput(_ name: String, _ type: ValueType, default data: Tensor? = nil) -> ValueID {
    let id = addValue(name, type, .input(index: graph.inputs.count), data)
    graph.inputs.append(id)
    return id
  }

  /// Adds a constant under a fresh name made from `name`.
  public mutating func addInitializer(_ name: String, _ data: Tensor) -> ValueID {
    addFreshValue(name, data.type, .initializer, data)
  }

  /// Adds an output called `name`. The name must not be that of another output.
  public mutating func addOutput(_ name: String, _ value: ValueID, declaredType: ValueType? = nil) {
    let use = graph.link(.output(index: graph.outputs.count), to: value)
    graph.names.reserve(name)
    graph.outputs.append(
      GraphOutput(
        name: name, value: value, declaredType: declaredType ?? graph[value].type, annotations: nil, use: use))
  }

  /// Replaces the data of an initializer or the default of an input; the type of an initializer follows.
  public mutating func setData(_ value: ValueID, _ data: Tensor?) {
    graph.values[value.index, value.generation].data = data
    if let data, graph[value].definition == .initializer {
      graph.values[value.index, value.generation].type = data.type
    }
    touchReaders(of: value)
  }

  /// Changes what is known of a value's type.
  public mutating func setType(_ value: ValueID, _ type: ValueType) {
    graph.values[value.index, value.generation].type = type
  }

  /// Changes the type that the interface declares for output `index`.
  public mutating func setDeclaredType(output index: Int, _ type: ValueType) {
    graph.outputs[index].declaredType = type
  }

  /// Gives a value a fresh name made from `name`, which is `name` itself when it is free, or when it is the name of an
  /// output that the value stands behind.
  public mutating func rename(_ value: ValueID, to name: String) {
    graph.names.release(graph[value].name)
    let isOwnOutput = graph.value(named: name) == nil && graph.isOutput(value, named: name)
    let fresh = isOwnOutput ? name : graph.names.fresh(name)
    graph.values[value.index, value.generation].name = fresh
    graph.names.claim(fresh, for: value)
  }

  /// Drops a value that nothing reads: an initializer, or an input, which then leaves the interface.
  ///
  /// Precondition: no uses, and not a node's result.
  public mutating func erase(_ value: ValueID) {
    precondition(graph[value].useCount == 0, "an erased value is not read")
    switch graph[value].definition {
    case .initializer: break
    case .input(let index):
      graph.inputs.remove(at: index)
      for later in index..<graph.inputs.count {
        let id = graph.inputs[later]
        graph.values[id.index, id.generation].definition = .input(index: later)
      }
    case .result: preconditionFailure("a result is erased with its node")
    }
    removeValue(value)
  }

  // MARK: Nodes

  /// Where a new node goes.
  public enum Position: Sendable {
    case end
    case before(NodeID)
    case after(NodeID)
  }

  /// Adds a node; its results get fresh names made from `resultNames` (nil leaves an optional result out), or from
  /// `name` when there are none.
  @discardableResult
  public mutating func addNode(
    _ op: OpName, _ operands: [ValueID?], _ attributes: Attributes = [:], name: String = "",
    resultNames: [String?], resultTypes: [ValueType] = [], captureCount: Int = 0, overload: String = "",
    at position: Position = .end
  ) -> NodeID {
    let id = insertNode(op, operands, attributes, name, captureCount, overload, position)
    var results: [ValueID?] = []
    results.reserveCapacity(resultNames.count)
    for (index, resultName) in resultNames.enumerated() {
      let type = index < resultTypes.count ? resultTypes[index] : .unknown
      results.append(resultName.map { addFreshValue($0, type, .result(id, index: index), nil) })
    }
    graph.nodes[id.index, id.generation].node.results = results
    return id
  }

  /// Adds a node with one result and returns the result, of type `type`, under a fresh name made from `name`.
  public mutating func add(
    _ op: OpName, _ operands: [ValueID?], _ attributes: Attributes = [:], name: String, type: ValueType = .unknown,
    at position: Position = .end
  ) -> ValueID {
    let id = insertNode(op, operands, attributes, name, 0, "", position)
    let result = addFreshValue(name, type, .result(id, index: 0), nil)
    graph.nodes[id.index, id.generation].node.results = [result]
    return result
  }

  /// Erases a node and its results. Precondition: nothing reads them.
  public mutating func erase(_ node: NodeID) {
    for result in graph[node].results {
      guard let result else { continue }
      precondition(graph[result].useCount == 0, "an erased result is not read")
      removeValue(result)
    }
    for index in graph[node].operands.indices { drop(operand: index, of: node) }
    unplace(node)
    graph.nodes.remove(node.index, node.generation)
  }

  /// Erases `node` and then every producer that thereby loses its last reader. Precondition: nothing reads its results.
  ///
  /// Initializers that are no longer read stay; a pass drops them.
  public mutating func eraseWithProducers(_ node: NodeID) {
    var pending = [node]
    while let node = pending.popLast() {
      guard graph.contains(node), isUnread(node) else { continue }
      let producers = graph[node].operands.compactMap { $0.flatMap { graph[$0].producer } }
      erase(node)
      pending.append(contentsOf: producers)
    }
  }

  /// Whether nothing reads any result of `node`.
  public func isUnread(_ node: NodeID) -> Bool {
    graph[node].results.allSatisfy { $0.map { graph[$0].useCount == 0 } ?? true }
  }

  /// Moves a node in the order.
  public mutating func move(_ node: NodeID, to position: Position) {
    unplace(node)
    place(node, position)
  }

  /// Changes the operator of a node; operands and attributes stay.
  public mutating func setOp(_ node: NodeID, _ op: OpName) {
    graph.nodes[node.index, node.generation].node.op = op
    touch(node)
  }

  /// Changes a node's name.
  public mutating func setName(_ node: NodeID, _ name: String) {
    graph.nodes[node.index, node.generation].node.name = name
  }

  /// Sets an attribute, or drops it with nil.
  public mutating func setAttribute(_ node: NodeID, _ name: String, _ value: Attribute?) {
    graph.nodes[node.index, node.generation].node.attributes[name] = value
    touch(node)
  }

  /// Replaces all declared operands of a node; captured ones stay.
  public mutating func setOperands(_ node: NodeID, _ operands: [ValueID?]) {
    setAllOperands(node, operands + graph[node].operands.suffix(graph[node].captureCount))
  }

  /// Replaces the captured operands of a node; declared ones stay. The last inputs of its subgraphs stand for them.
  package mutating func setCaptures(_ node: NodeID, _ captured: [ValueID?]) {
    setAllOperands(node, graph[node].declaredOperands + captured)
    graph.nodes[node.index, node.generation].node.captureCount = captured.count
  }

  private mutating func setAllOperands(_ node: NodeID, _ all: [ValueID?]) {
    for index in graph[node].operands.indices { drop(operand: index, of: node) }
    graph.nodes[node.index, node.generation].node.operands = all
    graph.nodes[node.index, node.generation].node.uses = link(all, of: node)
    touch(node)
  }

  /// Replaces operand `index` of a node; nil leaves it out. Precondition: the node has that many operands.
  public mutating func setOperand(_ index: Int, of node: NodeID, to value: ValueID?) {
    let slot = graph[node].uses[index]
    switch (slot == Links.none, value) {
    case (true, nil): return
    case (true, let value?):
      graph.nodes[node.index, node.generation].node.uses[index] = graph.link(.operand(node, index: index), to: value)
    case (false, nil):
      drop(operand: index, of: node)
    case (false, let value?):
      touchProducer(of: graph.uses[slot].value)
      graph.relink(slot, to: value)
    }
    graph.nodes[node.index, node.generation].node.operands[index] = value
    touch(node)
  }

  /// Adds a result at the end of a node's results and returns it.
  public mutating func addResult(_ node: NodeID, name: String, type: ValueType) -> ValueID {
    let index = graph[node].results.count
    let value = addFreshValue(name, type, .result(node, index: index), nil)
    graph.nodes[node.index, node.generation].node.results.append(value)
    return value
  }

  /// Leaves out a result that nothing reads.
  public mutating func dropResult(_ index: Int, of node: NodeID) {
    guard let value = graph[node].results[index] else { return }
    precondition(graph[value].useCount == 0, "a dropped result is not read")
    removeValue(value)
    let isLast = index == graph[node].results.count - 1
    if isLast {
      graph.nodes[node.index, node.generation].node.results.removeLast()
    } else {
      graph.nodes[node.index, node.generation].node.results[index] = nil
    }
  }

  /// Makes every place that reads `old` read `new` instead, outputs of the graph included; their names stay. O(uses).
  public mutating func replaceAllUses(of old: ValueID, with new: ValueID) {
    guard old != new else { return }
    var slot = graph[old].firstUse
    while slot != Links.none {
      let next = graph.uses.pass(slot)
      redirect(slot, to: new)
      slot = next
    }
    touchProducer(of: old)
  }

  /// Makes one place read `new`.
  public mutating func replace(_ use: Use, with new: ValueID) {
    switch use {
    case .operand(let node, let index): setOperand(index, of: node, to: new)
    case .output(let index): redirect(graph.outputs[index].use, to: new)
    }
  }

  // MARK: The graph itself

  /// Changes the graph's name.
  public mutating func setName(_ name: String) { graph.name = name }

  /// Sets the graph's documentation and metadata.
  public mutating func annotate(_ annotations: Annotations?) { graph.annotations = annotations.nonEmpty }

  /// Sets a node's documentation and metadata.
  public mutating func annotate(_ node: NodeID, _ annotations: Annotations?) {
    graph.nodes[node.index, node.generation].node.annotations = annotations.nonEmpty
  }

  /// Sets a value's documentation and metadata.
  public mutating func annotate(_ value: ValueID, _ annotations: Annotations?) {
    graph.values[value.index, value.generation].annotations = annotations.nonEmpty
  }

  /// Sets an output's documentation and metadata.
  public mutating func annotate(output index: Int, _ annotations: Annotations?) {
    graph.outputs[index].annotations = annotations.nonEmpty
  }

  /// Makes room, so that building a graph of known size does not grow its arena step by step.
  public mutating func reserve(nodes: Int, values: Int) {
    graph.nodes.reserve(nodes)
    graph.values.reserve(values)
    graph.names.reserve(values)
  }

  // MARK: Inside

  /// A node without results yet, linked to its operands and placed.
  private mutating func insertNode(
    _ op: OpName, _ operands: [ValueID?], _ attributes: Attributes, _ name: String, _ captureCount: Int,
    _ overload: String, _ position: Position
  ) -> NodeID {
    let node = Node(
      op: op, name: name, operands: operands, results: [], attributes: attributes, captureCount: captureCount,
      overload: overload, uses: [])
    let handle = graph.nodes.insert(Graph.NodeSlot(node: node))
    let id = NodeID(index: handle.index, generation: handle.generation)
    place(id, position)
    graph.nodes[slot: id.index].node.uses = link(operands, of: id)
    touched.append(id)
    return id
  }

  /// Use slots for `operands`, in parallel.
  private mutating func link(_ operands: [ValueID?], of node: NodeID) -> [UInt32] {
    var slots: [UInt32] = []
    slots.reserveCapacity(operands.count)
    for index in operands.indices {
      if let operand = operands[index] {
        slots.append(graph.link(.operand(node, index: index), to: operand))
      } else {
        slots.append(Links.none)
      }
    }
    return slots
  }

  private mutating func addValue(
    _ name: String, _ type: ValueType, _ definition: Value.Definition, _ data: Tensor?
  ) -> ValueID {
    let id = insertValue(name, type, definition, data)
    let isNew = graph.names.claim(name, for: id)
    precondition(isNew, "value names are unique")
    return id
  }

  /// A value whose name is made from `base`, which is `base` itself when it is free.
  private mutating func addFreshValue(
    _ base: String, _ type: ValueType, _ definition: Value.Definition, _ data: Tensor?
  ) -> ValueID {
    let id = insertValue(base, type, definition, data)
    if !base.isEmpty, !graph.names.isReserved(base), graph.names.claim(base, for: id) { return id }
    let name = graph.names.fresh(base)
    graph.names.claim(name, for: id)
    graph.values[slot: id.index].name = name
    return id
  }

  private mutating func insertValue(
    _ name: String, _ type: ValueType, _ definition: Value.Definition, _ data: Tensor?
  ) -> ValueID {
    let handle = graph.values.insert(Value(name: name, type: type, definition: definition, data: data))
    return ValueID(index: handle.index, generation: handle.generation)
  }

  private mutating func removeValue(_ value: ValueID) {
    graph.names.release(graph[value].name)
    graph.values.remove(value.index, value.generation)
  }

  private mutating func drop(operand index: Int, of node: NodeID) {
    let slot = graph[node].uses[index]
    guard slot != Links.none else { return }
    touchProducer(of: graph.uses[slot].value)
    graph.unlink(slot)
    graph.nodes[node.index, node.generation].node.uses[index] = Links.none
  }

  private mutating func redirect(_ slot: UInt32, to value: ValueID) {
    switch graph.uses[slot].use {
    case .operand(let node, let index):
      graph.nodes[node.index, node.generation].node.operands[index] = value
      touch(node)
    case .output(let index):
      graph.outputs[index].value = value
    }
    graph.relink(slot, to: value)
  }

  private mutating func touch(_ node: NodeID) { touched.append(node) }

  private mutating func touchProducer(of value: ValueID) {
    if let producer = graph[value].producer { touched.append(producer) }
  }

  private mutating func touchReaders(of value: ValueID) {
    var slot = graph[value].firstUse
    while slot != Links.none {
      if let node = graph.uses[slot].use.node { touched.append(node) }
      slot = graph.uses.pass(slot)
    }
  }

  private mutating func place(_ node: NodeID, _ position: Position) {
    let (previous, next): (UInt32, UInt32) =
      switch position {
      case .end: (graph.last, Links.none)
      case .before(let other): (graph.nodes[other.index, other.generation].previous, other.index)
      case .after(let other): (other.index, graph.nodes[other.index, other.generation].next)
      }
    graph.nodes[node.index, node.generation].previous = previous
    graph.nodes[node.index, node.generation].next = next
    connect(previous, node.index)
    connect(node.index, next)
  }

  private mutating func unplace(_ node: NodeID) {
    connect(graph.nodes[node.index, node.generation].previous, graph.nodes[node.index, node.generation].next)
  }

  /// Makes `next` follow `previous`; either may be none, for an end of the list.
  private mutating func connect(_ previous: UInt32, _ next: UInt32) {
    if previous == Links.none {
      graph.first = next
    } else {
      graph.nodes[slot: previous].next = next
    }
    if next == Links.none {
      graph.last = previous
    } else {
      graph.nodes[slot: next].previous = previous
    }
  }
}

extension Graph {
  /// Opens the graph for edits. Edits made before an error is thrown stay.
  public mutating func edit<Result, E: Error>(
    _ body: (inout Rewriter) throws(E) -> Result
  ) throws(E) -> Result {
    var rewriter = Rewriter(self)
    self = Graph(name: "")
    do throws(E) {
      let result = try body(&rewriter)
      self = rewriter.finish()
      return result
    } catch {
      self = rewriter.finish()
      throw error
    }
  }

  /// A graph built by `body`.
  public static func build<E: Error>(
    name: String = "main", _ body: (inout Rewriter) throws(E) -> Void
  ) throws(E) -> Graph {
    var graph = Graph(name: name)
    try graph.edit(body)
    return graph
  }
}
