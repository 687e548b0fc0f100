internal import Decant

/// What a conversion between forms did, as text and as JSON.
struct FormRendering {
  let report: FormReport
  let form: ModelForm
  let isVerbose: Bool

  /// How many reasons are shown unless more are asked for.
  private static let shown = 5

  var text: String {
    var text = "\(report.converted) nodes converted to \(form.rawValue), \(report.left.count) left\n"
    let left = isVerbose ? report.left[...] : report.left.prefix(FormRendering.shown)
    for decision in left {
      text += TerminalText.escape("\(decision.node) (\(decision.op)): \(decision.outcome)") + "\n"
    }
    if left.count < report.left.count { text += "and \(report.left.count - left.count) more: with --verbose\n" }
    return text
  }

  var document: JSONObject {
    let nodes = report.decisions.map { decision -> JSON in
      .object([
        "name": .string(decision.node), "op": .string(decision.op.description),
        "converted": .bool(decision.isConverted), "outcome": .string(decision.outcome),
      ])
    }
    return [
      "form": .string(form.rawValue), "converted": .integer(report.converted), "left": .integer(report.left.count),
      "unrounded_activations": .integer(report.unroundedActivations),
      "clipped_activations": .integer(report.clippedActivations), "nodes": .array(nodes),
    ]
  }
}
