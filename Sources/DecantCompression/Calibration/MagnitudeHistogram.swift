internal import CKernels

/// Counts of |x| on a grid that grows with the data: `binCount` bins over `[0, 2^exponent)`.
///
/// The grid depends on the largest magnitude only, never on the order or the batching of the samples: when a value passes
/// the end, the range doubles and neighbouring bins merge exactly. So histograms of shards add up to that of the whole.
public struct MagnitudeHistogram: Sendable, Hashable {
  /// The number of bins.
  public static let binCount = 1 << DECANT_MAGNITUDE_BITS
  private static let lowestExponent = -126

  /// The range ends at `2^exponent`.
  public private(set) var exponent: Int
  /// The counts; empty until the first value.
  public private(set) var counts: [UInt64]

  /// Nothing counted.
  public init() {
    exponent = MagnitudeHistogram.lowestExponent
    counts = []
  }

  /// From stored counts; nil unless there are ``binCount`` and the exponent is one of float32.
  public init?(exponent: Int, counts: [UInt64]) {
    let exponents = MagnitudeHistogram.lowestExponent...128
    guard counts.count == MagnitudeHistogram.binCount, exponents.contains(exponent) else { return nil }
    self.exponent = exponent
    self.counts = counts
  }

  /// The width of a bin.
  public var binWidth: Double { Double(sign: .plus, exponent: exponent, significand: 1) / Double(Self.binCount) }

  /// How many values.
  public var total: UInt64 { counts.reduce(0, &+) }

  /// Counts the magnitudes of `values`, none of which passes `maximum`; those that are not finite must be left out.
  public mutating func add(_ values: Span<Float>, maximum: Float) {
    guard !values.isEmpty else { return }
    if counts.isEmpty { counts = [UInt64](repeating: 0, count: Self.binCount) }
    while Double(maximum) >= Double(sign: .plus, exponent: exponent, significand: 1) { grow(to: maximum) }
    let exponent = Int32(exponent)
    unsafe values.withUnsafeBufferPointer { values in
      unsafe counts.withUnsafeMutableBufferPointer { counts in
        guard let source = values.baseAddress, let bins = counts.baseAddress else { return }
        unsafe decant_magnitudes_f32(source, values.count, exponent, bins)
      }
    }
  }

  /// Adds the counts of another shard.
  public mutating func merge(_ other: MagnitudeHistogram) {
    guard !other.counts.isEmpty else { return }
    guard !counts.isEmpty else {
      self = other
      return
    }
    var other = other
    while exponent < other.exponent { double() }
    while other.exponent < exponent { other.double() }
    for index in counts.indices { counts[index] &+= other.counts[index] }
  }

  private mutating func grow(to maximum: Float) {
    let isEmpty = counts.allSatisfy { $0 == 0 }
    guard isEmpty else {
      double()
      return
    }
    exponent = max(maximum == 0 ? Self.lowestExponent : Int(maximum.exponent) + 1, exponent + 1)
  }

  private mutating func double() {
    exponent += 1
    let half = Self.binCount / 2
    for index in 0..<half { counts[index] = counts[2 * index] &+ counts[2 * index + 1] }
    for index in half..<Self.binCount { counts[index] = 0 }
  }

  /// The counts on a grid of `bins` bins over `[0, maximum]`: each fine bin goes where its centre lies.
  func resampled(bins: Int, maximum: Double) -> [Double] {
    var result = [Double](repeating: 0, count: bins)
    guard maximum > 0 else { return result }
    for (index, count) in counts.enumerated() where count > 0 {
      let centre = (Double(index) + 0.5) * binWidth
      result[min(Int(centre / maximum * Double(bins)), bins - 1)] += Double(count)
    }
    return result
  }
}
