internal import DecantBytes
internal import DecantIR

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// What is summed over the samples to say how far two outputs are apart.
struct OutputSums {
  private var (signal, noise, otherSignal, product) = (0.0, 0.0, 0.0, 0.0)
  private var (largest, low, high) = (0.0, Double.infinity, -Double.infinity)
  private var (rows, agreeing, count) = (0, 0, 0)

  /// Adds one run.
  ///
  /// - Throws: `malformed` for other shapes, `unsupported` for outputs that are no numbers.
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

  /// The distance so far.
  func output(name: String) -> Comparison.Output {
    let norms = (signal * otherSignal).squareRoot()
    let cosine = noise == 0 ? 1 : norms > 0 ? product / norms : 0
    return Comparison.Output(
      name: name, snr: noise == 0 ? .infinity : 10 * log10(signal / noise), cosine: cosine,
      maximumDifference: largest, relativeDifference: high > low ? largest / (high - low) : largest,
      topOne: rows > 0 ? Double(agreeing) / Double(rows) : nil, count: count)
  }
}

extension Comparison.Output {
  /// The noise as a share of the energy.
  var noiseShare: Double { pow(10, -snr / 10) }
}
