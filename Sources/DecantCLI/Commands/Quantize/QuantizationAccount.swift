internal import Decant

/// What a quantization did, as text and as JSON.
struct QuantizationAccount {
  let report: QuantizationReport
  /// Whether the text lists every node.
  let explains: Bool
  /// How far the outputs move for each node, where that was measured.
  let sensitivity: Sensitivity?
  /// What was chosen under a budget, where there was one.
  let precision: PrecisionAccount?
  /// What the model will be worth on the target that the user named.
  let forecast: QuantizationForecast?

  /// A summary, and node by node what was done or why nothing was.
  ///
  /// - Parameter showsSkipped: whether nodes that could not be quantized are listed in any case.
  func text(showsSkipped: Bool) -> String {
    let quantized = report.decisions.count(where: \.isQuantized)
    let summary =
      "\(quantized) of \(report.decisions.count) nodes quantized: \(report.weights) weights and constants, "
      + "\(report.biases) biases, \(report.activations) activations; \(report.removedActivations) activation functions removed\n"
    let measured =
      (sensitivity.map(table) ?? "") + (precision.map { $0.text } ?? "")
      + (forecast.map(PlanAccount.text) ?? "")
    if explains { return summary + table(report.decisions) + table(report.steps) + counts + measured }
    return summary + (showsSkipped ? table(report.skipped) : "") + measured
  }

  private func table(_ decisions: [QuantizationReport.Decision]) -> String {
    var table = Table(["node", "operator", "status", "rule", "outcome"], leading: 5)
    for decision in decisions {
      table.add(
        decision.node, decision.op.description, decision.status.rawValue, decision.rule, decision.outcome)
    }
    return table.text
  }

  private func table(_ steps: [QuantizationReport.Step]) -> String {
    guard !steps.isEmpty else { return "" }
    var table = Table(["step", "value", "outcome"], leading: 3)
    for step in steps { table.add(step.step, step.value, step.outcome) }
    return table.text
  }

  private func table(_ sensitivity: Sensitivity) -> String {
    let last = sensitivity.accuracy == nil ? "top-1 agreement" : "accuracy"
    func share(_ accuracy: Double?, _ output: Comparison.Output) -> String {
      (accuracy ?? output.topOne).map { Format.decimals($0, 4) } ?? "-"
    }
    var table = Table(["node alone", "operator", "SNR dB", "cosine", last, "saves"], leading: 2)
    for layer in sensitivity.layers {
      table.add(
        layer.node, layer.op.description, Format.decimals(layer.worst.snr, 2), Format.decimals(layer.worst.cosine, 6),
        share(layer.accuracy, layer.worst), Format.bytes(layer.savedBytes))
    }
    if let whole = sensitivity.whole.min(by: { $0.snr < $1.snr }) {
      table.add(
        "all", "", Format.decimals(whole.snr, 2), Format.decimals(whole.cosine, 6),
        share(sensitivity.accuracy?.whole, whole), "")
    }
    if let float = sensitivity.accuracy?.float {
      table.add("none", "", "inf", "1.000000", Format.decimals(float, 4), "")
    }
    let list = TerminalText.escape(sensitivity.excludeList(min(5, sensitivity.layers.count)))
    return table.text + "\(sensitivity.runs) runs; to keep the most sensitive in float: \(list)\n"
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
    let steps = report.steps.map { step -> JSON in
      .object(["step": .string(step.step), "value": .string(step.value), "outcome": .string(step.outcome)])
    }
    var document: JSONObject = [
      "weights": .integer(report.weights), "biases": .integer(report.biases),
      "activations": .integer(report.activations), "removed_activations": .integer(report.removedActivations),
      "skipped": .integer(report.skipped.count), "nodes": .array(nodes),
      "steps": .array(steps), "losses": .array(report.losses.map { .string($0) }),
      "notes": .array(report.notes.map { .string($0) }),
    ]
    if let forecast { document["forecast"] = .object(PlanAccount.document(forecast)) }
    if let precision { document["precision"] = .object(precision.document) }
    if let sensitivity { document["sensitivity"] = .object(self.document(sensitivity)) }
    return document
  }

  private func document(_ sensitivity: Sensitivity) -> JSONObject {
    func figures(_ output: Comparison.Output) -> JSON {
      .object([
        "name": .string(output.name), "snr_db": .number(output.snr), "cosine": .number(output.cosine),
        "top1": output.topOne.map { .number($0) } ?? .null,
      ])
    }
    let layers = sensitivity.layers.map { layer -> JSON in
      .object([
        "name": .string(layer.node), "op": .string(layer.op.description), "outcome": .string(layer.outcome),
        "snr_db": .number(layer.worst.snr), "cosine": .number(layer.worst.cosine),
        "accuracy": layer.accuracy.map { .number($0) } ?? .null,
        "saved_bytes": .integer(layer.savedBytes), "outputs": .array(layer.outputs.map(figures)),
      ])
    }
    let accuracy: JSON =
      sensitivity.accuracy.map { .object(["float": .number($0.float), "all": .number($0.whole)]) } ?? .null
    return [
      "runs": .integer(sensitivity.runs), "accuracy": accuracy, "layers": .array(layers),
      "all": .array(sensitivity.whole.map(figures)),
    ]
  }
}
