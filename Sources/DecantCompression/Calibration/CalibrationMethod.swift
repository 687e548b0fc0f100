public import DecantForms
public import DecantIR

/// How a range is chosen from what calibration saw.
public enum CalibrationMethod: Sendable, Hashable {
  /// The extremes.
  case minMax
  /// Clips the largest magnitudes: keeps this percentage of them, 99.999 by default.
  case percentile(Double)
  /// Clips where the codes' distribution is nearest to the data's (Kullback-Leibler, 2,048 bins, 128 levels).
  case entropy
  /// Clips where rounding and clipping cost the least squared error.
  case meanSquaredError

  /// The names on the command line.
  public static let names = ["minmax", "percentile", "entropy", "mse"]

  /// The method called `name`; nil when there is none.
  public init?(name: String, percentile: Double = 99.999) {
    switch name {
    case "minmax": self = .minMax
    case "percentile": self = .percentile(percentile)
    case "entropy": self = .entropy
    case "mse": self = .meanSquaredError
    default: return nil
    }
  }

  /// The name on the command line.
  public var name: String {
    switch self {
    case .minMax: "minmax"
    case .percentile: "percentile"
    case .entropy: "entropy"
    case .meanSquaredError: "mse"
    }
  }

  /// Whether it needs more than the extremes.
  public var needsHistogram: Bool { self != .minMax }

  /// The range for a tensor; nil when no data was seen.
  ///
  /// - Throws: ``OpError`` when the method needs a histogram that was not taken, or a percentage is out of range.
  public func range(of statistics: TensorStatistics) throws(OpError) -> TensorRange? {
    guard let observed = statistics.range else { return nil }
    guard needsHistogram, observed.magnitude > 0 else { return observed }
    guard !statistics.histogram.counts.isEmpty else {
      throw OpError("the statistics hold extremes only, and the method '\(name)' needs a histogram")
    }
    let threshold: Double
    switch self {
    case .minMax: return observed
    case .percentile(let percentage):
      guard percentage > 0, percentage <= 100 else {
        throw OpError("'percentile' expected above 0 and at most 100, got \(percentage)")
      }
      threshold = PercentileSearch.threshold(statistics.histogram, percentage: percentage)
    case .entropy: threshold = EntropySearch.threshold(statistics.histogram, maximum: Double(observed.magnitude))
    case .meanSquaredError: threshold = ErrorSearch.threshold(statistics.histogram, observed: observed)
    }
    let limit = Float(threshold)
    return TensorRange(max(observed.low, -limit), min(observed.high, limit))
  }
}
