public import DecantBytes
public import DecantForms
public import DecantIR

/// Counts of values on both sides of zero, for pictures: two histograms of magnitudes, so that shards add up exactly.
public struct SignedHistogram: Sendable {
  /// The extremes; nil until there is data.
  public private(set) var range: TensorRange?
  /// How many values were infinite, masks or not a number, and are not counted.
  public private(set) var leftOut = 0
  private var positive = MagnitudeHistogram()
  private var negative = MagnitudeHistogram()

  /// Nothing counted.
  public init() {}

  /// Takes one more tensor of floats.
  ///
  /// - Throws: ``OpError`` for other types.
  public mutating func observe(_ tensor: Tensor) throws(OpError) {
    guard tensor.dataType.isFloat, let values = tensor.floats else {
      throw OpError("expected floats to count, got \(tensor.dataType)", kind: .unsupported)
    }
    var (above, below): ([Float], [Float]) = ([], [])
    var found = range ?? TensorRange(.infinity, -.infinity)
    for value in values {
      guard abs(value) < TensorStatistics.sentinel else {
        leftOut += 1
        continue
      }
      found = TensorRange(min(found.low, value), max(found.high, value))
      if value < 0 { below.append(-value) } else { above.append(value) }
    }
    guard found.low <= found.high else { return }
    range = found
    positive.add(above.span, maximum: above.max() ?? 0)
    negative.add(below.span, maximum: below.max() ?? 0)
  }

  /// Adds what another shard saw.
  public mutating func merge(_ other: SignedHistogram) {
    leftOut += other.leftOut
    positive.merge(other.positive)
    negative.merge(other.negative)
    guard let more = other.range else { return }
    range = range.map { TensorRange(min($0.low, more.low), max($0.high, more.high)) } ?? more
  }

  /// The counts in `bins` bins of equal width over the range; zeros when nothing was counted.
  public func counts(bins: Int) -> [Double] {
    var counts = [Double](repeating: 0, count: bins)
    guard let range, bins > 0 else { return counts }
    let (low, width) = (Double(range.low), Double(range.high) - Double(range.low))
    for (histogram, sign) in [(negative, -1.0), (positive, 1.0)] {
      for (index, count) in histogram.counts.enumerated() where count > 0 {
        let centre = sign * (Double(index) + 0.5) * histogram.binWidth
        let place = width > 0 ? Int(max(0, (centre - low) / width) * Double(bins)) : 0
        counts[min(place, bins - 1)] += Double(count)
      }
    }
    return counts
  }
}

extension Calibrator {
  /// Histograms of the watched values.
  ///
  /// - Throws: as ``run(_:withHistograms:)``.
  public func signedHistograms(_ samples: Samples) throws(DecantError) -> [String: SignedHistogram] {
    let collected = try collect(samples, step: "histograms") { _ in
      SignedHistogram()
    } observe: { (histogram, tensor, _) throws(OpError) in
      try histogram.observe(tensor)
    }
    var total: [String: SignedHistogram] = [:]
    for collector in collected {
      total.merge(collector) { mine, theirs in
        var merged = mine
        merged.merge(theirs)
        return merged
      }
    }
    return total
  }
}
