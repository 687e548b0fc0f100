internal import ArgumentParser
internal import Decant

/// A float model with smaller weights, and smaller activations where the scheme has them.
struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Makes a float model int8, its weights alone 8 to 2 bits, or all of it half or 8-bit floats.",
    usage: """
      decant quantize model.onnx -o int8.onnx --data train.npz
      decant quantize model.onnx -o int8.onnx --scheme int8-dynamic
      decant quantize model.onnx -o half.onnx --scheme fp16 --keep 'head/*'
      decant quantize model.onnx -o int8.onnx --stats stats.json --method entropy
      decant quantize model.onnx -o int8.onnx --data train.npz --exclude 'head/*' --exclude Softmax
      decant quantize model.onnx -o int4.onnx --scheme w4 --block 32
      decant quantize model.onnx -o int4.onnx --scheme w4 --algorithm gptq --data train.npz
      """,
    discussion: "Says for every node what was done, or why nothing was: with --verbose, or under --json.")

  @Argument(help: "The float model.") var model: String
  @OptionGroup var output: OutputOptions
  @Option(
    help: ArgumentHelp("How to quantize, int8 by default: \(QuantizationScheme.names).", valueName: "scheme"),
    transform: QuantizationScheme.parse)
  var scheme = QuantizationScheme.int8
  @OptionGroup var samples: DataOptions
  @Option(help: ArgumentHelp("Statistics from 'calibrate', or ONNX Runtime's calibration cache.", valueName: "file"))
  var stats: String?
  @OptionGroup var calibration: CalibrationArguments
  @OptionGroup var style: StyleArguments
  @OptionGroup var weightOnly: WeightOnlyArguments
  @OptionGroup var half: HalfArguments
  @OptionGroup var float8: Float8Arguments
  @Flag(
    help:
      "One JSON document: weights, biases, activations, removed_activations, nodes with their outcomes, losses, notes.")
  var json = false
  @OptionGroup var engine: EngineOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    try checkScopes()
    switch scheme {
    case .int8: try validateStaticInt8()
    case .int8Dynamic: break
    case .weights8, .weights4, .weights3, .weights2: try validateWeightOnly()
    case .fp16, .bf16: try validateHalf()
    case .fp8E4M3, .fp8E5M2: try validateFloat8()
    }
  }

  func run() throws {
    try output.check()
    let (model, report) =
      switch scheme {
      case .int8: try runStaticInt8()
      case .int8Dynamic: try runDynamicInt8()
      case .weights8, .weights4, .weights3, .weights2: try runWeightOnly()
      case .fp16: try runHalf(.float16)
      case .bf16: try runHalf(.bfloat16)
      case .fp8E4M3: try runFloat8(.e4m3)
      case .fp8E5M2: try runFloat8(.e5m2)
      }
    try output.write(model, common.reporter)
    TerminalText.output(json ? JSON.object(document(report)).text() : text(report))
  }

  private func text(_ report: QuantizationReport) -> String {
    let quantized = report.decisions.filter(\.isQuantized).count
    var text =
      "\(quantized) of \(report.decisions.count) nodes quantized: \(report.weights) weights and constants, "
      + "\(report.biases) biases, \(report.activations) activations; \(report.removedActivations) activation functions removed\n"
    guard common.verbose else { return text }
    for decision in report.decisions {
      text += TerminalText.escape("\(decision.node) (\(decision.op)): \(decision.outcome)") + "\n"
    }
    return text
  }

  private func document(_ report: QuantizationReport) -> JSONObject {
    let nodes = report.decisions.map { decision -> JSON in
      .object([
        "name": .string(decision.node), "op": .string(decision.op.description),
        "quantized": .bool(decision.isQuantized), "outcome": .string(decision.outcome),
      ])
    }
    return [
      "weights": .integer(report.weights), "biases": .integer(report.biases),
      "activations": .integer(report.activations), "removed_activations": .integer(report.removedActivations),
      "nodes": .array(nodes), "losses": .array(report.losses.map { .string($0) }),
      "notes": .array(report.notes.map { .string($0) }),
    ]
  }
}
