internal import DecantBytes
internal import DecantIR

extension Graph {
  /// Gives each graph inside the nodes of this one to `edit`, with the node that holds it, and puts back what it makes of it.
  ///
  /// Weights that it captures are its own meanwhile, so that codes may take their place inside; those that are left are captured
  /// again, and what nothing inside reads any more is not.
  mutating func editSubgraphsWithWeights(
    _ edit: (NodeID, inout Graph) throws(DecantError) -> Void
  ) throws(DecantError) {
    let outer = self
    try editSubgraphs { (holder, inner) throws(DecantError) in
      let lent = inner.takeWeights(of: holder, in: outer)
      try edit(holder, &inner)
      inner.giveBack(lent)
    }
    dropUnreadCaptures()
  }

  /// Makes initializers of the constant matrices that the graph captures; gives the inputs that stood for them.
  private mutating func takeWeights(of holder: NodeID, in outer: Graph) -> [(input: ValueID, own: ValueID)] {
    let count = outer[holder].captureCount
    let places = Array(zip(outer[holder].operands.suffix(count), inputs.suffix(count)))
    return edit { rewriter in
      var lent: [(input: ValueID, own: ValueID)] = []
      for (operand, input) in places where rewriter.graph[input].useCount > 0 {
        guard let data = operand.flatMap({ outer[$0].constant }), data.rank >= 2, data.dataType.isFloat else {
          continue
        }
        let own = rewriter.addInitializer(rewriter.graph[input].name, data)
        rewriter.replaceAllUses(of: input, with: own)
        lent.append((input, own))
      }
      return lent
    }
  }

  private mutating func giveBack(_ lent: [(input: ValueID, own: ValueID)]) {
    edit { rewriter in
      for (input, own) in lent where rewriter.graph.contains(own) {
        rewriter.replaceAllUses(of: own, with: input)
        rewriter.erase(own)
      }
    }
  }

  /// Drops captured operands that no subgraph of their node reads, and constants that nothing reads then.
  private mutating func dropUnreadCaptures() {
    edit { rewriter in
      for node in rewriter.graph.order where rewriter.graph[node].captureCount > 0 {
        let (given, count) = (rewriter.graph[node], rewriter.graph[node].captureCount)
        let kept = (0..<count).filter { index in
          given.subgraphs.contains { $0.graph[$0.graph.inputs[$0.graph.inputs.count - count + index]].useCount > 0 }
        }
        guard kept.count < count else { continue }
        for (name, value) in given.attributes {
          rewriter.setAttribute(node, name, value.keepingCaptures(kept, of: count))
        }
        rewriter.setCaptures(node, kept.map { given.operands[given.operands.count - count + $0] })
      }
      for value in rewriter.graph.initializers where rewriter.graph[value].useCount == 0 { rewriter.erase(value) }
    }
  }

  /// How reports call a node of a graph inside `holder`.
  func path(of node: String, in holder: NodeID) -> String { "\(label(of: holder)) / \(node)" }
}

extension QuantizationReport {
  /// Adds what was done in a graph inside `holder` of `graph`.
  mutating func add(_ inner: QuantizationReport, in holder: NodeID, of graph: Graph) {
    var named = inner
    named.decisions = inner.decisions.map {
      Decision(
        node: graph.path(of: $0.node, in: holder), op: $0.op, status: $0.status, rule: $0.rule, outcome: $0.outcome)
    }
    append(named)
  }

  /// Adds what was done elsewhere in the model.
  mutating func append(_ inner: QuantizationReport) {
    decisions += inner.decisions
    weights += inner.weights
    biases += inner.biases
    activations += inner.activations
    notes += inner.notes
  }
}

extension Attribute {
  /// With only those of the `count` captured inputs that `kept` counts; the others are not read.
  fileprivate func keepingCaptures(_ kept: [Int], of count: Int) -> Attribute {
    func keeping(_ graph: Graph) -> Graph {
      var graph = graph
      let captured = Array(graph.inputs.suffix(count))
      graph.edit { rewriter in
        for (index, input) in captured.enumerated() where !kept.contains(index) { rewriter.erase(input) }
      }
      return graph
    }
    return switch self {
    case .graph(let graph): .graph(keeping(graph))
    case .graphs(let graphs): .graphs(graphs.map(keeping))
    default: self
    }
  }
}
