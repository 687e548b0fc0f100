internal import DecantIR

/// What a rule finds at a node: what it needs for its edit, or why there is none.
enum Finding<Match> {
  case match(Match)
  case no(String)
}

extension Graph {
  /// The node that computes `value`, when its operator is among `ops`.
  func producer(of value: ValueID?, among ops: Set<OpName>) -> NodeID? {
    guard let value, let producer = self[value].producer, ops.contains(self[producer].op) else { return nil }
    return producer
  }

  /// The node that computes `value` and that only one place reads, when its operator is among `ops`.
  func ownProducer(of value: ValueID?, among ops: Set<OpName>) -> NodeID? {
    guard let value, self[value].useCount == 1 else { return nil }
    return producer(of: value, among: ops)
  }

  /// The one number that a constant holds.
  func number(_ value: ValueID?) -> Double? {
    guard let tensor = value.flatMap({ self[$0].constant }), tensor.elementCount == 1 else { return nil }
    return tensor.floats?.first.map { Double($0) }
  }

  /// A node of two operands of which one is a number: the number, the other operand, and whether the number comes first.
  func withNumber(_ node: NodeID) -> (number: Double, other: ValueID, isFirst: Bool)? {
    let (a, b) = (self[node].operand(0), self[node].operand(1))
    if let b, let first = number(a) { return (first, b, true) }
    if let a, let second = number(b) { return (second, a, false) }
    return nil
  }

  /// The only place that reads the first result of `node`, when it is a node whose operator is among `ops`.
  func follower(of node: NodeID, among ops: Set<OpName>) -> NodeID? {
    guard let result = self[node].result(0), let next = onlyConsumer(of: result), ops.contains(self[next].op)
    else { return nil }
    return next
  }

  /// The shape of a value, as far as known.
  func shape(of value: ValueID?) -> Shape? { value.flatMap { self[$0].type.shape } }

  /// Whether `value` is known to be of float32.
  func isFloat(_ value: ValueID?) -> Bool { value.flatMap { self[$0].type.dataType } == .float32 }

  /// Whether two values have surely the same shape.
  func areAlike(_ a: ValueID?, _ b: ValueID?) -> Bool {
    guard let first = shape(of: a), let second = shape(of: b) else { return false }
    return Dimension.areSame(first.dimensions, second.dimensions)
  }

  /// The axes of operand 0 that a `Transpose` puts at each place.
  func order(of node: NodeID) -> [Int]? { self[node].attributes.ints("perm") }
}

extension Dimension {
  /// Whether extents are surely the same, symbols by their names.
  static func areSame(_ a: some Collection<Dimension>, _ b: some Collection<Dimension>) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0 == $1 && $0 != .unknown }
  }
}

extension Double {
  /// Whether it is `other` to about six digits, as constants in files are.
  func isAbout(_ other: Double) -> Bool { abs(self - other) <= 2e-6 * abs(other) }
}

extension Rewriter {
  /// Makes `node` compute its first result by another operator, and erases what then is dead before it.
  mutating func turn(_ node: NodeID, into op: OpName, _ operands: [ValueID?], _ attributes: Attributes) {
    let producers = graph[node].operands.compactMap { $0.flatMap { graph[$0].producer } }
    for (name, _) in graph[node].attributes { setAttribute(node, name, nil) }
    setOp(node, op)
    for (name, value) in attributes { setAttribute(node, name, value) }
    setOperands(node, operands)
    for producer in producers where graph.contains(producer) { eraseWithProducers(producer) }
  }
}
