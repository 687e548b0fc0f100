internal import ArgumentParser
internal import Decant

/// Latency and memory.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures latency and memory on this machine.",
    usage: """
      decant bench model.onnx
      decant bench model.onnx --input x.npz --batch 8 --threads 1
      """)

  @Argument(help: "The model.") var model: String
  @Option(
    help: ArgumentHelp(
      "Inputs, as 'run' takes them, of which the first samples are run; made up by default, open axes as 1.",
      valueName: "data"))
  var input: [String] = []
  @Option(help: ArgumentHelp("How many samples one run takes, where the model leaves it open.", valueName: "count"))
  var batch = 1
  @Option(help: ArgumentHelp("How long to measure.", valueName: "seconds")) var seconds = 1.0
  @Flag(help: "One JSON document: median_ms, p90_ms, peak_bytes, activation_bytes, runs.") var json = false
  @Flag(
    help: """
      Run once and answer {}, then measure for each line of standard input, which says for how many seconds, and answer \
      with a line of JSON: to take turns with another tool.
      """)
  var onRequest = false
  @OptionGroup var engine: EngineOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard seconds >= 0, seconds <= 3600 else { throw ValidationError("'--seconds' expected 0 to 3600") }
    guard batch > 0, batch <= 1 << 20 else { throw ValidationError("'--batch' expected 1 to 1,048,576") }
  }

  func run() throws {
    let executor = try Engine.executor(try common.read(model), engine)
    let inputs: [String: Tensor]
    if input.isEmpty {
      inputs = try MadeUpInputs.make(for: executor.inputs, batch: batch)
    } else {
      let source = try ArraySource(input, for: executor.inputs)
      inputs = try Runner.firstInputs(executor, source, batch: batch)
    }
    if onRequest { return try answerRequests(executor, inputs) }
    let result = try Benchmark(executor, inputs: inputs, seconds: seconds)
    if json {
      TerminalText.output(document(result).text())
    } else {
      let resident = ProcessMemory.peakResidentBytes
      TerminalText.output(
        "median \(Format.decimals(result.medianMilliseconds, 3)) ms, p90 \(Format.decimals(result.p90Milliseconds, 3)) ms, "
          + "\(result.runs) runs, peak memory \(Format.bytes(resident)), of which activations \(Format.bytes(result.peakBytes))\n"
      )
    }
  }

  private func document(_ result: Benchmark) -> JSON {
    [
      "median_ms": .number(result.medianMilliseconds), "p90_ms": .number(result.p90Milliseconds),
      "peak_bytes": .integer(ProcessMemory.peakResidentBytes), "activation_bytes": .integer(result.peakBytes),
      "runs": .integer(result.runs),
    ]
  }

  /// Measures whenever it is asked, until nobody asks any more.
  private func answerRequests(_ executor: Executor, _ inputs: [String: Tensor]) throws {
    _ = try executor.run(inputs)
    TerminalText.output("{}\n")
    while let line = readLine() {
      guard let seconds = Double(line), seconds >= 0, seconds <= 3600 else {
        throw DecantError(.usage, "a request expected 0 to 3600 seconds, got '\(line)'")
      }
      let result = try Benchmark(executor, inputs: inputs, seconds: seconds, warmUps: 1, atLeast: 3)
      TerminalText.output(document(result).text(.compact) + "\n")
    }
  }
}
