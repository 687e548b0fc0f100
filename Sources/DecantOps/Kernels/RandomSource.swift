internal import DecantIR

/// Random numbers in a fixed order for each seed: the Mersenne Twister MT19937 of Matsumoto and Nishimura (1998), seeded and
/// read as NumPy's `RandomState` does, so that what is drawn with a seed is what ONNX's reference implementation draws.
struct RandomSource {
  private static let length = 624
  private static let shift = 397

  private var words: [UInt32]
  private var next = RandomSource.length
  /// The other number of the last pair of normal ones.
  private var spare: Double?

  /// From a seed.
  init(seed: UInt32) {
    words = [seed]
    words.reserveCapacity(RandomSource.length)
    for index in 1..<RandomSource.length {
      let last = words[index - 1]
      words.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(index))
    }
  }

  /// From the attribute `seed`, a float or an integer of which the low 32 bits count; from the node where it is missing.
  init(_ context: EvaluationContext) {
    switch context.attributes["seed"] {
    case .int(let seed)?: self.init(seed: UInt32(truncatingIfNeeded: seed))
    case .float(let seed)? where !seed.isNaN:
      let whole = seed.rounded(.towardZero)
      self.init(seed: UInt32(exactly: whole) ?? whole.bitPattern)
    default: self.init(seed: UInt32(truncatingIfNeeded: context.stream ^ context.stream >> 32))
    }
  }

  /// 32 bits.
  mutating func bits() -> UInt32 {
    if next == RandomSource.length { refill() }
    var word = words[next]
    next += 1
    word ^= word >> 11
    word ^= word << 7 & 0x9d2c_5680
    word ^= word << 15 & 0xefc6_0000
    return word ^ word >> 18
  }

  private mutating func refill() {
    for index in 0..<RandomSource.length {
      let joined = words[index] & 0x8000_0000 | words[(index + 1) % RandomSource.length] & 0x7fff_ffff
      let far = words[(index + RandomSource.shift) % RandomSource.length]
      words[index] = far ^ joined >> 1 ^ (joined & 1 == 0 ? 0 : 0x9908_b0df)
    }
    next = 0
  }

  /// A number in `0..<1`, of 53 bits.
  mutating func uniform() -> Double {
    let (high, low) = (bits() >> 5, bits() >> 6)
    return (Double(high) * 67_108_864 + Double(low)) / 9_007_199_254_740_992
  }

  /// A number of the normal distribution with mean 0 and deviation 1, by Marsaglia's polar method.
  mutating func normal() -> Double {
    if let spare {
      self.spare = nil
      return spare
    }
    while true {
      let (x, y) = (2 * uniform() - 1, 2 * uniform() - 1)
      let square = x * x + y * y
      guard square < 1, square != 0 else { continue }
      let factor = (-2 * Double.log(square) / square).squareRoot()
      spare = factor * x
      return factor * y
    }
  }
}
