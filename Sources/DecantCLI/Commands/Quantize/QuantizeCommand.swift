internal import ArgumentParser
internal import Decant

/// A float model with smaller weights, and smaller activations where the scheme has them.
struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract:
      "Makes a float model int8, its weights alone 8 to 2 bits or 4-bit floats, or all of it half or 8-bit floats.",
    usage: """
      decant quantize model.onnx -o int8.onnx --data train.npz
      decant quantize model.onnx -o int8.onnx --scheme int8-dynamic
      decant quantize model.onnx -o half.onnx --scheme fp16 --keep 'head/*'
      decant quantize model.onnx -o int8.onnx --stats stats.json --method entropy
      decant quantize model.onnx -o int8.onnx --data train.npz --exclude 'head/*' --exclude Softmax
      decant quantize model.onnx -o int4.onnx --scheme w4 --block 32
      decant quantize model.onnx -o int4.onnx --scheme w4 --algorithm gptq --data train.npz
      decant quantize model.onnx -o mixed.onnx --scheme mixed --max-size 20MB --data train.npz
      decant quantize model.onnx -o int8.onnx --data train.npz --sensitivity --report int8.html
      decant quantize model.onnx -o int8.onnx --data train.npz --form qoperator
      decant quantize model.onnx --target ort-cpu-vnni --dry-run
      decant quantize model.onnx -o nf4.onnx --scheme nf4 --double
      """,
    discussion: """
      SELECTORS (--include, --exclude, --keep)
        head/*              nodes by name or glob, or by operator type, as in Softmax
        name:conv1          nodes of exactly this name; op:Conv of exactly this type
        re:^block\\.[0-3]    nodes whose name holds a match of a regular expression
        first:2, last:1     the first or last products with weights; first:2:Gather of an operator type
        between:a..b        nodes on the way from value a to value b; an end may be left out
      One that chooses nothing is an error. Nodes are named as they are after constants and normalizations are folded.

      With --explain, --verbose or --json each node is listed with what was done, by which rule, or why nothing was: nothing
      to quantize (unconcerned), left out by you (excluded), or not possible (skipped). With --strict a skipped node means
      exit code 1, and no model.
      """)

  @Argument(help: "The float model.") var model: String
  @OptionGroup var output: OutputOptions
  @Option(
    help: ArgumentHelp("How to quantize, int8 by default: \(QuantizationScheme.names).", valueName: "scheme"),
    transform: QuantizationScheme.parse)
  var scheme = QuantizationScheme.int8
  @OptionGroup var planning: PlanningArguments
  @OptionGroup var samples: DataOptions
  @Option(
    help: ArgumentHelp(
      "Statistics from 'calibrate', or the calibration cache of ONNX Runtime or TensorRT.", valueName: "file"))
  var stats: String?
  @OptionGroup var calibration: CalibrationArguments
  @OptionGroup var style: StyleArguments
  @OptionGroup var weightOnly: WeightOnlyArguments
  @OptionGroup var mixed: MixedArguments
  @OptionGroup var half: HalfArguments
  @OptionGroup var float8: Float8Arguments
  @OptionGroup var measurement: MeasurementArguments
  @Flag(help: "List every node with what was done, by which rule, or why nothing was.") var explain = false
  @Flag(
    help: """
      One JSON document: weights, biases, activations, removed_activations, nodes and steps with their outcomes, losses, \
      notes, sensitivity.
      """)
  var json = false
  @OptionGroup var engine: EngineOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    try checkScopes()
    try measurement.check(hasSamples: !samples.data.isEmpty)
    try validatePlanning()
    // A plan needs no samples, and does not mind those that the real run will take.
    guard !planning.dryRun else { return }
    switch scheme {
    case .int8: try validateStaticInt8()
    case .int8Dynamic: try validateDynamicInt8()
    case .weights8, .weights4, .weights3, .weights2: try validateWeightOnly()
    case .mixed: try validateMixed()
    case .fp16, .bf16: try validateHalf()
    case .fp8E4M3, .fp8E5M2: try validateFloat8()
    case .normalFloat4, .float4: try validateFloatCodes()
    }
  }

  func run() throws {
    guard !planning.dryRun else { return try plan() }
    try output.check()
    try measurement.check(beside: output)
    let result =
      switch scheme {
      case .int8: try runStaticInt8()
      case .int8Dynamic: try runDynamicInt8()
      case .weights8, .weights4, .weights3, .weights2: try runWeights(try blockWorkflow())
      case .mixed: try runMixed()
      case .fp16: try runHalf(.float16)
      case .bf16: try runHalf(.bfloat16)
      case .fp8E4M3: try runFloat8(.e4m3)
      case .fp8E5M2: try runFloat8(.e5m2)
      case .normalFloat4: try runWeights(try codebookWorkflow(.normalFloat))
      case .float4: try runWeights(try codebookWorkflow(.float))
      }
    let report = result.report
    if !report.decisions.contains(where: \.isQuantized) {
      common.reporter.warn("nothing was quantized: the model keeps its floats; --explain says why, node by node")
    }
    let sensitivity = try measuredSensitivity(result)
    let account = QuantizationAccount(
      report: report, explains: explain || common.verbose, sensitivity: sensitivity,
      precision: result.precision, forecast: try forecast(result))
    // With --strict a model that is not what was asked for is not written.
    let isRefused = common.strict && !report.skipped.isEmpty
    if !isRefused { try output.write(result.model, common.reporter) }
    try writePage(result, sensitivity)
    TerminalText.output(json ? JSON.object(account.document).text() : account.text(showsSkipped: isRefused))
    try refuse(report)
  }

  /// With `--strict`, fails where nodes could not be quantized.
  func refuse(_ report: QuantizationReport) throws(DecantError) {
    guard common.strict, !report.skipped.isEmpty else { return }
    throw DecantError(
      .refuted,
      "\(report.skipped.count) of \(report.decisions.count) nodes could not be quantized, and the model is not written",
      note: "leave them out with --exclude, or drop --strict")
  }
}
