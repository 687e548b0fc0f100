/// A directed acyclic graph of nodes over an arena, kept in topological order.
///
/// A graph is a value: a copy is a snapshot, made in O(1) and paid for at the first edit. Nodes and values are named by
/// stable handles. Order is a doubly linked list through the node slots, and the uses of a value a doubly linked list
/// through the use slots, so inserting, erasing, adding and dropping a use are O(1). All edits go through a ``Rewriter``.
public struct Graph: Sendable {
  /// The graph's name in the file.
  public package(set) var name: String
  /// The inputs, in order.
  public package(set) var inputs: [ValueID] = []
  /// The outputs, in order.
  public package(set) var outputs: [GraphOutput] = []
  /// Documentation and metadata.
  public package(set) var annotations: Annotations?

  @usableFromInline package var nodes = Arena<NodeSlot>()
  @usableFromInline package var values = Arena<Value>()
  package var uses = UseList()
  package var names = NameTable()
  @usableFromInline package var first = Links.none
  @usableFromInline package var last = Links.none

  @usableFromInline
  package struct NodeSlot: ArenaElement {
    @usableFromInline package static var vacant: NodeSlot { NodeSlot(node: .vacant) }

    @usableFromInline package var node: Node
    @usableFromInline package var previous = Links.none
    @usableFromInline package var next = Links.none
  }

  /// An empty graph.
  public init(name: String = "main") { self.name = name }

  /// How many nodes, subgraphs not counted.
  public var nodeCount: Int { nodes.count }

  /// How many values.
  public var valueCount: Int { values.count }

  /// The node `id`. Precondition: it belongs to this graph and has not been erased.
  @inlinable
  public subscript(id: NodeID) -> Node {
    _read { yield nodes[id.index, id.generation].node }
  }

  /// The value `id`. Precondition: it belongs to this graph and has not been erased.
  @inlinable
  public subscript(id: ValueID) -> Value {
    _read { yield values[id.index, id.generation] }
  }

  /// Whether the node has not been erased.
  @inlinable public func contains(_ id: NodeID) -> Bool { nodes.contains(id.index, id.generation) }

  /// Whether the value has not been erased.
  @inlinable public func contains(_ id: ValueID) -> Bool { values.contains(id.index, id.generation) }

  /// The first node in order.
  @inlinable public var firstNode: NodeID? { nodeID(at: first) }

  /// The last node in order.
  @inlinable public var lastNode: NodeID? { nodeID(at: last) }

  /// The node after `id` in order.
  @inlinable public func node(after id: NodeID) -> NodeID? { nodeID(at: nodes[id.index, id.generation].next) }

  /// The node before `id` in order.
  @inlinable public func node(before id: NodeID) -> NodeID? { nodeID(at: nodes[id.index, id.generation].previous) }

  /// The nodes in topological order: a list of its own, which edits do not disturb. O(nodes).
  public var order: [NodeID] {
    var list: [NodeID] = []
    list.reserveCapacity(nodeCount)
    var index = first
    while let id = nodeID(at: index) {
      list.append(id)
      index = nodes[id.index, id.generation].next
    }
    return list
  }

  /// The initializers, in the order of their making. O(values).
  public var initializers: [ValueID] {
    values.handles.compactMap { index, generation in
      values[index, generation].definition == .initializer ? ValueID(index: index, generation: generation) : nil
    }
  }

  /// All values, in the order of their making. O(values).
  public var allValues: [ValueID] { values.handles.map { ValueID(index: $0, generation: $1) } }

  /// The value called `name`.
  public func value(named name: String) -> ValueID? { names.value(of: name) }

  /// The first node called `name`. O(nodes).
  public func node(named name: String) -> NodeID? { order.first { self[$0].name == name } }

  /// The places that read `value`, oldest first: a list of its own, which edits do not disturb. O(uses).
  public func uses(of value: ValueID) -> [Use] {
    var list: [Use] = []
    list.reserveCapacity(self[value].useCount)
    var index = self[value].firstUse
    while index != Links.none {
      list.append(uses[index].use)
      index = uses[index].next
    }
    return list
  }

  /// The nodes that read `value`, each once, oldest use first.
  public func consumers(of value: ValueID) -> [NodeID] {
    var seen: Set<NodeID> = []
    return uses(of: value).compactMap(\.node).filter { seen.insert($0).inserted }
  }

  /// The node that reads `value`, when it is the only place that does.
  public func onlyConsumer(of value: ValueID) -> NodeID? {
    guard self[value].useCount == 1 else { return nil }
    return uses[self[value].firstUse].use.node
  }

  /// Whether an output of the graph reads `value`. O(uses).
  public func isOutput(_ value: ValueID) -> Bool {
    var index = self[value].firstUse
    while index != Links.none {
      if uses[index].use.node == nil { return true }
      index = uses[index].next
    }
    return false
  }

  /// Whether the output called `name` reads `value`. O(uses).
  func isOutput(_ value: ValueID, named name: String) -> Bool {
    uses(of: value).contains {
      if case .output(let index) = $0 { outputs[index].name == name } else { false }
    }
  }

  /// The node that produces operand `index` of `node`; nil for inputs, initializers and operands left out.
  @inlinable
  public func producer(ofOperand index: Int, of node: NodeID) -> NodeID? {
    self[node].operand(index).flatMap { self[$0].producer }
  }

  /// The constant that operand `index` of `node` is; nil when it is computed, an input or left out.
  @inlinable
  public func constant(ofOperand index: Int, of node: NodeID) -> Tensor? {
    self[node].operand(index).flatMap { self[$0].constant }
  }

  /// The type of operand `index` of `node`; nil when it is left out.
  @inlinable
  public func type(ofOperand index: Int, of node: NodeID) -> ValueType? {
    self[node].operand(index).map { self[$0].type }
  }

  /// How many nodes, those of all subgraphs included.
  public var totalNodeCount: Int {
    order.reduce(0) { sum, node in
      self[node].subgraphs.reduce(sum + 1) { $0 + $1.graph.totalNodeCount }
    }
  }

  @inlinable
  package func nodeID(at index: UInt32) -> NodeID? {
    index == Links.none ? nil : NodeID(index: index, generation: nodes.generation(of: index))
  }
}
