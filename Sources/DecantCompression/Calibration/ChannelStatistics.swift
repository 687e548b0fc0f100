internal import CKernels
internal import DecantForms
internal import DecantIR

/// What calibration keeps of the channels of one value: extremes, means, and some of its rows.
public struct ChannelStatistics: Sendable, Hashable {
  /// The least value of each channel.
  public private(set) var low: [Float]
  /// The greatest value of each channel.
  public private(set) var high: [Float]
  /// How many values of each channel were seen.
  public private(set) var count = 0
  private var sums: [Double]
  /// Rows of one value for each channel, one after another; none where channels are not the last axis.
  public private(set) var rows: [Float] = []

  /// Nothing seen yet of so many channels.
  init(channels: Int) {
    low = [Float](repeating: .infinity, count: channels)
    high = [Float](repeating: -.infinity, count: channels)
    sums = [Double](repeating: 0, count: channels)
  }

  /// What `tensor` holds, with channels along `axis`.
  ///
  /// - Parameters:
  ///   - sample: the number of the sample, by which rows are drawn.
  ///   - kept: how many rows to keep, when channels are the last axis.
  /// - Throws: ``OpError`` unless it is float32 and has that axis.
  init(_ tensor: Tensor, axis: Int, sample: Int, kept: Int) throws(OpError) {
    let tensor = tensor.aligned
    guard tensor.dataType == .float32, tensor.bytes != nil, axis >= 0, axis < tensor.rank else {
      throw OpError("expected float32 data with an axis \(axis), got \(tensor.type)", kind: .unsupported)
    }
    let layout = ChannelLayout(shape: tensor.shape, axis: axis)
    self.init(channels: layout.count)
    let values = tensor.span(of: Float.self)
    guard !values.isEmpty else { return }
    count = layout.outer * layout.inner
    (low, high, sums) = ChannelStatistics.reduce(values, layout)
    guard isFinite, layout.inner == 1 else { return }
    for row in ChannelStatistics.drawn(kept, of: layout.outer, sample: sample) {
      for index in row * layout.count..<(row + 1) * layout.count { rows.append(values[index]) }
    }
  }

  private static func reduce(_ values: Span<Float>, _ layout: ChannelLayout) -> ([Float], [Float], [Double]) {
    var low = [Float](repeating: .infinity, count: layout.count)
    var high = [Float](repeating: -.infinity, count: layout.count)
    var sums = [Double](repeating: 0, count: layout.count)
    unsafe values.withUnsafeBufferPointer { values in
      unsafe low.withUnsafeMutableBufferPointer { low in
        unsafe high.withUnsafeMutableBufferPointer { high in
          unsafe sums.withUnsafeMutableBufferPointer { sums in
            guard let values = values.baseAddress, let low = low.baseAddress, let high = high.baseAddress,
              let sums = sums.baseAddress
            else { return }
            unsafe decant_channels_f32(values, layout.outer, layout.count, layout.inner, low, high, sums)
          }
        }
      }
    }
    return (low, high, sums)
  }

  /// Which of `total` rows are kept: one of each stretch of equal length, at a place that depends on the sample.
  private static func drawn(_ kept: Int, of total: Int, sample: Int) -> [Int] {
    guard kept < total else { return Array(0..<total) }
    var state = UInt64(truncatingIfNeeded: sample) &* 0x9E37_79B9_7F4A_7C15 &+ 1
    return (0..<kept).map { index in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let (start, end) = (index * total / kept, (index + 1) * total / kept)
      return start + Int((state >> 33) % UInt64(max(end - start, 1)))
    }
  }

  /// Whether all values were.
  var isFinite: Bool { sums.allSatisfy(\.isFinite) }

  /// The extremes of all channels; nil where nothing was seen, or a value was not finite.
  var range: TensorRange? {
    guard let least = low.min(), let greatest = high.max(), count > 0, isFinite else { return nil }
    return TensorRange(least, greatest)
  }

  /// How many channels.
  public var channels: Int { low.count }

  /// The mean of each channel; zeros when nothing was seen.
  public var means: [Float] { sums.map { count > 0 ? Float($0 / Double(count)) : 0 } }

  /// The largest magnitude of each channel.
  public var reaches: [Float] { zip(low, high).map { max(abs($0), abs($1)) } }

  /// Adds what was seen later.
  mutating func merge(_ other: ChannelStatistics) throws(OpError) {
    guard other.channels == channels else {
      throw OpError("it has \(other.channels) channels, and had \(channels) before")
    }
    for channel in low.indices {
      low[channel] = min(low[channel], other.low[channel])
      high[channel] = max(high[channel], other.high[channel])
      sums[channel] += other.sums[channel]
    }
    count += other.count
    rows += other.rows
  }

  /// The statistics of the value with each channel times a positive factor.
  func scaled(by factors: [Float]) -> ChannelStatistics {
    var result = self
    for channel in low.indices {
      result.low[channel] *= factors[channel]
      result.high[channel] *= factors[channel]
      result.sums[channel] *= Double(factors[channel])
    }
    for start in stride(from: 0, to: rows.count, by: max(channels, 1)) {
      for channel in 0..<channels { result.rows[start + channel] *= factors[channel] }
    }
    return result
  }
}
