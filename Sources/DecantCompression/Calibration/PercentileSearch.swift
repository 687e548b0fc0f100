/// The magnitude below which a percentage of the data lies.
enum PercentileSearch {
  /// The upper edge of the first bin at which the cumulated counts reach `percentage` of all.
  static func threshold(_ histogram: MagnitudeHistogram, percentage: Double) -> Double {
    let needed = Double(histogram.total) * percentage / 100
    var sum: UInt64 = 0
    for (index, count) in histogram.counts.enumerated() {
      sum += count
      if Double(sum) >= needed { return Double(index + 1) * histogram.binWidth }
    }
    return Double(histogram.counts.count) * histogram.binWidth
  }
}
