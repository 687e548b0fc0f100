internal import DecantForms

/// The clipping threshold of least squared error over 8-bit codes.
enum ErrorSearch {
  static let binCount = 2048
  private static let steps = 255.0

  static func threshold(_ histogram: MagnitudeHistogram, observed: TensorRange) -> Double {
    let maximum = Double(observed.magnitude)
    let bins = histogram.resampled(bins: binCount, maximum: maximum)
    var best = (threshold: maximum, error: Double.infinity)
    // From all bins downwards: of equal errors the widest range stays.
    for candidate in stride(from: binCount, through: binCount / 64, by: -1) {
      let threshold = maximum * Double(candidate) / Double(binCount)
      let error = self.error(bins, observed, threshold, binWidth: maximum / Double(binCount))
      if error < best.error { best = (threshold, error) }
    }
    return best.threshold
  }

  /// The summed squared error: a twelfth of the squared step inside, the squared distance to the end outside.
  private static func error(
    _ bins: [Double], _ observed: TensorRange, _ threshold: Double, binWidth: Double
  ) -> Double {
    let low = max(Double(min(observed.low, 0)), -threshold)
    let high = min(Double(max(observed.high, 0)), threshold)
    let step = (high - low) / steps
    var error = 0.0
    for (index, count) in bins.enumerated() where count > 0 {
      let excess = (Double(index) + 0.5) * binWidth - threshold
      error += count * (excess > 0 ? excess * excess : step * step / 12)
    }
    return error
  }
}
