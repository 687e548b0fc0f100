internal import ArgumentParser
internal import Decant

/// What every command takes.
struct CommonOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Say nothing but results and errors.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say more about each step.")
  var verbose = false

  @Flag(help: "Treat oddities that could be lived with as errors, and nodes that could not be quantized.")
  var strict = false

  @Flag(help: "Accept external data that has other names (hard links).")
  var allowHardlinks = false

  @Option(help: ArgumentHelp("The folder with the weights of a text form.", valueName: "dir"))
  var weightsFrom: String?

  var reporter: any Reporter { quiet ? SilentReporter() : TerminalReporter(isVerbose: verbose) }

  func read(_ path: String) throws(DecantError) -> Model {
    var options = ModelFile.ReadOptions()
    options.isStrict = strict
    options.allowsHardLinks = allowHardlinks
    options.weights = weightsFrom
    return try ModelFile.read(path, options, reporter: reporter)
  }
}

/// Where a model goes.
struct OutputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file to write: .onnx, or .txt for the text form.", valueName: "file"))
  var output: String?

  @Flag(name: .shortAndLong, help: "Replace the output if it exists.")
  var force = false

  @Flag(help: "Put large tensors into a file beside the model.")
  var externalData = false

  func write(_ model: Model, opset: Int? = nil, weights: String? = nil, _ reporter: any Reporter) throws(DecantError) {
    var options = ModelFile.WriteOptions()
    options.replaces = force
    options.opset = opset
    options.usesExternalData = externalData
    options.weights = weights
    try ModelFile.write(model, to: try path, options, reporter: reporter)
  }

  /// Fails before any work when the output cannot be written.
  func check() throws(DecantError) { try OutputPath.check(try path, replacing: force) }

  /// The file to write.
  ///
  /// - Throws: `usage` when none was given: only what writes nothing does without.
  private var path: String {
    get throws(DecantError) {
      guard let output else { throw DecantError(.usage, "missing expected argument '--output <file>'") }
      return output
    }
  }
}

/// How models are run.
struct EngineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What runs the model: \(BackendCatalog.names.joined(separator: ", ")). oneDNN gets what our own kernels "
        + "leave, and the reference what both do.", valueName: "name"))
  var backend = "onednn"

  @Option(help: ArgumentHelp("How many threads to use; all processors by default.", valueName: "count"))
  var threads: Int?

  @Option(
    help: ArgumentHelp("How many iterations of loops one inference may take in all.", valueName: "count"))
  var maxIterations = 100_000

  /// What the runtime needs to know.
  var executorOptions: Executor.Options {
    Executor.Options(threads: threads ?? Parallel.processors, iterationLimit: maxIterations)
  }

  func validate() throws {
    guard maxIterations > 0 else { throw ValidationError("'--max-iterations' expected at least 1") }
    guard threads.map({ $0 > 0 }) ?? true else { throw ValidationError("'--threads' expected at least 1") }
  }
}

/// Where samples come from.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Samples: a .npz with input names as keys, a .npy, or NAME=FILE.npy, repeated.", valueName: "data"))
  var data: [String] = []
}
