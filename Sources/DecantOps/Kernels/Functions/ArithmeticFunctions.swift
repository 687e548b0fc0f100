internal import DecantIR

// The functions of `Add`, `Sub` and the like. Integers wrap around.

struct Addition: BinaryKernel {
  func apply<R: Real>(_ x: R, _ y: R) -> R { x + y }
  func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { x &+ y }
}

struct Subtraction: BinaryKernel {
  func apply<R: Real>(_ x: R, _ y: R) -> R { x - y }
  func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { x &- y }
}

struct Multiplication: BinaryKernel {
  func apply<R: Real>(_ x: R, _ y: R) -> R { x * y }
  func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { x &* y }
}

/// Integers are divided towards zero; callers refuse a zero among the divisors, which here leaves `x`.
struct Division: BinaryKernel {
  func apply<R: Real>(_ x: R, _ y: R) -> R { x / y }
  func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { x.dividedReportingOverflow(by: y).partialValue }
}

/// NaN wins.
struct Minimum: BinaryKernel {
  func apply<R: Real>(_ x: R, _ y: R) -> R { x < y || x.isNaN ? x : y }
  func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { x < y ? x : y }
}

/// NaN wins.
struct Maximum: BinaryKernel {
  func apply<R: Real>(_ x: R, _ y: R) -> R { x > y || x.isNaN ? x : y }
  func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { x > y ? x : y }
}

/// The remainder with the sign of the divisor, as in Python. Callers refuse a zero among integer divisors.
struct FlooredRemainder: BinaryKernel {
  func apply<R: Real>(_ x: R, _ y: R) -> R {
    let rest = R.fmod(x, y)
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest
  }
  func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I {
    let rest = y == 0 ? 0 : x.remainderReportingOverflow(dividingBy: y).partialValue
    return rest != 0 && (rest < 0) != (y < 0) ? rest &+ y : rest
  }
}

/// The remainder with the sign of the dividend, as in C. Callers refuse a zero among integer divisors.
struct TruncatedRemainder: BinaryKernel {
  func apply<R: Real>(_ x: R, _ y: R) -> R { R.fmod(x, y) }
  func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I {
    y == 0 ? 0 : x.remainderReportingOverflow(dividingBy: y).partialValue
  }
}

/// Integer powers wrap around; negative exponents leave 0 unless the base is 1 or -1.
struct Power: BinaryKernel {
  func apply<R: Real>(_ x: R, _ y: R) -> R { y == 2 ? x * x : R.pow(x, y) }
  func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I {
    guard y >= 0 else { return x == 1 ? 1 : x == 0 &- 1 ? (y & 1 == 0 ? 1 : x) : 0 }
    var (result, base, exponent): (I, I, I) = (1, x, y)
    while exponent > 0 {
      if exponent & 1 == 1 { result = result &* base }
      base = base &* base
      exponent >>= 1
    }
    return result
  }
}
