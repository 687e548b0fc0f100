internal import Decant

/// What a quantization did, as text and as JSON.
struct QuantizationAccount {
  let report: QuantizationReport
  /// Whether the text lists every node.
  let explains: Bool

  /// A summary, and node by node what was done or why nothing was.
  ///
  /// - Parameter showsSkipped: whether nodes that could not be quantized are listed in any case.
  func text(showsSkipped: Bool) -> String {
    let quantized = report.decisions.count(where: \.isQuantized)
    let summary =
      "\(quantized) of \(report.decisions.count) nodes quantized: \(report.weights) weights and constants, "
      + "\(report.biases) biases, \(report.activations) activations; \(report.removedActivations) activation functions removed\n"
    if explains { return summary + table(report.decisions) + counts }
    return showsSkipped ? summary + table(report.skipped) : summary
  }

  private func table(_ decisions: [QuantizationReport.Decision]) -> String {
    var table = Table(["node", "operator", "status", "rule", "outcome"], leading: 5)
    for decision in decisions {
      table.add(
        decision.node, decision.op.description, decision.status.rawValue, decision.rule, decision.outcome)
    }
    return table.text
  }

  private var counts: String {
    let counts = QuantizationReport.Status.allCases.map { status in
      "\(report.decisions.count { $0.status == status }) \(status.rawValue)"
    }
    return counts.joined(separator: ", ") + "\n"
  }

  /// The same, for programs.
  var document: JSONObject {
    let nodes = report.decisions.map { decision -> JSON in
      .object([
        "name": .string(decision.node), "op": .string(decision.op.description),
        "status": .string(decision.status.rawValue), "quantized": .bool(decision.isQuantized),
        "rule": .string(decision.rule), "outcome": .string(decision.outcome),
      ])
    }
    return [
      "weights": .integer(report.weights), "biases": .integer(report.biases),
      "activations": .integer(report.activations), "removed_activations": .integer(report.removedActivations),
      "skipped": .integer(report.skipped.count), "nodes": .array(nodes),
      "losses": .array(report.losses.map { .string($0) }), "notes": .array(report.notes.map { .string($0) }),
    ]
  }
}
