public import DecantBytes
public import DecantIR

/// Chooses nodes by name, by glob (`*`, `?`) over names, or by operator type.
public struct NodeSelector: Sendable, Hashable {
  /// What the user wrote.
  public let pattern: String

  /// From what the user wrote.
  public init(_ pattern: String) { self.pattern = pattern }

  /// Whether the node is chosen.
  public func matches(_ node: Node) -> Bool {
    node.op.description == pattern || Glob.matches(pattern, node.name)
  }

  /// The nodes of `graph` that any of `selectors` chooses.
  ///
  /// - Throws: `usage` for a selector that chooses nothing, with the nearest names.
  public static func select(_ selectors: [NodeSelector], in graph: Graph) throws(DecantError) -> Set<NodeID> {
    let order = graph.order
    var chosen: Set<NodeID> = []
    for selector in selectors {
      let found = order.filter { selector.matches(graph[$0]) }
      guard !found.isEmpty else {
        let known = Set(order.map { graph[$0].name } + order.map { graph[$0].op.description })
        throw DecantError(
          .usage, "'\(selector.pattern)' chooses no node",
          note: NearestNames.note(selector.pattern, among: known))
      }
      chosen.formUnion(found)
    }
    return chosen
  }
}

/// Shell-like patterns: `*` is any run of characters, `?` any one.
enum Glob {
  /// Whether `pattern` matches all of `text`. O(pattern · text).
  static func matches(_ pattern: String, _ text: String) -> Bool {
    let (pattern, text) = (Array(pattern.utf8), Array(text.utf8))
    let (star, any) = (UInt8(ascii: "*"), UInt8(ascii: "?"))
    var (p, t) = (0, 0)
    var lastStar: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == star {
        lastStar = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == any || pattern[p] == text[t] {
        p += 1
        t += 1
      } else if let star = lastStar {
        p = star.pattern + 1
        t = star.text + 1
        lastStar = (star.pattern, t)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == star }
  }
}
