internal import ArgumentParser
internal import Decant

/// How far two models are apart.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Runs two models on the same samples and shows how far their outputs are apart.",
    usage: """
      decant compare float.onnx int8.onnx --data samples.npz
      decant compare float.onnx int8.onnx --data samples.npz --min-cosine 0.99 --min-top1 0.98
      """,
    discussion: "Exits with 1 when an output misses a threshold that you gave.")

  @Argument(help: "The reference.") var reference: String
  @Argument(help: "The model to compare with it.") var other: String
  @OptionGroup var samples: DataOptions
  @Option(help: ArgumentHelp("The least signal to noise in dB.", valueName: "dB")) var minSnr: Double?
  @Option(help: ArgumentHelp("The least cosine.", valueName: "cosine")) var minCosine: Double?
  @Option(help: ArgumentHelp("The largest difference allowed.", valueName: "value")) var maxAbs: Double?
  @Option(help: ArgumentHelp("The least share of rows with the same largest element.", valueName: "share")) var minTop1:
    Double?
  @Flag(help: "One JSON document: samples, outputs with name, snr_db, cosine, max_abs, max_rel, top1.") var json = false
  @OptionGroup var engine: EngineOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let first = try Engine.executor(try common.read(reference), engine, common.reporter)
    let second = try Engine.executor(try common.read(other), engine, common.reporter)
    let set = try samples.samples(for: first.inputs)
    let comparison = try Comparison(first, second, on: set, reporter: common.reporter)
    TerminalText.output(json ? JSON.object(document(comparison)).text() : text(comparison))
    for output in comparison.outputs { try check(output) }
  }

  private func check(_ output: Comparison.Output) throws(DecantError) {
    func miss(_ what: String, _ wanted: Double, _ got: Double) -> DecantError {
      DecantError(.refuted, "output '\(output.name)': \(what) expected \(wanted), got \(Format.short(got))")
    }
    if let minSnr, !(output.snr >= minSnr) { throw miss("signal to noise of at least", minSnr, output.snr) }
    if let minCosine, !(output.cosine >= minCosine) { throw miss("cosine of at least", minCosine, output.cosine) }
    if let maxAbs, !(output.maximumDifference <= maxAbs) {
      throw miss("difference of at most", maxAbs, output.maximumDifference)
    }
    if let minTop1, let top = output.topOne, !(top >= minTop1) {
      throw miss("top-1 agreement of at least", minTop1, top)
    }
  }

  private func text(_ comparison: Comparison) -> String {
    var table = Table(["output", "SNR dB", "cosine", "largest difference", "of range", "top-1 agreement"])
    for output in comparison.outputs {
      table.add(
        output.name, Format.decimals(output.snr, 2), Format.decimals(output.cosine, 6),
        Format.short(output.maximumDifference), Format.short(output.relativeDifference),
        output.topOne.map { Format.decimals($0, 4) } ?? "-")
    }
    return table.text + "\(Format.count(comparison.samples)) samples\n"
  }

  private func document(_ comparison: Comparison) -> JSONObject {
    let outputs = comparison.outputs.map { output -> JSON in
      .object([
        "name": .string(output.name), "snr_db": .number(output.snr), "cosine": .number(output.cosine),
        "max_abs": .number(output.maximumDifference), "max_rel": .number(output.relativeDifference),
        "top1": output.topOne.map { .number($0) } ?? .null, "elements": .integer(output.count),
      ])
    }
    return ["samples": .integer(comparison.samples), "outputs": .array(outputs)]
  }
}

extension DataOptions {
  /// The samples for a model with `inputs`, so many at a time as `batch` says.
  func samples(for inputs: [InputPort], batch: Int? = nil) throws(DecantError) -> SampleSet {
    guard !data.isEmpty else { throw DecantError(.usage, "no samples are named", note: "name them with --data") }
    return try SampleSet(try ArraySource(data, for: inputs).arrays, for: inputs, batch: batch)
  }
}
