internal import ArgumentParser
internal import Decant

/// What is known of each operator.
struct OpsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ops",
    abstract: "Lists the operators: versions read, inference, kernels, how a quantizer treats them.",
    usage: """
      decant ops
      decant ops conv
      decant ops --json
      """)

  @Argument(help: "Only operators whose name contains this.") var name = ""
  @Flag(help: "One JSON document: operators, each with name, domain, versions, infers, reference, fast and more.")
  var json = false
  @Flag(help: "A Markdown table.") var markdown = false

  func validate() throws {
    guard !json || !markdown else { throw ValidationError("'--json' and '--markdown' exclude each other") }
  }

  func run() throws {
    let rows = OperatorCoverage(matching: name).rows
    guard !rows.isEmpty else {
      let names = OperatorCoverage().rows.map(\.op.description)
      throw DecantError(.usage, "no operator's name contains '\(name)'", note: NearestNames.note(name, among: names))
    }
    TerminalText.output(json ? document(rows).text() : markdown ? table(rows) : text(rows))
  }

  private func text(_ rows: [OperatorCoverage.Row]) -> String {
    var table = Table(["operator", "versions", "inference", "reference", "fast", "quantization"])
    for row in rows {
      table.add(
        row.op.description, versions(row), inference(row), reference(row),
        row.hasFastKernel ? "yes" : "-", rule(row.quantization))
    }
    return table.text + "\n\(summary(rows))\n"
  }

  private func table(_ rows: [OperatorCoverage.Row]) -> String {
    let lines = rows.map { row in
      "| \(row.op) | \(versions(row)) | \(inference(row)) | \(reference(row)) "
        + "| \(row.hasFastKernel ? "yes" : "-") | \(rule(row.quantization)) |\n"
    }
    return "| operator | versions | inference | reference | fast | quantization |\n|---|---|---|---|---|---|\n"
      + lines.joined() + "\n\(summary(rows))\n"
  }

  private func document(_ rows: [OperatorCoverage.Row]) -> JSON {
    let operators = rows.map { row -> JSON in
      .object([
        "name": .string(row.op.type), "domain": .string(row.op.domain.isEmpty ? "ai.onnx" : row.op.domain),
        "versions": .array(row.versions.map { .integer($0) }), "replaced": .bool(row.isReplaced),
        "infers": .bool(row.isKnown),
        "propagates_shapes": .bool(row.propagatesShapes), "reference": .bool(row.hasReferenceKernel),
        "fast": .bool(row.hasFastKernel), "quantization": .string(rule(row.quantization)),
      ])
    }
    return .object(["operators": .array(operators)])
  }

  private func summary(_ rows: [OperatorCoverage.Row]) -> String {
    "\(rows.count) \(rows.count == 1 ? "operator" : "operators"): \(rows.count { $0.isKnown }) with inference, "
      + "\(rows.count { $0.hasReferenceKernel }) with a reference kernel, \(rows.count { $0.hasFastKernel }) with a fast one."
  }

  private func versions(_ row: OperatorCoverage.Row) -> String {
    row.versions.isEmpty ? "-" : row.versions.map(String.init).joined(separator: " ")
  }

  private func inference(_ row: OperatorCoverage.Row) -> String {
    row.isReplaced
      ? "replaced on reading" : row.isKnown ? row.propagatesShapes ? "with shape arithmetic" : "yes" : "no"
  }

  private func reference(_ row: OperatorCoverage.Row) -> String {
    row.isReplaced ? "-" : row.hasReferenceKernel ? "yes" : "no"
  }

  private func rule(_ rule: QuantizationRule) -> String {
    switch rule {
    case .never: "float"
    case .weighted: "weights and activations"
    case .arithmetic: "activations"
    case .passThrough: "carries the scale"
    }
  }
}
