internal import DecantIR
internal import DecantOps

/// A node that the asked version cannot express.
struct OpsetTooLow: Error {
  /// The lowest version that can.
  let needed: Int
  /// The node's name and operator, and why.
  let reason: String
}

/// Takes graphs from the pinned version back to an older one.
///
/// A node changes its form step by step. What it cannot say in an older form is said with other operators, or on wider
/// element types, where that is allowed; the nodes that come of it are taken back in turn.
struct Downgrade {
  /// The version to reach.
  let opset: Int
  /// Whether nodes may be taken apart. Else a node that would have to be is an error, as where a version is only preferred.
  let expands: Bool

  private static let steps = Dictionary(grouping: DowngradeCatalog.steps, by: \.op).mapValues {
    $0.sorted { $0.since > $1.since }
  }

  /// Operators that mean other things on other types, or that carry a type in an attribute or a subgraph.
  private static let fixedTypes: Set<OpName> = [
    "BitShift", "Cast", "CastLike", "Constant", "ConstantOfShape", "EyeLike", "Gemm", "If", "Loop", "MatMul",
    "Optional",
    "QuantizeLinear", "Scan", "SplitToSequence",
  ]

  /// Operators that take few integers, and none of 32 bits.
  private static let floatsOnly: Set<OpName> = ["MaxPool"]

  /// How many nodes one may come apart into.
  private static let partLimit = 1000

  /// The graph with the types of its values, which older forms depend on; what cannot be inferred stays as declared.
  static func typed(_ graph: Graph, _ functions: [Function]) -> Graph {
    var typed = graph
    typed.edit { rewriter in _ = try? inferTypes(&rewriter, functions: functions) }
    return typed
  }

  /// Brings every node of `graph`, those of subgraphs included, to the version. Values have the types of `original` after it.
  func run(_ graph: inout Graph, like original: Graph) throws(OpsetTooLow) {
    guard opset < Model.pinnedOpset else {
      graph = original
      return
    }
    let pending = graph.order.filter { changes(graph[$0]) }
    try graph.edit { (rewriter: inout Rewriter) throws(OpsetTooLow) in
      for node in pending where rewriter.graph.contains(node) { try convert(node, original, &rewriter) }
      forgetTypes(original, &rewriter)
    }
  }

  /// Whether anything about the node may have another form at the version.
  private func changes(_ node: Node) -> Bool {
    if node.op.domain.isEmpty {
      if Downgrade.steps[node.op] != nil || !ExpansionDowngrades.forms(of: node.op).isEmpty { return true }
      if let last = OpsetTable.versions(of: node.op)?.last, last > opset { return true }
    }
    return !node.attributes.isEmpty && !node.subgraphs.isEmpty
  }

  /// Puts the types of `original` back, by the names of values.
  private func forgetTypes(_ original: Graph, _ rewriter: inout Rewriter) {
    for node in rewriter.graph.order {
      for result in rewriter.graph[node].results {
        guard let result else { continue }
        let type = original.value(named: rewriter.graph[result].name).map { original[$0].type } ?? .unknown
        if rewriter.graph[result].type != type { rewriter.setType(result, type) }
      }
    }
  }

  // MARK: One node

  private func convert(_ node: NodeID, _ original: Graph, _ rewriter: inout Rewriter) throws(OpsetTooLow) {
    let title = title(of: node, rewriter.graph)
    var pending = [node]
    // At the version that brought the newest form taken apart, it need not be.
    var (count, limit) = (0, Int.max)
    while let next = pending.popLast() {
      guard rewriter.graph.contains(next) else { continue }
      count += 1
      guard count <= Downgrade.partLimit else {
        throw tooLow(next, opset + 1, "more than \(Downgrade.partLimit) parts would be needed", rewriter.graph)
      }
      do throws(OpsetTooLow) {
        try convertSubgraphs(of: next, original, &rewriter)
        guard rewriter.graph[next].op.domain.isEmpty else { continue }
        if let (parts, since) = try replacement(of: next, &rewriter) {
          pending += parts.reversed()
          limit = min(limit, since)
        } else {
          try takeBack(next, &rewriter)
        }
      } catch {
        guard next != node, !error.reason.hasPrefix(title) else { throw error }
        throw OpsetTooLow(needed: min(error.needed, limit), reason: "\(title): of its parts, \(error.reason)")
      }
    }
  }

  private func title(of node: NodeID, _ graph: Graph) -> String { "node '\(graph[node].name)' (\(graph[node].op))" }

  private func tooLow(_ node: NodeID, _ needed: Int, _ why: String, _ graph: Graph) -> OpsetTooLow {
    OpsetTooLow(needed: needed, reason: "\(title(of: node, graph)): \(why)")
  }

  /// The nodes that took the place of `node`, and the version that it could stay at; nil where it can stay.
  private func replacement(
    of node: NodeID, _ rewriter: inout Rewriter
  ) throws(OpsetTooLow) -> (parts: [NodeID], since: Int)? {
    let op = rewriter.graph[node].op
    if let first = OpsetTable.versions(of: op)?.first, first > opset, !isRenamed(op, at: first) {
      if expands, ConstantExpansions.applies(to: node, in: rewriter.graph), fold(node, &rewriter) { return ([], first) }
      return try expand(node, first, "the operator exists from opset \(first) on", isNew: true, &rewriter)
    }
    for form in ExpansionDowngrades.forms(of: op) where form.since > opset && form.isUsed(node, rewriter.graph) {
      return try expand(node, form.since, "older versions have no \(form.name)", isNew: false, &rewriter)
    }
    for row in TypeTable.rows(of: op) where row.since > opset {
      let (operands, results) = (rewriter.graph[node].declaredOperands, rewriter.graph[node].results)
      let values = (row.isFirstOnly ? operands.prefix(1) + results.prefix(1) : operands + results).compactMap { $0 }
      guard let type = values.map({ rewriter.graph.knownType(of: $0) }).first(where: row.adds) else { continue }
      if expands, let narrow = type.dataType, let parts = widen(node, narrow, &rewriter) { return (parts, row.since) }
      let why = "older versions do not take \(Downgrade.name(of: type))"
      guard !(Expansion.of(op)?.keepsOperator ?? false) else { throw tooLow(node, row.since, why, rewriter.graph) }
      return try expand(node, row.since, why, isNew: true, &rewriter)
    }
    return nil
  }

  private static func name(of type: ValueType) -> String {
    switch type {
    case .sequence: "sequences"
    case .optional: "optionals"
    default: type.dataType?.name ?? "the type"
    }
  }

  private func isRenamed(_ op: OpName, at version: Int) -> Bool {
    Downgrade.steps[op]?.contains { $0.since == version } ?? false
  }

  /// Takes a node apart. `isNew` says that nothing less is possible; else steps may still find another form.
  private func expand(
    _ node: NodeID, _ since: Int, _ why: String, isNew: Bool, _ rewriter: inout Rewriter
  ) throws(OpsetTooLow) -> (parts: [NodeID], since: Int)? {
    let isPlain = rewriter.graph[node].attributes.allSatisfy {
      if case .reference = $0.value { false } else { true }
    }
    guard expands, isPlain, let expansion = Expansion.of(rewriter.graph[node].op) else {
      guard isNew else { return nil }
      throw tooLow(node, since, why, rewriter.graph)
    }
    do throws(OpError) {
      let operands = rewriter.graph[node].operands.compactMap { $0 }
      let parts = try expansion.apply(to: node, opset: opset, &rewriter)
      for operand in operands { rewriter.eraseUnread(operand) }
      return (parts, since)
    } catch {
      guard isNew else { return nil }
      throw tooLow(node, since, "\(why), and \(error.message)", rewriter.graph)
    }
  }

  private func fold(_ node: NodeID, _ rewriter: inout Rewriter) -> Bool {
    let operands = rewriter.graph[node].operands.compactMap { $0 }
    do throws(OpError) {
      try ConstantExpansions.apply(to: node, opset: opset, &rewriter)
    } catch {
      return false
    }
    for operand in operands { rewriter.eraseUnread(operand) }
    return true
  }

  private func widen(_ node: NodeID, _ narrow: DataType, _ rewriter: inout Rewriter) -> [NodeID]? {
    let op = rewriter.graph[node].op
    guard !Downgrade.fixedTypes.contains(op), TypeTable.takes(narrow, "Cast", at: opset),
      let wide = Widening.candidates(for: narrow).first(where: {
        TypeTable.takes($0, op, at: opset) && ($0.isFloat || !Downgrade.floatsOnly.contains(op))
      })
    else { return nil }
    do throws(OpError) {
      return try Widening.apply(to: node, narrow, as: wide, opset: opset, &rewriter)
    } catch {
      return nil
    }
  }

  private func takeBack(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpsetTooLow) {
    var version = Model.pinnedOpset + 1
    while let steps = Downgrade.steps[rewriter.graph[node].op],
      let next = steps.first(where: { $0.since < version && $0.since > opset })
    {
      version = next.since
      for step in steps where step.since == version {
        do throws(OpError) {
          try step.run(node, &rewriter)
        } catch {
          throw tooLow(node, version, error.message, rewriter.graph)
        }
      }
      guard rewriter.graph.contains(node) else { return }
    }
    if let first = OpsetTable.versions(of: rewriter.graph[node].op)?.first, first > opset {
      throw tooLow(node, first, "the operator exists from opset \(first) on", rewriter.graph)
    }
  }

  private func convertSubgraphs(
    of node: NodeID, _ original: Graph, _ rewriter: inout Rewriter
  ) throws(OpsetTooLow) {
    let attributes = rewriter.graph[node].attributes.filter { $0.value.kind == .graph || $0.value.kind == .graphs }
    let declared = original.contains(node) ? original[node].attributes : rewriter.graph[node].attributes
    for (name, value) in attributes {
      switch (value, declared[name]) {
      case (.graph(var graph), .graph(let original)?):
        try run(&graph, like: original)
        rewriter.setAttribute(node, name, .graph(graph))
      case (.graphs(var graphs), .graphs(let originals)?) where graphs.count == originals.count:
        for index in graphs.indices { try run(&graphs[index], like: originals[index]) }
        rewriter.setAttribute(node, name, .graphs(graphs))
      default: break
      }
    }
  }
}

extension Graph {
  /// The type of a value; that of its constant where it has none.
  fileprivate func knownType(of value: ValueID) -> ValueType {
    guard self[value].type == .unknown, let constant = knownConstant(value) else { return self[value].type }
    return constant.type
  }
}
