internal import ArgumentParser
internal import Decant

/// Latency and memory.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures latency and memory on this machine.",
    usage: """
      decant bench model.onnx
      decant bench model.onnx --input x.npz --threads 1
      """)

  @Argument(help: "The model.") var model: String
  @Option(
    help: ArgumentHelp(
      "Inputs, as 'run' takes them, of which the first sample is run; made up by default, open axes as 1.",
      valueName: "data"))
  var input: [String] = []
  @Option(help: ArgumentHelp("How long to measure.", valueName: "seconds")) var seconds = 1.0
  @Flag(help: "One JSON document: median_ms, p90_ms, peak_bytes, activation_bytes, runs.") var json = false
  @OptionGroup var engine: EngineOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard seconds >= 0, seconds <= 3600 else { throw ValidationError("'--seconds' expected 0 to 3600") }
  }

  func run() throws {
    let executor = try Engine.executor(try common.read(model), engine)
    let inputs: [String: Tensor]
    if input.isEmpty {
      inputs = try MadeUpInputs.make(for: executor.inputs)
    } else {
      let source = try ArraySource(input, for: executor.inputs)
      inputs = try Runner.firstInputs(executor, source)
    }
    let result = try Benchmark(executor, inputs: inputs, seconds: seconds)
    let resident = ProcessMemory.peakResidentBytes
    if json {
      let document: JSONObject = [
        "median_ms": .number(result.medianMilliseconds), "p90_ms": .number(result.p90Milliseconds),
        "peak_bytes": .integer(resident), "activation_bytes": .integer(result.peakBytes), "runs": .integer(result.runs),
      ]
      TerminalText.output(JSON.object(document).text())
    } else {
      TerminalText.output(
        "median \(Format.decimals(result.medianMilliseconds, 3)) ms, p90 \(Format.decimals(result.p90Milliseconds, 3)) ms, "
          + "\(result.runs) runs, peak memory \(Format.bytes(resident)), of which activations \(Format.bytes(result.peakBytes))\n"
      )
    }
  }
}
