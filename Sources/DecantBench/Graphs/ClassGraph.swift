import DecantIR

/// The graph that Decision 0001 measures the arena against: objects that point at each other, with the same operations
/// at the same costs (linked order, linked uses, a name table, handles that are the objects themselves).
final class ClassGraph {
  final class Node {
    var op: OpName
    var name: String
    var operands: [Operand] = []
    var results: [Value] = []
    var attributes: Attributes
    /// The list owns its nodes forwards; backwards is borrowed.
    var next: Node?
    unowned(unsafe) var previous: Node?

    init(_ op: OpName, _ name: String, _ attributes: Attributes) {
      self.op = op
      self.name = name
      self.attributes = attributes
    }
  }

  final class Value {
    var name: String
    var type: ValueType
    var data: Tensor?
    unowned(unsafe) var producer: Node?
    unowned(unsafe) var firstUse: Operand?
    unowned(unsafe) var lastUse: Operand?
    var useCount = 0

    init(_ name: String, _ type: ValueType, producer: Node? = nil) {
      self.name = name
      self.type = type
      unsafe self.producer = producer
    }
  }

  /// A place that reads a value, linked into the value's uses.
  final class Operand {
    var value: Value
    unowned(unsafe) let node: Node
    unowned(unsafe) var previous: Operand?
    unowned(unsafe) var next: Operand?

    init(_ value: Value, of node: Node) {
      self.value = value
      unsafe self.node = node
      link()
    }

    func link() {
      unsafe previous = value.lastUse
      unsafe next = nil
      if let last = unsafe value.lastUse { unsafe last.next = self } else { unsafe value.firstUse = self }
      unsafe value.lastUse = self
      value.useCount += 1
    }

    func unlink() {
      if let before = unsafe previous { unsafe before.next = next } else { unsafe value.firstUse = next }
      if let after = unsafe next { unsafe after.previous = previous } else { unsafe value.lastUse = previous }
      value.useCount -= 1
    }
  }

  private(set) var first: Node?
  private unowned(unsafe) var last: Node?
  private(set) var inputs: [Value] = []
  private(set) var initializers: [Value] = []
  private(set) var outputs: [Operand] = []
  private var names: [String: Value] = [:]
  private let root = Node("", "", [:])

  deinit {
    // One node after the other: a chain of owners would unwind on the stack.
    while let node = first {
      first = node.next
      node.next = nil
    }
  }

  func reserve(_ count: Int) { names.reserveCapacity(count) }

  func addInput(_ name: String, _ type: ValueType) -> Value {
    let value = Value(name, type)
    names[name] = value
    inputs.append(value)
    return value
  }

  func addInitializer(_ name: String, _ data: Tensor) -> Value {
    let value = Value(name, data.type)
    value.data = data
    names[name] = value
    initializers.append(value)
    return value
  }

  func addOutput(_ value: Value) { outputs.append(Operand(value, of: root)) }

  func add(
    _ op: OpName, _ operands: [Value], _ attributes: Attributes, name: String, type: ValueType, after place: Node? = nil
  ) -> Node {
    let node = Node(op, name, attributes)
    insert(node, after: place ?? (unsafe last))
    node.operands = operands.map { Operand($0, of: node) }
    let value = Value(name, type, producer: node)
    precondition(names[name] == nil, "value names are unique")
    names[name] = value
    node.results = [value]
    return node
  }

  private func insert(_ node: Node, after place: Node?) {
    unsafe node.previous = place
    node.next = place == nil ? first : place?.next
    if let next = node.next { unsafe next.previous = node } else { unsafe last = node }
    if let place { place.next = node } else { first = node }
  }

  func replaceAllUses(of old: Value, with new: Value) {
    var use = unsafe old.firstUse
    while let current = use {
      use = unsafe current.next
      current.unlink()
      current.value = new
      current.link()
    }
  }

  func erase(_ node: Node) {
    for result in node.results { names[result.name] = nil }
    for operand in node.operands { operand.unlink() }
    let (previous, next) = (unsafe node.previous, node.next)
    if let next { unsafe next.previous = previous } else { unsafe last = previous }
    if let previous { previous.next = next } else { first = next }
    node.next = nil
  }

  /// A snapshot: every object anew.
  func copy() -> ClassGraph {
    let copy = ClassGraph()
    copy.reserve(names.count)
    var values: [ObjectIdentifier: Value] = [:]
    values.reserveCapacity(names.count)
    for input in inputs { values[ObjectIdentifier(input)] = copy.addInput(input.name, input.type) }
    for value in initializers {
      if let data = value.data { values[ObjectIdentifier(value)] = copy.addInitializer(value.name, data) }
    }
    var node = first
    while let current = node {
      let operands = current.operands.compactMap { values[ObjectIdentifier($0.value)] }
      let made = copy.add(
        current.op, operands, current.attributes, name: current.name, type: current.results[0].type)
      values[ObjectIdentifier(current.results[0])] = made.results[0]
      node = current.next
    }
    for output in outputs {
      if let value = values[ObjectIdentifier(output.value)] { copy.addOutput(value) }
    }
    return copy
  }
}
