internal import DecantIR

// The functions of the operators of one operand that are named like them.

struct SquareRoot: UnaryKernel { func apply<R: Real>(_ x: R) -> R { x.squareRoot() } }
struct ReciprocalValue: UnaryKernel { func apply<R: Real>(_ x: R) -> R { 1 / x } }
struct Exponential: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.exp(x) } }
struct Logarithm: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.log(x) } }
struct RoundDown: UnaryKernel { func apply<R: Real>(_ x: R) -> R { x.rounded(.down) } }
struct RoundUp: UnaryKernel { func apply<R: Real>(_ x: R) -> R { x.rounded(.up) } }
struct RoundToEven: UnaryKernel { func apply<R: Real>(_ x: R) -> R { x.rounded(.toNearestOrEven) } }
struct ErrorFunction: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.erf(x) } }
struct Sine: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.sin(x) } }
struct Cosine: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.cos(x) } }
struct Tangent: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.tan(x) } }
struct ArcSine: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.asin(x) } }
struct ArcCosine: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.acos(x) } }
struct ArcTangent: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.atan(x) } }
struct HyperbolicSine: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.sinh(x) } }
struct HyperbolicCosine: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.cosh(x) } }
struct HyperbolicTangent: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.tanh(x) } }
struct AreaSine: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.asinh(x) } }
struct AreaCosine: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.acosh(x) } }
struct AreaTangent: UnaryKernel { func apply<R: Real>(_ x: R) -> R { R.atanh(x) } }

/// A function of one number of any numeric type.
protocol SignedKernel: UnaryKernel {
  func apply<I: FixedWidthInteger>(_ x: I) -> I
}

/// The magnitude; that of the smallest integer wraps around to itself.
struct AbsoluteValue: SignedKernel {
  func apply<R: Real>(_ x: R) -> R { x.magnitude }
  func apply<I: FixedWidthInteger>(_ x: I) -> I { x < 0 ? 0 &- x : x }
}

struct Negation: SignedKernel {
  func apply<R: Real>(_ x: R) -> R { -x }
  func apply<I: FixedWidthInteger>(_ x: I) -> I { 0 &- x }
}

/// -1, 0 or 1; NaN stays.
struct SignOf: SignedKernel {
  func apply<R: Real>(_ x: R) -> R { x > 0 ? 1 : x < 0 ? -1 : x.isNaN ? x : 0 }
  func apply<I: FixedWidthInteger>(_ x: I) -> I { x > 0 ? 1 : x < 0 ? 0 &- 1 : 0 }
}

/// Negative numbers become 0; NaN stays.
struct Rectifier: SignedKernel {
  func apply<R: Real>(_ x: R) -> R { x < 0 ? 0 : x }
  func apply<I: FixedWidthInteger>(_ x: I) -> I { x < 0 ? 0 : x }
}

extension EvaluationContext {
  /// `kernel` of each element of a tensor of any numeric type.
  @inline(__always)
  func mapNumbers(_ a: Tensor, _ kernel: some SignedKernel) throws(OpError) -> Tensor {
    switch a.dataType {
    case .int64: return try map(a) { (x: Int64) in kernel.apply(x) }
    case .int32: return try map(a) { (x: Int32) in kernel.apply(x) }
    case .int16: return try map(a) { (x: Int16) in kernel.apply(x) }
    case .int8: return try map(a) { (x: Int8) in kernel.apply(x) }
    case .uint64: return try map(a) { (x: UInt64) in kernel.apply(x) }
    case .uint32: return try map(a) { (x: UInt32) in kernel.apply(x) }
    case .uint16: return try map(a) { (x: UInt16) in kernel.apply(x) }
    case .uint8: return try map(a) { (x: UInt8) in kernel.apply(x) }
    default: return try map(a, kernel)
    }
  }
}
