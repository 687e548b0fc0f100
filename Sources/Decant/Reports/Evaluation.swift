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
    guard let wanted = labels.integers else {
      throw DecantError(.malformed, "labels expected as integers, got \(labels.dataType)")
    }
    guard let name = output ?? executor.outputNames.first, executor.outputNames.contains(name) else {
      throw DecantError(.usage, "the model has no output '\(output ?? "")', only \(executor.outputNames)")
    }
    var guesses: [Int] = []
    for index in 0..<samples.count {
      let result = try executor.run(try samples.inputs(index))
      guard let scores = result[name], let values = scores.floats, let classes = scores.shape.last, classes > 0 else {
        throw DecantError(.malformed, "output '\(name)' holds no scores along its last axis")
      }
      for row in 0..<values.count / classes {
        guesses.append(Comparison.place(ofLargestIn: values[row * classes..<(row + 1) * classes]))
      }
      reporter.report(.progress("eval", done: index + 1, total: samples.count, unit: "runs"))
    }
    guard guesses.count == wanted.count, !wanted.isEmpty else {
      throw DecantError(.malformed, "expected \(guesses.count) labels, one for each row of scores, got \(wanted.count)")
    }
    correct = zip(guesses, wanted).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
    count = wanted.count
  }
}
