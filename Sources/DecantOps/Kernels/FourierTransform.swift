internal import DecantIR

/// A complex number.
struct Complex: Sendable {
  var real: Double
  var imaginary: Double

  static let nought = Complex(real: 0, imaginary: 0)

  /// `exp(i · angle)`.
  static func unit(_ angle: Double) -> Complex { Complex(real: Double.cos(angle), imaginary: Double.sin(angle)) }

  var conjugate: Complex { Complex(real: real, imaginary: -imaginary) }

  static func + (a: Complex, b: Complex) -> Complex {
    Complex(real: a.real + b.real, imaginary: a.imaginary + b.imaginary)
  }

  static func - (a: Complex, b: Complex) -> Complex {
    Complex(real: a.real - b.real, imaginary: a.imaginary - b.imaginary)
  }

  static func * (a: Complex, b: Complex) -> Complex {
    let real = a.real * b.real - a.imaginary * b.imaginary
    return Complex(real: real, imaginary: a.real * b.imaginary + a.imaginary * b.real)
  }
}

/// The discrete Fourier transform of one length, O(n log n).
///
/// Powers of two by halving, in place; other lengths as a convolution with a chirp of a length that is one (Bluestein 1970);
/// short ones by the sum that defines them.
struct FourierTransform: Sendable {
  /// How many samples.
  let length: Int
  /// `exp(-2πi k / length)`.
  private let roots: [Complex]
  private let chirp: Chirp?

  private static let plainLimit = 16

  /// For a length of 1 or more, of which a few arrays fit memory.
  init(length: Int) {
    self.length = length
    roots = (0..<length).map { Complex.unit(-2 * Double.pi * Double($0) / Double(length)) }
    let isPower = length & (length - 1) == 0
    chirp = isPower || length <= FourierTransform.plainLimit ? nil : Chirp(length: length)
  }

  /// `Σ x[n] exp(-2πi kn / length)`. Precondition: `length` samples.
  func forward(_ x: [Complex]) -> [Complex] {
    if length & (length - 1) == 0 { return halving(x) }
    return chirp.map { $0.transform(x) } ?? plain(x)
  }

  /// `Σ x[k] exp(2πi kn / length) / length`. Precondition: `length` samples.
  func inverse(_ x: [Complex]) -> [Complex] {
    // The transform of the conjugate is the conjugate of the inverse.
    let scale = Complex(real: 1 / Double(length), imaginary: 0)
    return forward(x.map(\.conjugate)).map { $0.conjugate * scale }
  }

  private func plain(_ x: [Complex]) -> [Complex] {
    (0..<length).map { bin in
      var sum = Complex.nought
      for index in 0..<length { sum = sum + x[index] * roots[bin * index % length] }
      return sum
    }
  }

  private func halving(_ x: [Complex]) -> [Complex] {
    var result = x
    // A counter with its bits in reverse order.
    var mirrored = 0
    for index in 1..<max(length, 1) {
      var bit = length / 2
      while mirrored & bit != 0 {
        mirrored ^= bit
        bit /= 2
      }
      mirrored |= bit
      if index < mirrored { result.swapAt(index, mirrored) }
    }
    var half = 1
    while half < length {
      let step = length / (2 * half)
      for start in stride(from: 0, to: length, by: 2 * half) {
        for index in 0..<half {
          let (low, high) = (result[start + index], result[start + index + half] * roots[index * step])
          result[start + index] = low + high
          result[start + index + half] = low - high
        }
      }
      half *= 2
    }
    return result
  }

  /// `kn = (k² + n² - (k - n)²) / 2` turns the sum into a convolution with `exp(πi m² / length)`.
  private final class Chirp: Sendable {
    private let factors: [Complex]
    /// The transform of the chirp to convolve with.
    private let spectrum: [Complex]
    private let inner: FourierTransform

    init(length: Int) {
      // Squares modulo two half turns, so that angles stay exact.
      factors = (0..<length).map { index in
        let square = index.multipliedFullWidth(by: index)
        let turns = (2 * length).dividingFullWidth(square).remainder
        return Complex.unit(-Double.pi * Double(turns) / Double(length))
      }
      let size = 1 << (Int.bitWidth - (2 * length - 2).leadingZeroBitCount)
      inner = FourierTransform(length: size)
      var chirp = [Complex](repeating: .nought, count: size)
      for index in 0..<length {
        for place in [index, (size - index) % size] { chirp[place] = factors[index].conjugate }
      }
      spectrum = inner.forward(chirp)
    }

    func transform(_ x: [Complex]) -> [Complex] {
      let padding = [Complex](repeating: .nought, count: inner.length - x.count)
      let bins = inner.forward(zip(x, factors).map { $0 * $1 } + padding)
      let convolved = inner.inverse(zip(bins, spectrum).map { $0 * $1 })
      return zip(convolved, factors).map { $0 * $1 }
    }
  }
}
