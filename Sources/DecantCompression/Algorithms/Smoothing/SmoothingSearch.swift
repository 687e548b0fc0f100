#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif
internal import CKernels
internal import DecantForms
internal import DecantIR

/// Finds the factors by which the columns of an activation are divided before they become codes (SmoothQuant, Xiao et al. 2023).
///
/// Column j is divided by `s_j = max|X_j|^a / max|W_j|^(1-a)` and its weights multiplied by it. Of several exponents a, and of
/// no smoothing at all, that one wins whose products are nearest to the float ones on the kept rows: errors of codes are
/// taken as independent of each other, so those of a column count with the squared weights that they meet, and those of
/// weights with the squared activations.
struct SmoothingSearch {
  /// A choice and what it costs.
  struct Candidate {
    /// The exponent; nil for no smoothing.
    let exponent: Float?
    /// Zero for columns that are left out, to be multiplied in float.
    let factors: [Float]
    /// The columns that are left out.
    let outliers: [Int]
    /// The range of the smoothed activation.
    let range: TensorRange
    /// The mean squared error of a row of all products.
    let error: Double
  }

  let statistics: ChannelStatistics
  /// The matrices, inputs by outputs.
  let weights: [Matrix]
  let activations: IntegerGrid
  let weightGrid: IntegerGrid
  let isPerChannel: Bool
  let isSymmetric: Bool
  let method: CalibrationMethod
  /// Whether biases make up for means of weight errors, so that only what varies counts.
  let correctsBiases: Bool
  /// How many columns may be left out of the codes, if that pays.
  let outliers: Int
  /// The largest magnitude of each row of weights.
  private let strengths: [Float]
  /// The sum of squares of each row of weights.
  private let powers: [Double]

  /// From its parts.
  init(
    statistics: ChannelStatistics, weights: [Matrix], activations: IntegerGrid, weightGrid: IntegerGrid,
    isPerChannel: Bool, isSymmetric: Bool, method: CalibrationMethod, correctsBiases: Bool, outliers: Int
  ) {
    self.statistics = statistics
    self.weights = weights
    self.activations = activations
    self.weightGrid = weightGrid
    self.isPerChannel = isPerChannel
    self.isSymmetric = isSymmetric
    self.method = method
    self.correctsBiases = correctsBiases
    self.outliers = outliers
    var strengths = [Float](repeating: 0, count: statistics.channels)
    var powers = [Double](repeating: 0, count: statistics.channels)
    for matrix in weights {
      for row in 0..<matrix.rows {
        for value in matrix.elements[row * matrix.columns..<(row + 1) * matrix.columns] {
          strengths[row] = max(strengths[row], abs(value))
          powers[row] += Double(value * value)
        }
      }
    }
    (self.strengths, self.powers) = (strengths, powers)
  }

  /// The exponents that a search tries.
  static let exponents: [Float] = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
  /// A smoothing has to take at least this share of the error away.
  private static let leastGain = 0.1

  /// Columns are left out when this share of the error, or less, stays.
  private static let outlierGain = 0.7

  /// No smoothing and the best of `exponents`; the latter is nil where it gains too little.
  func best(of exponents: [Float]) throws(OpError) -> (off: Candidate, best: Candidate?) {
    let off = try candidate(nil)
    var best: Candidate?
    for exponent in exponents {
      let candidate = try candidate(exponent)
      if candidate.error < best?.error ?? .infinity { best = candidate }
    }
    guard let found = best, let exponent = found.exponent else { return (off, nil) }
    let chosen = try withoutOutliers(than: found, near: exponent)
    guard chosen.error < off.error * (1 - SmoothingSearch.leastGain) else { return (off, nil) }
    return (off, chosen)
  }

  /// `found`, or what is clearly better with the columns of largest reach left out: the fewest that do.
  private func withoutOutliers(than found: Candidate, near exponent: Float) throws(OpError) -> Candidate {
    let reaches = statistics.reaches
    let order = reaches.indices.sorted { (reaches[$0], $1) > (reaches[$1], $0) }
    var best = found
    // Powers of two, and the most.
    let counts = (0..<16).map { 1 << $0 }.filter { $0 < outliers } + (outliers > 0 ? [outliers] : [])
    for count in counts where count * 32 <= reaches.count {
      for exponent in [exponent, exponent - 0.1, exponent - 0.2] where exponent >= 0 {
        let candidate = try candidate(exponent, leavingOut: order[..<count].sorted())
        if candidate.error < best.error * SmoothingSearch.outlierGain { best = candidate }
      }
    }
    return best
  }

  /// What `exponent` gives, with some columns left out.
  func candidate(_ exponent: Float?, leavingOut outliers: [Int] = []) throws(OpError) -> Candidate {
    var factors = exponent.map { self.factors($0) } ?? [Float](repeating: 1, count: statistics.channels)
    for column in outliers { factors[column] = 0 }
    let smoothed = statistics.scaled(by: SmoothingSearch.inverses(of: factors))
    let range = try self.range(of: smoothed)
    return Candidate(
      exponent: exponent, factors: factors, outliers: outliers, range: range,
      error: activationError(smoothed, range, factors) + weightError(smoothed, factors))
  }

  /// What columns are multiplied by; zero for those that are left out.
  static func inverses(of factors: [Float]) -> [Float] { factors.map { $0 == 0 ? 0 : 1 / $0 } }

  /// Of geometric mean 1, so that an exponent says nothing of the activation's size as a whole.
  private func factors(_ exponent: Float) -> [Float] {
    let reaches = statistics.reaches
    let most = max(reaches.max() ?? 0, .leastNormalMagnitude)
    let strongest = max(strengths.max() ?? 0, .leastNormalMagnitude)
    let logarithms = reaches.indices.map { index in
      exponent * log(max(reaches[index], most * 1e-5)) - (1 - exponent) * log(max(strengths[index], strongest * 1e-5))
    }
    let mean = logarithms.reduce(0, +) / Float(logarithms.count)
    return logarithms.map { exp($0 - mean) }
  }

  /// The range that the calibration method chooses, from the kept rows where it needs more than extremes.
  private func range(of smoothed: ChannelStatistics) throws(OpError) -> TensorRange {
    let extremes = TensorRange(smoothed.low.min() ?? 0, smoothed.high.max() ?? 0)
    guard method.needsHistogram, !smoothed.rows.isEmpty else { return extremes }
    var statistics = TensorStatistics()
    try statistics.observe(Tensor(smoothed.rows), withHistogram: true)
    return try method.range(of: statistics) ?? extremes
  }

  private func activationError(_ smoothed: ChannelStatistics, _ range: TensorRange, _ factors: [Float]) -> Double {
    let columns = smoothed.channels
    let rows = smoothed.rows.count / columns
    guard rows > 0 else { return 0 }
    let parameters = AffineParameters(range: range, grid: activations, symmetric: isSymmetric)
    var errors = [Float](repeating: 0, count: columns)
    let steps = [Float](repeating: 1 / parameters.scale, count: columns)
    unsafe smoothed.rows.withUnsafeBufferPointer { values in
      unsafe steps.withUnsafeBufferPointer { steps in
        unsafe errors.withUnsafeMutableBufferPointer { errors in
          guard let values = values.baseAddress, let steps = steps.baseAddress, let errors = errors.baseAddress
          else { return }
          unsafe decant_rounding_errors_f32(
            values, rows, columns, steps, Float(activations.codes.lowerBound - parameters.zeroPoint),
            Float(activations.codes.upperBound - parameters.zeroPoint), errors)
        }
      }
    }
    var total = 0.0
    for column in 0..<columns {
      let step = Double(parameters.scale) * Double(factors[column])
      total += Double(errors[column]) / Double(rows) * step * step * powers[column]
    }
    return total
  }

  private func weightError(_ smoothed: ChannelStatistics, _ factors: [Float]) -> Double {
    let columns = smoothed.channels
    let rows = max(smoothed.rows.count / columns, 1)
    var powers = [Double](repeating: 0, count: columns)
    var sums = powers
    for start in stride(from: 0, to: smoothed.rows.count, by: max(columns, 1)) {
      for column in 0..<columns {
        let value = smoothed.rows[start + column]
        powers[column] += Double(value * value)
        sums[column] += Double(value)
      }
    }
    var total = 0.0
    for matrix in weights {
      let errors = rowErrors(matrix, factors)
      for row in 0..<matrix.rows {
        let mean = correctsBiases ? sums[row] / Double(rows) : 0
        total += errors[row] * max(powers[row] / Double(rows) - mean * mean, 0)
      }
    }
    return total
  }

  /// The summed squared errors of each row of a matrix whose rows are multiplied by factors, as codes.
  private func rowErrors(_ matrix: Matrix, _ factors: [Float]) -> [Double] {
    var extremes = [Float](repeating: 0, count: matrix.columns)
    for row in 0..<matrix.rows {
      for column in 0..<matrix.columns {
        extremes[column] = max(extremes[column], abs(matrix[row, column]) * factors[row])
      }
    }
    if !isPerChannel { extremes = [Float](repeating: extremes.max() ?? 0, count: extremes.count) }
    let most = Float(weightGrid.target(symmetric: true).upperBound)
    let steps = extremes.map { $0 > 0 ? most / $0 : 0 }
    let sizes = extremes.map { $0 / most }
    return (0..<matrix.rows).map { row in
      var sum: Float = 0
      let start = row * matrix.columns
      for column in 0..<matrix.columns {
        let exact = matrix.elements[start + column] * factors[row] * steps[column]
        let error = ((exact + 12_582_912) - 12_582_912 - exact) * sizes[column]
        sum += error * error
      }
      return Double(sum)
    }
  }
}
