internal import DecantIR

/// Sixteen numbers from -1 to 1 that 4-bit codes stand for, times the largest magnitude of a block.
public enum Codebook: String, Sendable, CaseIterable {
  /// Quantiles of a normal distribution (Dettmers et al., 2305.14314).
  case normalFloat = "nf4"
  /// A sign, two bits of exponent and one of fraction.
  case float = "fp4"

  /// The attribute `quant_type` of MatMulBnb4.
  package var quantType: Int { self == .float ? 0 : 1 }

  /// By code.
  package var values: [Float] { self == .normalFloat ? Codebook.normal : Codebook.small }

  /// The code of a number from -1 to 1: that of the nearest value, as bitsandbytes decides it.
  package func code(of number: Float) -> UInt8 {
    guard self == .float else { return UInt8(Codebook.rank(number, Codebook.normalBounds)) }
    return Codebook.smallCodes[Codebook.rank(abs(number), Codebook.smallBounds)] + (number < 0 ? 8 : 0)
  }

  /// How many bounds lie below `number`; bounds are ascending.
  private static func rank(_ number: Float, _ bounds: [Float]) -> Int {
    var (low, high) = (0, bounds.count)
    while low < high {
      let middle = (low + high) / 2
      if number > bounds[middle] { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static let normal: [Float] = [
    -1, -0.6961928, -0.52507305, -0.39491749, -0.28444138, -0.18477343, -0.091050036, 0, 0.0795803, 0.1609302,
    0.2461123, 0.33791524, 0.44070983, 0.562617, 0.72295684, 1,
  ]
  private static let normalBounds: [Float] = [
    -0.84809643, -0.6106329, -0.45999527, -0.33967942, -0.2346074, -0.13791174, -0.045525018, 0.03979015, 0.120255254,
    0.20352125, 0.29201376, 0.38931254, 0.5016634, 0.6427869, 0.8614784,
  ]
  private static let small: [Float] = [
    0, 0.0052083333, 0.6666667, 1, 0.33333334, 0.5, 0.16666667, 0.25, 0, -0.0052083333, -0.6666667, -1, -0.33333334,
    -0.5, -0.16666667, -0.25,
  ]
  private static let smallBounds: [Float] = [
    0.00260417, 0.0859375, 0.20833333, 0.29166666, 0.4166667, 0.583333, 0.8333333,
  ]
  /// The codes of values that are not negative, in the order of the values.
  private static let smallCodes: [UInt8] = [0, 1, 6, 7, 4, 5, 2, 3]
}
