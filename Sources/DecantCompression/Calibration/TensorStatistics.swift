public import DecantForms
public import DecantIR
internal import CKernels

/// What calibration keeps of one value: a few numbers, however many samples it saw.
public struct TensorStatistics: Sendable, Hashable {
  /// Magnitudes from here on, infinities included, are masks rather than data: they are counted and stretch no range.
  public static let sentinel: Float = 1e30

  /// How many elements were seen, sentinels included.
  public var count: UInt64 = 0
  /// How many of them were sentinels.
  public var sentinels: UInt64 = 0
  /// The extremes without sentinels; nil until there is data.
  public var range: TensorRange?
  /// The magnitudes without sentinels; empty when the method needs none.
  public var histogram = MagnitudeHistogram()

  /// Nothing seen.
  public init() {}

  /// Takes one more tensor, of type float32.
  ///
  /// - Parameter known: its extremes, for whoever has looked at all elements and found none that is not finite.
  /// - Throws: ``OpError`` when it holds NaN.
  public mutating func observe(
    _ tensor: Tensor, withHistogram: Bool, known: TensorRange? = nil
  ) throws(OpError) {
    let tensor = tensor.aligned
    guard tensor.dataType == .float32, tensor.bytes != nil else {
      throw OpError("expected float32 data to calibrate on, got \(tensor.dataType)", kind: .unsupported)
    }
    let values = tensor.span(of: Float.self)
    guard !values.isEmpty else { return }
    if let known, known.magnitude < Self.sentinel {
      count += UInt64(values.count)
      return add(values, known, withHistogram)
    }
    let found = unsafe values.withUnsafeBufferPointer { buffer -> decant_range in
      guard let base = buffer.baseAddress else { return decant_range() }
      return unsafe decant_range_f32(base, buffer.count)
    }
    guard found.nans == 0 else {
      let first = values.indices.first { values[$0].isNaN } ?? 0
      throw OpError("\(found.nans) of \(values.count) elements are not a number, the first at \(first)")
    }
    count += UInt64(values.count)
    let hasSentinels =
      found.positive_infinities + found.negative_infinities > 0 || found.max >= Self.sentinel
      || found.min <= -Self.sentinel
    guard !hasSentinels else { return observeWithSentinels(values, withHistogram) }
    add(values, TensorRange(found.min, found.max), withHistogram)
  }

  private mutating func observeWithSentinels(_ values: Span<Float>, _ withHistogram: Bool) {
    var kept: [Float] = []
    for index in values.indices where abs(values[index]) < Self.sentinel { kept.append(values[index]) }
    sentinels += UInt64(values.count - kept.count)
    guard let first = kept.first else { return }
    let range = kept.reduce(TensorRange(first, first)) { TensorRange(min($0.low, $1), max($0.high, $1)) }
    add(kept.span, range, withHistogram)
  }

  private mutating func add(_ values: Span<Float>, _ found: TensorRange, _ withHistogram: Bool) {
    range = range.map { TensorRange(min($0.low, found.low), max($0.high, found.high)) } ?? found
    if withHistogram { histogram.add(values, maximum: found.magnitude) }
  }

  /// Adds what another shard saw.
  public mutating func merge(_ other: TensorStatistics) {
    count += other.count
    sentinels += other.sentinels
    histogram.merge(other.histogram)
    guard let more = other.range else { return }
    range = range.map { TensorRange(min($0.low, more.low), max($0.high, more.high)) } ?? more
  }
}
