#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The clipping threshold whose quantized distribution is nearest to the data's, after NVIDIA's TensorRT calibrator.
///
/// 2,048 bins of |x|; for every threshold from 128 bins to all: P is the clipped distribution with the tail in its last bin, Q
/// is the unclipped one merged into 128 levels and spread evenly over the levels' non-empty bins; the least KL(P‖Q) wins, the
/// last one among equals. Prefix sums make a candidate cost
/// O(levels).
enum EntropySearch {
  static let binCount = 2048
  static let levelCount = 128
  /// What an empty bin of Q holds when the clipped tail makes that bin of P not empty, in counts.
  private static let smoothing = 1e-4

  static func threshold(_ histogram: MagnitudeHistogram, maximum: Double) -> Double {
    var bins = histogram.resampled(bins: binCount, maximum: maximum)
    // Exact zeros carry no information about the scale, and would dominate after a ReLU.
    bins[0] = bins[1]
    let total = bins.reduce(0, +)
    guard total > 0 else { return maximum }
    let sums = PrefixSums(bins)
    var best = (candidate: binCount, divergence: Double.infinity)
    for candidate in levelCount...binCount {
      let divergence = self.divergence(bins, sums, total, candidate)
      if divergence <= best.divergence { best = (candidate, divergence) }
    }
    return maximum * Double(best.candidate) / Double(binCount)
  }

  /// Sums over the first n bins, for n from 0.
  private struct PrefixSums {
    var mass: [Double] = [0]
    var massLogMass: [Double] = [0]
    var filled: [Int] = [0]

    init(_ bins: [Double]) {
      for (index, bin) in bins.enumerated() {
        mass.append(mass[index] + bin)
        massLogMass.append(massLogMass[index] + (bin > 0 ? bin * log(bin) : 0))
        filled.append(filled[index] + (bin > 0 ? 1 : 0))
      }
    }
  }

  /// KL(P‖Q) for a threshold after `candidate` bins, up to a constant; an empty last bin of Q counts as
  /// ``smoothing``.
  ///
  /// Times the total mass T it is Σ p·log(p) − Σ p·log(q) over the bins' masses p; within a level q is one number, so a
  /// candidate costs as many logarithms as there are levels.
  private static func divergence(_ bins: [Double], _ sums: PrefixSums, _ total: Double, _ candidate: Int) -> Double {
    let inside = sums.mass[candidate]
    let tail = total - inside
    let last = bins[candidate - 1]
    guard inside > 0 else { return .infinity }
    let clippedMass = max(tail, 0)
    let lastMass = last + clippedMass
    var divergence = sums.massLogMass[candidate - 1] + (lastMass > 0 ? lastMass * log(lastMass) : 0)
    if last == 0 { divergence -= clippedMass * log(smoothing / inside) }
    for level in 0..<levelCount {
      let start = level * candidate / levelCount
      let end = (level + 1) * candidate / levelCount
      let mass = sums.mass[end] - sums.mass[start]
      let filled = sums.filled[end] - sums.filled[start]
      guard filled > 0 else { continue }
      let clipped = level == levelCount - 1 && last > 0 ? mass + clippedMass : mass
      divergence -= clipped * log(mass / Double(filled) / inside)
    }
    return divergence
  }
}
