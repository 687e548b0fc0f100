package import DecantIR

/// Derivatives by reverse mode: nodes that compute how one value changes with others.
///
/// Given: `%d = Mul(Add(%a, %b), %a)`, and `%da, %db = Gradient(%a, %b) {xs: ["a", "b"], y: "d"}`.
/// Result: `%da = Add(Mul(1, %a), Mul(1, Add(%a, %b)))`, `%db = Mul(1, %a)`.
package enum Gradients {
  /// The operator that asks for derivatives.
  package static let op = OpName("Gradient", domain: "ai.onnx.preview.training")

  /// Puts nodes in the place of a `Gradient`, which names values of the graph that it stands in. Types must be inferred.
  ///
  /// - Throws: what the graph lacks: `'Conv' has no derivative`. Nothing has changed then.
  package static func expand(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    _ = try Expander.run(on: node, opset: Model.pinnedOpset, &rewriter, derivatives)
  }

  private static func derivatives(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let xs = parts.attributes.strings("xs") ?? []
    let names = xs + (parts.attributes.strings("zs") ?? [])
    let given = parts.node.operands.compactMap { $0 }
    guard !xs.isEmpty, given.count == names.count, given.count == parts.node.operands.count else {
      throw OpError("'xs' and 'zs' expected \(parts.node.operands.count) names, got \(names.count)")
    }
    var named: [ValueID] = []
    for name in names { named.append(try value(name, parts)) }
    let y = try value(parts.attributes.string("y") ?? "", parts)
    let path = Path(from: Set(named), to: y, before: parts.id, in: parts.rewriter.graph)
    guard path.nodes.count <= pathLimit else {
      throw OpError("'y' is \(path.nodes.count) nodes away, and \(pathLimit) is the limit")
    }
    var copies = Dictionary(zip(named, given), uniquingKeysWith: { first, _ in first })
    var nodes = path.nodes
    if named != given || !path.isAbove {
      // Elsewhere than the graph itself runs: a copy of the path, from other values.
      for (name, value) in zip(named, given) { copies[name] = parts.add("Identity", [value]) }
      nodes = try copy(path.nodes, &copies, &parts)
    }
    let sources = named.map { copies[$0] ?? $0 }
    let target = copies[y] ?? y
    let gradients = try Gradients.run(nodes, from: Array(sources[..<xs.count]), to: target, &parts)
    var results: [ValueID?] = []
    for (index, source) in sources[..<xs.count].enumerated() {
      var result = gradients[source]
      if result == nil, parts.reads(result: index) { result = try parts.filled(0, like: source) }
      results.append(result)
    }
    return results
  }

  /// How many nodes may lie on the way: derivatives of derivatives multiply them.
  private static let pathLimit = 1 << 16

  private static func value(_ name: String, _ parts: borrowing Expander) throws(OpError) -> ValueID {
    guard let value = parts.rewriter.graph.value(named: name) else { throw OpError("there is no value '\(name)'") }
    return value
  }

  /// Copies nodes with `copies` for what they read; the new nodes.
  private static func copy(
    _ nodes: [NodeID], _ copies: inout [ValueID: ValueID], _ parts: inout Expander
  ) throws(OpError) -> [NodeID] {
    var made: [NodeID] = []
    for id in nodes {
      let node = parts.rewriter.graph[id]
      guard node.overload.isEmpty else { throw OpError("'\(node.op)' is an overload, which cannot be copied") }
      let operands = node.operands.map { operand in operand.map { copies[$0] ?? $0 } }
      let results = parts.add(
        node.op, operands, node.attributes, wanted: node.results.map { $0 != nil }, captureCount: node.captureCount)
      for (old, new) in zip(node.results, results) {
        if let old { copies[old] = new }
      }
      if let producer = results.lazy.compactMap({ $0 }).first.flatMap({ parts.rewriter.graph[$0].producer }) {
        made.append(producer)
      }
    }
    return made
  }

  /// How `target` changes with every value on the way from `sources`, by value: `nodes` backwards, each by its rule.
  private static func run(
    _ nodes: [NodeID], from sources: [ValueID], to target: ValueID, _ parts: inout Expander
  ) throws(OpError) -> [ValueID: ValueID] {
    var active = Set(sources)
    for id in nodes where parts.rewriter.graph[id].operands.contains(where: { $0.map(active.contains) ?? false }) {
      // Comparisons and the like, of other types than floats, do not change with anything.
      active.formUnion(
        parts.rewriter.graph[id].results.compactMap { $0 }
          .filter { parts.rewriter.graph[$0].type.dataType?.isFloat ?? true })
    }
    guard active.contains(target) else { return [:] }
    var gradients = [target: try parts.filled(1, like: target)]
    for id in nodes.reversed() {
      let node = parts.rewriter.graph[id]
      let wants = node.operands.map { $0.map(active.contains) ?? false }
      guard wants.contains(true), let result = node.result(0), let gradient = gradients[result] else { continue }
      guard let rule = GradientRule.of(node.op) else { throw OpError("'\(node.op)' has no derivative") }
      let step = GradientStep(node: node, y: result, gradient: gradient, wants: wants)
      for (operand, own) in zip(node.operands, try rule.run(step, &parts)) {
        guard let operand, active.contains(operand), let own else { continue }
        gradients[operand] = gradients[operand].map { parts.add("Add", [$0, own]) } ?? own
      }
    }
    return gradients
  }
}

/// The nodes that a value is computed by from others.
private struct Path {
  /// In order.
  let nodes: [NodeID]
  /// Whether all of them stand before a place in the order.
  let isAbove: Bool

  init(from sources: Set<ValueID>, to target: ValueID, before place: NodeID, in graph: Graph) {
    var needed: Set<NodeID> = []
    var pending = [target]
    while let value = pending.popLast() {
      guard !sources.contains(value), let producer = graph[value].producer, producer != place,
        needed.insert(producer).inserted
      else { continue }
      pending += graph[producer].operands.compactMap { $0 }
    }
    let order = graph.order
    nodes = order.filter(needed.contains)
    let above = order.prefix { $0 != place }
    isAbove = nodes.isEmpty || nodes.last.map(above.contains) ?? false
  }
}
