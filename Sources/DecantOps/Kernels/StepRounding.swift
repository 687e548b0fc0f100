internal import DecantIR

/// Rounding after each step of a computation that the specification spells out in the operands' own 16-bit type.
///
/// The steps are those of the operator's function body, computed in float32. Sums follow the types' own arithmetic: float16
/// adds in float32 and rounds once, bfloat16 rounds each addition, in pairs of halves beyond eight so that long sums do
/// not come to a standstill.
struct StepRounding: Sendable {
  /// No rounding: the type that is computed in.
  static let none = StepRounding(type: nil)

  /// The type that steps round to; nil for that which is computed in.
  private let type: DataType?

  private init(type: DataType?) { self.type = type }

  /// For computations in `type`: 16-bit types round, wider ones are computed in directly.
  init(to type: DataType) { self.type = type == .float16 || type == .bfloat16 ? type : nil }

  /// `x` in the type.
  @inline(__always)
  func callAsFunction<R: Real>(_ x: R) -> R {
    switch type {
    case .float16: R(Float(Float16(Float(x))))
    case .bfloat16: R(BFloat16(Float(x)).float)
    default: x
    }
  }

  /// The sum of `value` over `range`.
  @inline(__always)
  func sum<R: Real>(_ range: Range<Int>, _ value: (Int) -> R) -> R {
    if type == .bfloat16, range.count > 8 { return pairwise(range, value) }
    return plain(range, value)
  }

  private func pairwise<R: Real>(_ range: Range<Int>, _ value: (Int) -> R) -> R {
    guard range.count > 8 else { return plain(range, value) }
    let middle = range.lowerBound + range.count / 2
    return self(pairwise(range.lowerBound..<middle, value) + pairwise(middle..<range.upperBound, value))
  }

  @inline(__always)
  private func plain<R: Real>(_ range: Range<Int>, _ value: (Int) -> R) -> R {
    var sum: R = 0
    if type == .bfloat16 {
      for index in range { sum = self(sum + value(index)) }
      return sum
    }
    for index in range { sum += value(index) }
    return self(sum)
  }
}
