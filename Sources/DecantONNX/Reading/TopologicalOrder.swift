internal import DecantBytes

/// Puts nodes into an order in which each reads only what stands before it.
///
/// Among the orders that are possible it takes the one closest to the file's: of the nodes that are ready, the first.
/// O(nodes + edges) but for the heap of nodes that are ready.
struct TopologicalOrder {
  private let nodes: [NodeProto]
  /// Which node produces a name.
  private var producers: [String: Int] = [:]

  init(_ nodes: [NodeProto]) {
    self.nodes = nodes
    for (index, node) in nodes.enumerated() {
      for name in node.output where !name.isEmpty { producers[name] = index }
    }
  }

  /// Whether some node produces `name`.
  func produces(_ name: String) -> Bool { producers[name] != nil }

  /// The nodes' indices in order.
  ///
  /// - Throws: `malformed` with the nodes of a cycle.
  func sorted() throws(DecantError) -> [Int] {
    var waiting = [Int](repeating: 0, count: nodes.count)
    var readers = [[Int]](repeating: [], count: nodes.count)
    for index in nodes.indices {
      for producer in dependencies(of: index) {
        readers[producer].append(index)
        waiting[index] += 1
      }
    }
    var ready = MinHeap(nodes.indices.filter { waiting[$0] == 0 })
    var order: [Int] = []
    while let index = ready.popFirst() {
      order.append(index)
      for reader in readers[index] {
        waiting[reader] -= 1
        if waiting[reader] == 0 { ready.insert(reader) }
      }
    }
    guard order.count == nodes.count else { throw cycle(among: waiting) }
    return order
  }

  private func dependencies(of index: Int) -> Set<Int> {
    var found: Set<Int> = []
    for name in nodes[index].input {
      if let producer = producers[name] { found.insert(producer) }
    }
    for name in Captures.free(in: Captures.subgraphs(of: nodes[index])) {
      if let producer = producers[name] { found.insert(producer) }
    }
    return found
  }

  /// Walks back from a node that never became ready until one comes again.
  private func cycle(among waiting: [Int]) -> DecantError {
    guard var current = waiting.firstIndex(where: { $0 > 0 }) else {
      return DecantError(.internal, "a cycle without nodes")
    }
    var path: [Int] = []
    var seen: [Int: Int] = [:]
    while seen[current] == nil {
      seen[current] = path.count
      path.append(current)
      guard let next = dependencies(of: current).filter({ waiting[$0] > 0 }).min() else { break }
      current = next
    }
    let indices = Array(path[(seen[current] ?? 0)...].reversed())
    let start = indices.indices.min { indices[$0] < indices[$1] } ?? 0
    let ring = (indices[start...] + indices[..<start]).map(name)
    let shown = ring.count > 8 ? Array(ring.prefix(7)) + ["… \(ring.count - 7) more"] : Array(ring)
    return DecantError(
      .malformed, "expected a graph without cycles, got \((shown + ring.prefix(1)).joined(separator: " → "))")
  }

  private func name(_ index: Int) -> String {
    let node = nodes[index]
    if let name = node.name, !name.isEmpty { return "'\(name)'" }
    return "\(node.opType ?? "node")[\(index)]"
  }
}

/// Numbers of which the smallest comes first.
private struct MinHeap {
  private var items: [Int]

  /// From numbers in ascending order.
  init(_ ascending: [Int]) { items = ascending }

  mutating func insert(_ item: Int) {
    items.append(item)
    var index = items.count - 1
    while index > 0, items[(index - 1) / 2] > items[index] {
      items.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func popFirst() -> Int? {
    guard let first = items.first, let last = items.popLast() else { return nil }
    guard !items.isEmpty else { return first }
    items[0] = last
    var index = 0
    while true {
      let children = [2 * index + 1, 2 * index + 2].filter { $0 < items.count }
      guard let least = children.min(by: { items[$0] < items[$1] }), items[least] < items[index] else { return first }
      items.swapAt(index, least)
      index = least
    }
  }
}
