public import DecantBytes
public import DecantIR

/// Which nodes of a model the user's selectors leave to a quantizer, and why they do not leave it the others.
///
/// A node of a subgraph is chosen when the node that holds the subgraph is, unless a selector names it itself.
struct NodeSelection {
  /// The nodes of the main graph that are chosen.
  let chosen: Set<NodeID>
  private let reasons: [NodeID: String]
  private let include: [Selector]
  private let exclude: [Selector]

  private struct Selector {
    let pattern: String
    let form: SelectorForm
  }

  /// Reads the selectors and looks them up in `graph` and its subgraphs.
  ///
  /// - Parameter include: only these nodes; empty for all.
  /// - Throws: `usage` for a selector that cannot be read or that chooses nothing, with the nearest names.
  init(include: [NodeSelector], exclude: [NodeSelector], in graph: Graph) throws(DecantError) {
    func parse(_ selectors: [NodeSelector]) throws(DecantError) -> [Selector] {
      var parsed: [Selector] = []
      for selector in selectors {
        parsed.append(Selector(pattern: selector.pattern, form: try SelectorForm(selector.pattern)))
      }
      return parsed
    }
    self.include = try parse(include)
    self.exclude = try parse(exclude)
    let nested = NodeSelection.nested(graph)
    var included = include.isEmpty ? Set(graph.order) : []
    for selector in self.include { included.formUnion(try NodeSelection.find(selector, graph, nested)) }
    var reasons: [NodeID: String] = [:]
    for id in graph.order where !included.contains(id) { reasons[id] = "not among the nodes to include" }
    for selector in self.exclude {
      for id in try NodeSelection.find(selector, graph, nested) where included.remove(id) != nil {
        reasons[id] = "excluded by '\(selector.pattern)'"
      }
    }
    chosen = included
    self.reasons = reasons
  }

  private init(chosen: Set<NodeID>, reasons: [NodeID: String], like other: NodeSelection) {
    self.chosen = chosen
    self.reasons = reasons
    include = other.include
    exclude = other.exclude
  }

  /// The selection in the subgraph `inner` of a node that is left out for the reason `holder`, or chosen.
  func nested(_ inner: Graph, holder: String?) -> NodeSelection {
    var reasons: [NodeID: String] = [:]
    for id in inner.order { reasons[id] = reason(nested: id, in: inner, holder: holder) }
    return NodeSelection(chosen: Set(inner.order.filter { reasons[$0] == nil }), reasons: reasons, like: self)
  }

  /// Why a node of the graph is left out; nil when it is chosen.
  func reason(_ id: NodeID) -> String? { reasons[id] }

  /// Why a node of a subgraph is left out, when the node that holds the subgraph is left out for the reason `holder`.
  func reason(nested id: NodeID, in graph: Graph, holder: String?) -> String? {
    let (name, op) = (graph.label(of: id), graph[id].op)
    if let selector = exclude.first(where: { $0.form.matches(name, op) }) { return "excluded by '\(selector.pattern)'" }
    return include.contains { $0.form.matches(name, op) } ? nil : holder
  }

  /// The nodes of the main graph that a selector chooses.
  private static func find(
    _ selector: Selector, _ graph: Graph, _ nested: [(name: String, op: OpName)]
  ) throws(DecantError) -> [NodeID] {
    let found = try selector.form.nodes(of: graph)
    guard found.isEmpty, !nested.contains(where: { selector.form.matches($0.name, $0.op) }) else { return found }
    let ops = graph.order.map { graph[$0].op.description } + nested.map(\.op.description)
    let names = graph.order.map(graph.label(of:)) + nested.map(\.name)
    throw DecantError(
      .usage, "'\(selector.pattern)' chooses no node",
      note: selector.form.remedy(names: Set(names), ops: Set(ops)))
  }

  /// The nodes of all subgraphs.
  private static func nested(_ graph: Graph) -> [(name: String, op: OpName)] {
    var nodes: [(name: String, op: OpName)] = []
    for id in graph.order where graph[id].attributes.holdGraphs {
      for (_, inner) in graph[id].subgraphs {
        nodes += inner.order.map { (inner.label(of: $0), inner[$0].op) } + nested(inner)
      }
    }
    return nodes
  }
}

extension NodeSelector {
  /// Refuses a selector that chooses nodes of the model as it came, and none of what passes made of it.
  ///
  /// - Throws: `usage`, saying so.
  public static func refuseLost(
    _ selectors: [NodeSelector], before: Graph, after: Graph
  ) throws(DecantError) {
    for selector in selectors {
      guard (try? NodeSelection(include: [], exclude: [selector], in: after)) == nil,
        let selection = try? NodeSelection(include: [selector], exclude: [], in: before),
        let lost = before.order.first(where: selection.chosen.contains)
      else { continue }
      throw DecantError(
        .usage,
        "'\(selector.pattern)' chooses '\(before.label(of: lost))' (\(before[lost].op)), which is folded away before quantization",
        note: "--no-optimize keeps it")
    }
  }
}

extension SelectorForm {
  /// What a user may have meant with a selector that chooses nothing.
  fileprivate func remedy(names: Set<String>, ops: Set<String>) -> String? {
    switch self {
    case .plain(let pattern): NearestNames.note(pattern, among: names.union(ops))
    case .name(let name): NearestNames.note(name, among: names)
    case .op(let op): NearestNames.note(op, among: ops)
    case .edge(_, _, let op?): NearestNames.note(op, among: ops)
    case .edge: "the model has no products with weights"
    case .between: "the second value does not depend on the first"
    case .expression: "the names of nodes are printed by 'decant dump'"
    }
  }
}
