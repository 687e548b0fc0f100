public import DecantBytes
public import DecantIR
public import DecantRuntime
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

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
    var sums = pairs.map { _ in Sums() }
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

  private static func pair(
    _ reference: [String], _ other: [String]
  ) throws(DecantError) -> [(reference: String, other: String)] {
    if reference.allSatisfy(other.contains) { return reference.map { ($0, $0) } }
    guard reference.count == other.count else {
      throw DecantError(
        .malformed, "expected models with the same outputs, got \(reference.count) and \(other.count) with other names")
    }
    return Array(zip(reference, other))
  }

  private struct Sums {
    var (signal, noise, otherSignal, product) = (0.0, 0.0, 0.0, 0.0)
    var (largest, low, high) = (0.0, Double.infinity, -Double.infinity)
    var (rows, agreeing, count) = (0, 0, 0)

    mutating func add(_ reference: Tensor, _ other: Tensor, name: String) throws(DecantError) {
      guard reference.shape == other.shape else {
        throw DecantError(.malformed, "output '\(name)': expected \(reference.shape), got \(other.shape)")
      }
      guard let a = reference.floats, let b = other.floats else {
        throw DecantError(.unsupported, "output '\(name)' of type \(reference.dataType) cannot be compared")
      }
      count += a.count
      for (x, y) in zip(a, b) {
        let (x, y) = (Double(x), Double(y))
        let difference = x == y || (x.isNaN && y.isNaN) ? 0 : abs(x - y)
        largest = difference.isNaN ? .infinity : max(largest, difference)
        noise += difference * difference
        guard x.isFinite, y.isFinite else { continue }
        low = min(low, x)
        high = max(high, x)
        signal += x * x
        otherSignal += y * y
        product += x * y
      }
      guard reference.rank >= 2, let width = reference.shape.last, width > 1 else { return }
      for row in 0..<a.count / width {
        let range = row * width..<(row + 1) * width
        rows += 1
        if Comparison.place(ofLargestIn: a[range]) == Comparison.place(ofLargestIn: b[range]) { agreeing += 1 }
      }
    }

    func output(name: String) -> Output {
      let norms = (signal * otherSignal).squareRoot()
      let cosine = noise == 0 ? 1 : norms > 0 ? product / norms : 0
      return Output(
        name: name, snr: noise == 0 ? .infinity : 10 * log10(signal / noise), cosine: cosine,
        maximumDifference: largest, relativeDifference: high > low ? largest / (high - low) : largest,
        topOne: rows > 0 ? Double(agreeing) / Double(rows) : nil, count: count)
    }
  }

  /// The place of the largest element, the first one of equals, counted from the slice's start.
  static func place(ofLargestIn row: ArraySlice<Float>) -> Int {
    var best = row.startIndex
    for index in row.indices where row[index] > row[best] { best = index }
    return best - row.startIndex
  }
}
