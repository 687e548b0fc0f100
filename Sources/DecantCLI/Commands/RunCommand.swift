internal import ArgumentParser
internal import Decant

/// Outputs for given inputs.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Computes the outputs for given inputs.",
    usage: """
      decant run model.onnx --input x.npz --output y.npz
      decant run model.onnx --input image=x.npy --output outputs
      decant run model.onnx --input test_data_set_0 --output results
      decant run case/model.onnx --input case --output results
      """)

  @Argument(help: "The model.") var model: String
  @Option(
    help: ArgumentHelp(
      """
      A .npz with input names as keys, a .npy, NAME=FILE.npy repeated, a folder with input_0.pb, or a folder of folders \
      test_data_set_0, ….
      """, valueName: "data"))
  var input: [String]
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      """
      A .npz, or a folder: output_0.pb … for a folder of .pb, in folders like the inputs' where there are several, \
      else NAME.npy.
      """, valueName: "path"))
  var output: String
  @Flag(name: .shortAndLong, help: "Replace outputs that exist.") var force = false
  @Option(
    help: ArgumentHelp(
      """
      Also say which products of codes another processor would compute otherwise: avx2-saturation, where sums of two \
      products saturate in 16 bits.
      """, valueName: "processor"))
  var emulate: String?
  @OptionGroup var engine: EngineOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    if output.hasSuffix(".npz") { try OutputPath.check(output, replacing: force) }
    let model = try common.read(model)
    let executor = try Engine.executor(model, engine, common.reporter)
    if let emulate {
      guard let emulation = Emulation(rawValue: emulate) else {
        let known = Emulation.allCases.map(\.rawValue).joined(separator: ", ")
        throw DecantError(.usage, "'--emulate' expected \(known), got '\(emulate)'")
      }
      let source = try ArraySource(input, for: executor.inputs)
      try emulation.warn(model, executor, source, backend: engine.backend, reporter: common.reporter)
    }
    let sets = input.count == 1 ? TestDataSets.names(in: input[0]) : []
    if sets.isEmpty { return try run(executor, input, to: output) }
    guard !output.hasSuffix(".npz") else {
      throw DecantError(.usage, "the outputs of data sets expected a folder", at: [output])
    }
    for name in sets { try run(executor, ["\(input[0])/\(name)"], to: "\(output)/\(name)") }
  }

  private func run(_ executor: Executor, _ input: [String], to output: String) throws {
    let source = try ArraySource(input, for: executor.inputs)
    let outputs = try Runner.run(executor, source)
    try ArraySink.write(outputs, to: output, asProtobuf: source.isProtobufFolder, replacing: force)
  }
}

/// Executors as the command line asks for them.
enum Engine {
  /// An executor; what its backends have to say is reported.
  static func executor(
    _ model: Model, _ options: EngineOptions, _ reporter: any Reporter
  ) throws(DecantError) -> Executor {
    try Executor(
      model, backends: try BackendCatalog.backends(options.backend), options: options.executorOptions,
      reporter: reporter)
  }
}
