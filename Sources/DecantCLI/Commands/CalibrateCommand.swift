internal import ArgumentParser
internal import Decant

/// The ranges that activations take on data.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Runs a model on samples and writes what its activations did, for 'quantize --stats'.",
    usage: """
      decant calibrate model.onnx --data train.npz -o stats.json
      decant calibrate model.onnx --data train.npz --method entropy -o stats.json
      decant calibrate model.onnx --data train.npz --method entropy --format tensorrt -o calibration.cache
      """,
    discussion: """
      One pass, in memory that does not grow with the samples. With a method other than minmax the statistics hold
      histograms, from which 'quantize' can choose by any method.
      """)

  @Argument(help: "The float model.") var model: String
  @OptionGroup var samples: DataOptions
  @OptionGroup var calibration: CalibrationArguments
  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file")) var output: String
  @Option(
    help: ArgumentHelp(
      "decant (statistics), ort (ONNX Runtime's cache; the default with --compat ort) or tensorrt (TensorRT's cache).",
      valueName: "name"))
  var format: String?
  @Flag(name: .shortAndLong, help: "Replace the output if it exists.") var force = false
  @OptionGroup var style: StyleArguments
  @OptionGroup var engine: EngineOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard let format, StaticQuantizationWorkflow.StatisticsFormat(rawValue: format) == nil else { return }
    throw ValidationError("'--format' expected decant, ort or tensorrt, got '\(format)'")
  }

  func run() throws {
    try OutputPath.check(output, replacing: force)
    let method = try calibration.chosen()
    let usual: StaticQuantizationWorkflow.StatisticsFormat = style.compat == nil ? .decant : .onnxRuntime
    let format = format.flatMap { StaticQuantizationWorkflow.StatisticsFormat(rawValue: $0) } ?? usual
    var workflow = try StaticQuantizationWorkflow(
      try common.read(model), try style.options(), optimizes: style.optimize, reporter: common.reporter)
    let set = try samples.samples(for: workflow.model.inputPorts)
    let text = try workflow.statisticsText(
      set, method: method, format: format, backends: try BackendCatalog.backends(engine.backend),
      execution: engine.executorOptions)
    let file = try AtomicFile(output, replacing: force)
    try file.write(text)
    try file.commit()
  }
}
