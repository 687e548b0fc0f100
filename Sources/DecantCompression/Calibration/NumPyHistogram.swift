internal import DecantForms
internal import DecantIR

/// The extremes of a tensor and of its magnitudes, NaN left out.
struct MagnitudeExtremes: Sendable {
  private(set) var range: TensorRange?
  private(set) var least: Float = 0
  private(set) var greatest: Float = 0

  mutating func observe(_ tensor: Tensor) throws(OpError) {
    let tensor = tensor.aligned
    guard tensor.dataType == .float32, tensor.bytes != nil else {
      throw OpError("expected float32 data to calibrate on, got \(tensor.dataType)", kind: .unsupported)
    }
    let values = tensor.span(of: Float.self)
    var found = MagnitudeExtremes()
    for index in values.indices {
      let value = values[index]
      guard !value.isNaN else { continue }
      let magnitude = abs(value)
      guard let range = found.range else {
        found = MagnitudeExtremes(range: TensorRange(value, value), least: magnitude, greatest: magnitude)
        continue
      }
      if value < range.low { found.range?.low = value }
      if value > range.high { found.range?.high = value }
      found.least = min(found.least, magnitude)
      found.greatest = max(found.greatest, magnitude)
    }
    self = merged(with: found)
  }

  func merged(with other: MagnitudeExtremes) -> MagnitudeExtremes {
    guard let mine = range else { return other }
    guard let theirs = other.range else { return self }
    return MagnitudeExtremes(
      range: TensorRange(min(mine.low, theirs.low), max(mine.high, theirs.high)), least: min(least, other.least),
      greatest: max(greatest, other.greatest))
  }
}

/// `numpy.histogram` of float32 magnitudes over their own extremes, to the bit: float32 edges, float32 bin indices that are
/// corrected against the edges, the last bin closed.
struct NumPyHistogram: Sendable {
  private let edges: [Float]
  private var counts: [Int]

  init(low: Float, high: Float, bins: Int) {
    let (first, last) = low == high ? (low - 0.5, high + 0.5) : (low, high)
    let step = (last - first) / Float(bins)
    var edges = (0...bins).map { Float($0) * step + first }
    edges[bins] = last
    self.edges = edges
    counts = [Int](repeating: 0, count: bins)
  }

  mutating func observe(_ tensor: Tensor) throws(OpError) {
    let tensor = tensor.aligned
    guard tensor.dataType == .float32, tensor.bytes != nil else {
      throw OpError("expected float32 data to calibrate on, got \(tensor.dataType)", kind: .unsupported)
    }
    let values = tensor.span(of: Float.self)
    let (first, last) = (edges[0], edges[edges.count - 1])
    let bins = counts.count
    let width = last - first
    guard width.isFinite else { throw OpError("a value is infinite, and a histogram of even bins cannot hold it") }
    for position in values.indices {
      let value = abs(values[position])
      guard value >= first, value <= last else { continue }
      // Extremes so large that no float lies between them leave no width; then all values are in the first bin.
      var index = width > 0 ? min(Int((value - first) / width * Float(bins)), bins - 1) : 0
      if value < edges[index] { index -= 1 }
      if index != bins - 1, value >= edges[index + 1] { index += 1 }
      counts[max(index, 0)] += 1
    }
  }

  func merged(with other: NumPyHistogram) -> NumPyHistogram {
    var sum = self
    for index in counts.indices { sum.counts[index] += other.counts[index] }
    return sum
  }

  /// The left edge of the first bin at which the cumulated share reaches `percentage`.
  func edge(atPercentile percentage: Double) -> Float {
    let total = Double(counts.reduce(0, +))
    var share = 0.0
    for (index, count) in counts.enumerated() {
      share += Double(count) / total
      if share >= percentage / 100 { return edges[index] }
    }
    return edges[counts.count]
  }
}
