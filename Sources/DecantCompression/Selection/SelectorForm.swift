internal import DecantBytes
internal import DecantIR

/// A selector, read.
enum SelectorForm {
  /// A name, a glob or an operator type.
  case plain(String)
  case name(String)
  case op(String)
  case expression(RegularExpression)
  /// The first nodes of an operator type, or the first products with weights; or the last ones.
  case edge(count: Int, isFirst: Bool, op: String?)
  /// What is between two values, not yet parted.
  case between(String)

  /// Reads `pattern`.
  ///
  /// - Throws: `usage` for a count or an expression that cannot be read.
  init(_ pattern: String) throws(DecantError) {
    guard let colon = pattern.firstIndex(of: ":") else {
      self = .plain(pattern)
      return
    }
    let rest = String(pattern[pattern.index(after: colon)...])
    switch pattern[..<colon] {
    case "name": self = .name(rest)
    case "op": self = .op(rest)
    case "re": self = .expression(try RegularExpression(rest))
    case "first": self = try SelectorForm.edge(pattern, rest, isFirst: true)
    case "last": self = try SelectorForm.edge(pattern, rest, isFirst: false)
    case "between": self = .between(rest)
    default: self = .plain(pattern)
    }
  }

  private static func edge(_ pattern: String, _ rest: String, isFirst: Bool) throws(DecantError) -> SelectorForm {
    let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let count = Int(parts[0]), count > 0, parts.count == 1 || !parts[1].isEmpty else {
      throw DecantError(
        .usage, "'\(pattern)': expected a count of at least 1, and perhaps an operator type, as in first:2:MatMul")
    }
    return .edge(count: count, isFirst: isFirst, op: parts.count > 1 ? String(parts[1]) : nil)
  }

  /// Whether a node of this name and operator is chosen; false for forms that depend on where a node is.
  func matches(_ name: String, _ op: OpName) -> Bool {
    switch self {
    case .plain(let pattern): op.description == pattern || Glob.matches(pattern, name)
    case .name(let wanted): name == wanted
    case .op(let wanted): op.description == wanted
    case .expression(let expression): expression.isFound(in: name)
    case .edge, .between: false
    }
  }

  /// The nodes of the main graph that are chosen.
  ///
  /// - Throws: `usage` for values that the graph does not have.
  func nodes(of graph: Graph) throws(DecantError) -> [NodeID] {
    switch self {
    case .edge(let count, let isFirst, let op):
      let candidates = graph.order.filter { id in
        op.map { graph[id].op.description == $0 } ?? graph.isWeightedProduct(id)
      }
      return Array(isFirst ? candidates.prefix(count) : candidates.suffix(count))
    case .between(let ends):
      let (start, end) = try SelectorForm.part(ends, graph)
      let after = start.map { graph.descendants(of: $0) }
      let before = end.map { graph.ancestors(of: $0) }
      return graph.order.filter { after?.contains($0) ?? true && before?.contains($0) ?? true }
    default:
      return graph.order.filter { matches(graph.label(of: $0), graph[$0].op) }
    }
  }

  /// The two values of `a..b`; nil for an end that is left out. Names may have dots of their own.
  private static func part(
    _ ends: String, _ graph: Graph
  ) throws(DecantError) -> (start: ValueID?, end: ValueID?) {
    var unknown: String?
    var index = ends.startIndex
    while let dots = ends[index...].firstDots {
      let (first, second) = (String(ends[..<dots.lowerBound]), String(ends[dots.upperBound...]))
      let (start, end) = (graph.value(named: first), graph.value(named: second))
      if (first.isEmpty || start != nil) && (second.isEmpty || end != nil) && !(first.isEmpty && second.isEmpty) {
        return (start, end)
      }
      if unknown == nil, !(first.isEmpty && second.isEmpty) { unknown = first.isEmpty || start != nil ? second : first }
      index = ends.index(after: dots.lowerBound)
    }
    guard let unknown else {
      throw DecantError(.usage, "'between:\(ends)': expected two names of values, as in between:a..b")
    }
    let names = graph.allValues.map { graph[$0].name }
    throw DecantError(
      .usage, "'between:\(ends)': the model has no value '\(unknown)'", note: NearestNames.note(unknown, among: names))
  }
}

extension Substring {
  /// The first place with two dots.
  fileprivate var firstDots: Range<Index>? {
    var start = startIndex
    while let end = index(start, offsetBy: 2, limitedBy: endIndex) {
      if self[start..<end] == ".." { return start..<end }
      start = index(after: start)
    }
    return nil
  }
}

extension Graph {
  /// Whether a node multiplies by constants of two axes or more.
  func isWeightedProduct(_ id: NodeID) -> Bool {
    let node = self[id]
    let products: Set<OpName> = ["Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum", "LSTM", "GRU", "RNN"]
    guard products.contains(node.op) else { return false }
    return node.operands.contains { operand in
      operand.flatMap { self[$0].constant }.map { $0.rank >= 2 && $0.dataType.isFloat } ?? false
    }
  }

  /// Whether a node of this graph or of its subgraphs multiplies by constants of two axes or more.
  var holdsWeightedProducts: Bool {
    order.contains { isWeightedProduct($0) || self[$0].subgraphs.contains { $0.graph.holdsWeightedProducts } }
  }

  /// The nodes that a value reaches.
  fileprivate func descendants(of value: ValueID) -> Set<NodeID> {
    var found: Set<NodeID> = []
    var pending = [value]
    while let next = pending.popLast() {
      for node in consumers(of: next) where found.insert(node).inserted {
        pending += self[node].results.compactMap { $0 }
      }
    }
    return found
  }

  /// The nodes that reach a value.
  fileprivate func ancestors(of value: ValueID) -> Set<NodeID> {
    var found: Set<NodeID> = []
    var pending = [value]
    while let next = pending.popLast() {
      guard let node = self[next].producer, found.insert(node).inserted else { continue }
      pending += self[node].operands.compactMap { $0 }
    }
    return found
  }
}
