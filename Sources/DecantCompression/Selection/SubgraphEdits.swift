internal import DecantIR

extension Graph {
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
