internal import ArgumentParser
internal import Decant

/// Latency, throughput, memory, and where the time goes.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures latency, throughput and memory on this machine.",
    usage: """
      decant bench model.onnx
      decant bench model.onnx --input x.npz --batch 8 --threads 1
      decant bench model.onnx --profile --nodes
      """,
    discussion: """
      With --profile: the time of each operator in one run, costliest first; the operations (a multiply-add is two) and \
      bytes that it gets done in it; and how much that is of what this machine reaches at most, in plain loops over \
      registers and over memory, as many threads as runs use. Beyond 100 % of a ceiling of bytes, caches hold what is read.
      """)

  @Argument(help: "The model.") var model: String
  @Option(
    help: ArgumentHelp(
      "Inputs, as 'run' takes them, of which the first samples are run; made up by default, open axes as 1.",
      valueName: "data"))
  var input: [String] = []
  @Option(help: ArgumentHelp("How many samples one run takes, where the model leaves it open.", valueName: "count"))
  var batch = 1
  @Option(help: ArgumentHelp("How long to measure each figure.", valueName: "seconds")) var seconds = 1.0
  @Option(
    help: ArgumentHelp(
      "How many samples to measure throughput on; by default what takes about --seconds.", valueName: "count"))
  var samples: Int?
  @Flag(help: "Also show where the time goes, by operator.") var profile = false
  @Flag(help: "With --profile: by node, too.") var nodes = false
  @Flag(
    help: """
      One JSON document: median_ms, p90_ms, runs, peak_bytes, activation_bytes, batch, samples_per_s, at_once; with \
      --profile also ceilings, operators, nodes, other_ms.
      """)
  var json = false
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
    guard samples.map({ $0 > 0 && $0 <= 1 << 30 }) ?? true else {
      throw ValidationError("'--samples' expected at least 1")
    }
    guard profile || !nodes else { throw ValidationError("'--nodes' goes with '--profile'") }
  }

  func run() throws {
    let read = try common.read(model)
    let executor = try Engine.executor(read, engine, common.reporter)
    let source = input.isEmpty ? nil : try ArraySource(input, for: executor.inputs)
    let data = try BenchSamples(source, for: executor, batch: batch)
    if onRequest { return try answerRequests(executor, data) }
    let latency = try Benchmark(executor, inputs: data.first, seconds: seconds)
    // Before the executor of throughput and the arrays of ceilings.
    let report = BenchReport(
      latency: latency, peakBytes: ProcessMemory.peakResidentBytes, batch: data.batch,
      throughput: try throughput(read, executor, data, latency),
      profile: profile ? try ModelProfile(executor, inputs: data.first, seconds: seconds) : nil, listsNodes: nodes)
    TerminalText.output(json ? report.document.text() : report.text)
  }

  /// Several runs at once, each on one thread; nil where there is one thread, and runs go one after the other anyway.
  private func throughput(
    _ model: Model, _ executor: Executor, _ data: BenchSamples, _ latency: Benchmark
  ) throws -> Throughput? {
    let threads = executor.options.threads
    guard threads > 1 || samples != nil else { return nil }
    var single = engine
    single.threads = 1
    let fitting = seconds * 1e3 / max(latency.medianMilliseconds, 1e-3) * Double(data.batch * threads)
    return try Throughput(
      threads > 1 ? try Engine.executor(model, single, SilentReporter()) : executor,
      samples: samples ?? Int(min(max(fitting, 1), 1e6)),
      batch: data.batch, threads: threads
    ) { (index) throws(DecantError) in try data.inputs(index) }
  }

  /// Measures whenever it is asked, until nobody asks any more.
  private func answerRequests(_ executor: Executor, _ data: BenchSamples) throws {
    _ = try executor.run(data.first)
    TerminalText.output("{}\n")
    while let line = readLine() {
      guard let seconds = Double(line), seconds >= 0, seconds <= 3600 else {
        throw DecantError(.usage, "a request expected 0 to 3600 seconds, got '\(line)'")
      }
      let latency = try Benchmark(executor, inputs: data.first, seconds: seconds, warmUps: 1, atLeast: 3)
      let report = BenchReport(
        latency: latency, peakBytes: ProcessMemory.peakResidentBytes, batch: data.batch, throughput: nil, profile: nil,
        listsNodes: false)
      TerminalText.output(report.document.text(.compact) + "\n")
    }
  }
}
