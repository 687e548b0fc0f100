public import DecantBytes
public import DecantIR
public import DecantRuntime

/// How far the outputs of two models are apart on the same samples.
public struct Comparison: Sendable {
  /// One output.
  public struct Output: Sendable {
    /// Its name in the first model.
    public let name: String
    /// Signal to noise in dB: 10·log10(Σ reference² / Σ difference²); infinite when equal.
    public let snr: Double
    /// The cosine between both, over all samples.
    public let cosine: Double
    /// The largest difference.
    public let maximumDifference: Double
    /// The largest difference as a share of the reference's range.
    public let relativeDifference: Double
    /// The share of rows along the last axis whose largest element is at the same place; nil for outputs without rows.
    public let topOne: Double?
    /// How many elements.
    public let count: Int
  }

  /// Output by output, in the first model's order.
  public let outputs: [Output]
  /// How many samples were run.
  public let samples: Int

  /// Runs both models on all samples. Outputs are paired by name, or by place when no name is common.
  ///
  /// - Throws: `malformed` for models whose outputs do not pair or differ in shape, and what running throws.
  public init(
    _ reference: Executor, _ other: Executor, on samples: SampleSet, reporter: any Reporter = SilentReporter()
  ) throws(DecantError) {
    let pairs = try Comparison.pair(reference.outputNames, other.outputNames)
    var sums = pairs.map { _ in OutputSums() }
    for index in 0..<samples.count {
      let inputs = try samples.inputs(index)
      let first = try reference.run(inputs)
      let second = try other.run(inputs)
      for (position, pair) in pairs.enumerated() {
        guard let a = first[pair.reference], let b = second[pair.other] else { continue }
        try sums[position].add(a, b, name: pair.reference)
      }
      reporter.report(.progress("compare", done: index + 1, total: samples.count, unit: "runs"))
    }
    outputs = zip(pairs, sums).map { $1.output(name: $0.reference) }
    self.samples = samples.rows
  }

  static func pair(
    _ reference: [String], _ other: [String]
  ) throws(DecantError) -> [(reference: String, other: String)] {
    if reference.allSatisfy(other.contains) { return reference.map { ($0, $0) } }
    guard reference.count == other.count else {
      throw DecantError(
        .malformed, "expected models with the same outputs, got \(reference.count) and \(other.count) with other names")
    }
    return Array(zip(reference, other))
  }

  /// The place of the largest element, the first one of equals, counted from the slice's start.
  static func place(ofLargestIn row: ArraySlice<Float>) -> Int {
    var best = row.startIndex
    for index in row.indices where row[index] > row[best] { best = index }
    return best - row.startIndex
  }
}
