internal import DecantIR

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A floating-point type that kernels compute in: the C library's functions under one name for both widths.
protocol Real: BinaryFloatingPoint, TensorElement where Stride == Self {
  static func exp(_ x: Self) -> Self
  static func expm1(_ x: Self) -> Self
  static func log(_ x: Self) -> Self
  static func log1p(_ x: Self) -> Self
  static func pow(_ x: Self, _ y: Self) -> Self
  static func fmod(_ x: Self, _ y: Self) -> Self
  static func erf(_ x: Self) -> Self
  static func sin(_ x: Self) -> Self
  static func cos(_ x: Self) -> Self
  static func tan(_ x: Self) -> Self
  static func asin(_ x: Self) -> Self
  static func acos(_ x: Self) -> Self
  static func atan(_ x: Self) -> Self
  static func sinh(_ x: Self) -> Self
  static func cosh(_ x: Self) -> Self
  static func tanh(_ x: Self) -> Self
  static func asinh(_ x: Self) -> Self
  static func acosh(_ x: Self) -> Self
  static func atanh(_ x: Self) -> Self
}

extension Float: Real {
  static func exp(_ x: Float) -> Float { expf(x) }
  static func expm1(_ x: Float) -> Float { expm1f(x) }
  static func log(_ x: Float) -> Float { logf(x) }
  static func log1p(_ x: Float) -> Float { log1pf(x) }
  static func pow(_ x: Float, _ y: Float) -> Float { powf(x, y) }
  static func fmod(_ x: Float, _ y: Float) -> Float { fmodf(x, y) }
  static func erf(_ x: Float) -> Float { erff(x) }
  static func sin(_ x: Float) -> Float { sinf(x) }
  static func cos(_ x: Float) -> Float { cosf(x) }
  static func tan(_ x: Float) -> Float { tanf(x) }
  static func asin(_ x: Float) -> Float { asinf(x) }
  static func acos(_ x: Float) -> Float { acosf(x) }
  static func atan(_ x: Float) -> Float { atanf(x) }
  static func sinh(_ x: Float) -> Float { sinhf(x) }
  static func cosh(_ x: Float) -> Float { coshf(x) }
  static func tanh(_ x: Float) -> Float { tanhf(x) }
  static func asinh(_ x: Float) -> Float { asinhf(x) }
  static func acosh(_ x: Float) -> Float { acoshf(x) }
  static func atanh(_ x: Float) -> Float { atanhf(x) }
}

extension Double: Real {
  static func exp(_ x: Double) -> Double { libmExp(x) }
  static func expm1(_ x: Double) -> Double { libmExpm1(x) }
  static func log(_ x: Double) -> Double { libmLog(x) }
  static func log1p(_ x: Double) -> Double { libmLog1p(x) }
  static func pow(_ x: Double, _ y: Double) -> Double { libmPow(x, y) }
  static func fmod(_ x: Double, _ y: Double) -> Double { libmFmod(x, y) }
  static func erf(_ x: Double) -> Double { libmErf(x) }
  static func sin(_ x: Double) -> Double { libmSin(x) }
  static func cos(_ x: Double) -> Double { libmCos(x) }
  static func tan(_ x: Double) -> Double { libmTan(x) }
  static func asin(_ x: Double) -> Double { libmAsin(x) }
  static func acos(_ x: Double) -> Double { libmAcos(x) }
  static func atan(_ x: Double) -> Double { libmAtan(x) }
  static func sinh(_ x: Double) -> Double { libmSinh(x) }
  static func cosh(_ x: Double) -> Double { libmCosh(x) }
  static func tanh(_ x: Double) -> Double { libmTanh(x) }
  static func asinh(_ x: Double) -> Double { libmAsinh(x) }
  static func acosh(_ x: Double) -> Double { libmAcosh(x) }
  static func atanh(_ x: Double) -> Double { libmAtanh(x) }
}

// The C names, out of reach inside the extension, which has members of the same name.
private func libmExp(_ x: Double) -> Double { exp(x) }
private func libmExpm1(_ x: Double) -> Double { expm1(x) }
private func libmLog(_ x: Double) -> Double { log(x) }
private func libmLog1p(_ x: Double) -> Double { log1p(x) }
private func libmPow(_ x: Double, _ y: Double) -> Double { pow(x, y) }
private func libmFmod(_ x: Double, _ y: Double) -> Double { fmod(x, y) }
private func libmErf(_ x: Double) -> Double { erf(x) }
private func libmSin(_ x: Double) -> Double { sin(x) }
private func libmCos(_ x: Double) -> Double { cos(x) }
private func libmTan(_ x: Double) -> Double { tan(x) }
private func libmAsin(_ x: Double) -> Double { asin(x) }
private func libmAcos(_ x: Double) -> Double { acos(x) }
private func libmAtan(_ x: Double) -> Double { atan(x) }
private func libmSinh(_ x: Double) -> Double { sinh(x) }
private func libmCosh(_ x: Double) -> Double { cosh(x) }
private func libmTanh(_ x: Double) -> Double { tanh(x) }
private func libmAsinh(_ x: Double) -> Double { asinh(x) }
private func libmAcosh(_ x: Double) -> Double { acosh(x) }
private func libmAtanh(_ x: Double) -> Double { atanh(x) }
