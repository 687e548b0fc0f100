public import DecantBytes
public import DecantIR
public import DecantRuntime

/// How often a classifier's largest output is the label.
public struct Evaluation: Sendable {
  /// How many samples have the right label.
  public let correct: Int
  /// How many samples.
  public let count: Int

  /// The share of samples with the right label.
  public var accuracy: Double { Double(correct) / Double(count) }

  /// Runs the model on all samples and compares the place of the largest element along the last axis with the label.
  ///
  /// - Parameter output: the output with the scores; nil for the first.
  /// - Throws: `malformed` when labels and samples do not match, and what running throws.
  public init(
    _ executor: Executor, on samples: SampleSet, labels: Tensor, output: String? = nil,
    reporter: any Reporter = SilentReporter()
  ) throws(DecantError) {
    var tally = try LabelTally(labels, output: output, of: executor)
    for index in 0..<samples.count {
      try tally.add(try executor.run(try samples.inputs(index)), firstRow: tally.count)
      reporter.report(.progress("eval", done: index + 1, total: samples.count, unit: "runs"))
    }
    guard tally.count == tally.labels.count, tally.count > 0 else {
      throw DecantError(
        .malformed, "expected \(tally.count) labels, one for each row of scores, got \(tally.labels.count)")
    }
    (correct, count) = (tally.correct, tally.count)
  }
}

/// Counts the rows of scores whose largest element is at the place that a label names.
struct LabelTally {
  /// One for each row of all samples.
  let labels: [Int]
  private let output: String
  private(set) var correct = 0
  /// How many rows were counted.
  private(set) var count = 0

  /// The share of rows with the right label.
  var accuracy: Double { Double(correct) / Double(count) }

  /// Nothing counted of the scores in `output`, or in the first output.
  ///
  /// - Throws: `malformed` for labels that are not integers, `usage` for an output that the model does not have.
  init(_ labels: Tensor, output: String? = nil, of executor: Executor) throws(DecantError) {
    guard let wanted = labels.integers else {
      throw DecantError(.malformed, "labels expected as integers, got \(labels.dataType)")
    }
    guard let name = output ?? executor.outputNames.first, executor.outputNames.contains(name) else {
      throw DecantError(.usage, "the model has no output '\(output ?? "")', only \(executor.outputNames)")
    }
    self.labels = wanted
    self.output = name
  }

  /// Adds the rows of a run, the first of which has the label at `firstRow`.
  ///
  /// - Throws: `malformed` for results without scores, and for more rows than labels.
  mutating func add(_ result: RunResult, firstRow: Int) throws(DecantError) {
    guard let scores = result[output], let values = scores.floats, let classes = scores.shape.last, classes > 0 else {
      throw DecantError(.malformed, "output '\(output)' holds no scores along its last axis")
    }
    let rows = values.count / classes
    guard firstRow + rows <= labels.count else {
      throw DecantError(
        .malformed, "expected a label for each row of scores, at least \(firstRow + rows), got \(labels.count)")
    }
    for row in 0..<rows {
      let place = Comparison.place(ofLargestIn: values[row * classes..<(row + 1) * classes])
      correct += place == labels[firstRow + row] ? 1 : 0
    }
    count += rows
  }
}
