public import DecantBytes
public import DecantIR
public import DecantRuntime

/// How far the outputs of a model move when one node alone is quantized, for every node that a scheme quantizes.
public struct Sensitivity: Sendable {
  /// One node.
  public struct Layer: Sendable {
    /// Its name.
    public let node: String
    /// Its operator.
    public let op: OpName
    /// What was done to it.
    public let outcome: String
    /// The output that moved most.
    public let worst: Comparison.Output
    /// All outputs of floats, in the model's order.
    public let outputs: [Comparison.Output]
    /// How often the largest score is at the label; nil without labels.
    public let accuracy: Double?
    /// How many bytes of constants it saves.
    public let savedBytes: Int
  }

  /// The nodes, the one that moves the outputs most first.
  public let layers: [Layer]
  /// The outputs when all of them are quantized.
  public let whole: [Comparison.Output]
  /// How often the largest score of the float model, and of the quantized one, is at the label; nil without labels.
  public let accuracy: (float: Double, whole: Double)?
  /// How many runs each figure is taken on.
  public let runs: Int

  /// Measures every node that `result` quantized, on at most `runs` runs that are spread evenly over the samples.
  ///
  /// - Parameter labels: for classifiers, the place of the largest score of the first output, for each row of the samples.
  /// - Throws: `unsupported` for schemes that decide over the whole model at once and for models without float outputs;
  ///   what quantizing and running throw, naming the node.
  public init(
    of result: QuantizationResult, on samples: SampleSet, labels: Tensor? = nil, runs: Int = .max,
    backends: [any Backend],
    execution: Executor.Options, reporter: any Reporter = SilentReporter()
  ) throws(DecantError) {
    guard let trials = result.trials else {
      throw DecantError(
        .unsupported, "this scheme chooses over the whole model at once, so no node can be tried alone",
        note: "sensitivity is measured for int8, int8-dynamic, w8 to w2, fp8-e4m3 and fp8-e5m2")
    }
    let count = min(max(runs, 1), samples.count)
    let picks = (0..<count).map { $0 * samples.count / count }
    let threads = execution.threads
    var single = execution
    single.threads = 1
    let alone = single
    let float = try Executor(trials.model, backends: backends, options: alone)
    let tally = try labels.map { (labels) throws(DecantError) in try LabelTally(labels, of: float) }
    var reference = ReferenceOutputs(float, samples, picks, tally, threads: threads)
    let step = "sensitivity"
    reporter.report(.started(step))
    func measure(_ model: Model) throws(DecantError) -> (outputs: [Comparison.Output], accuracy: Double?) {
      try reference.distances(to: try Executor(model, backends: backends, options: alone))
    }
    let all = try measure(result.model)
    whole = all.outputs
    accuracy = if let own = try reference.accuracy(), let other = all.accuracy { (own, other) } else { nil }
    let before = Inspection(trials.model).bytes
    let nodes = Sensitivity.candidates(result)
    var layers: [Layer] = []
    for (index, node) in nodes.enumerated() {
      do throws(DecantError) {
        let (model, report) = try trials.quantized(only: node)
        // A node that only passes codes on has none of its own.
        if report.weights + report.activations > 0, let decision = report.decisions.first(where: { $0.node == node }) {
          let (outputs, accuracy) = try measure(model)
          if let worst = outputs.min(by: { $0.snr < $1.snr }) {
            layers.append(
              Layer(
                node: node, op: decision.op, outcome: decision.outcome, worst: worst, outputs: outputs,
                accuracy: accuracy,
                savedBytes: before - Inspection(model).bytes))
          }
        }
      } catch {
        throw error.within("node '\(node)' alone")
      }
      reporter.report(.progress(step, done: index + 1, total: nodes.count, unit: "nodes"))
    }
    reporter.report(.finished(step, summary: "\(layers.count) nodes on \(count) runs"))
    // Equal ones stay in the order of the graph.
    self.layers = layers.enumerated().sorted { ($0.1.worst.snr, $0.0) < ($1.1.worst.snr, $1.0) }.map(\.1)
    self.runs = count
  }

  /// Selectors that exclude the `count` most sensitive nodes, as a shell takes them.
  public func excludeList(_ count: Int) -> String {
    layers.prefix(count).map { "--exclude " + Sensitivity.quoted(Sensitivity.selector($0.node)) }.joined(separator: " ")
  }

  /// A selector of the node: its name, or where that has characters that cannot be pasted, a glob with a `?` for each byte.
  private static func selector(_ name: String) -> String {
    func isPlain(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
      default: true
      }
    }
    guard !name.unicodeScalars.allSatisfy(isPlain) else { return "name:" + name }
    return name.unicodeScalars.map { isPlain($0) ? String($0) : String(repeating: "?", count: UTF8.width($0)) }.joined()
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  /// The names of nodes that were quantized, each once.
  private static func candidates(_ result: QuantizationResult) -> [String] {
    var seen: Set<String> = []
    return result.report.decisions.filter { $0.isQuantized && !$0.node.isEmpty && seen.insert($0.node).inserted }
      .map(\.node)
  }
}
