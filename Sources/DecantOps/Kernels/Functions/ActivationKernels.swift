internal import DecantIR

// Activation functions of one element. Parameters are float32, as attributes are.

struct LeakyRectifier: UnaryKernel {
  let alpha: Float
  func apply<R: Real>(_ x: R) -> R { x < 0 ? R(alpha) * x : x }
}

struct ExponentialLinear: UnaryKernel {
  let alpha: Float
  func apply<R: Real>(_ x: R) -> R { x < 0 ? R(alpha) * R.expm1(x) : x }
}

struct ScaledExponentialLinear: UnaryKernel {
  let alpha: Float
  let gamma: Float
  func apply<R: Real>(_ x: R) -> R { x <= 0 ? R(gamma) * (R(alpha) * R.expm1(x)) : R(gamma) * x }
}

/// `max(0, x) + min(0, alpha · (exp(x / alpha) − 1))`.
struct ContinuousExponentialLinear: UnaryKernel {
  let alpha: Float
  func apply<R: Real>(_ x: R) -> R {
    let tail = R(alpha) * R.expm1(x / R(alpha))
    return (x < 0 ? 0 : x) + (tail > 0 ? 0 : tail)
  }
}

/// `1 / (1 + exp(−x))`, without overflow on either side.
struct LogisticSigmoid: UnaryKernel {
  func apply<R: Real>(_ x: R) -> R {
    if x >= 0 { return 1 / (1 + R.exp(-x)) }
    let power = R.exp(x)
    return power / (1 + power)
  }
}

struct HardLogisticSigmoid: UnaryKernel {
  let alpha: Float
  let beta: Float
  func apply<R: Real>(_ x: R) -> R {
    let line = R(alpha) * x + R(beta)
    return line < 0 ? 0 : line > 1 ? 1 : line
  }
}

/// `x · max(0, min(1, x / 6 + 1/2))`.
struct HardSwishFunction: UnaryKernel {
  func apply<R: Real>(_ x: R) -> R {
    let gate = x / 6 + 0.5
    return x * (gate < 0 ? 0 : gate > 1 ? 1 : gate)
  }
}

/// `log(1 + exp(x))`, without overflow.
struct SoftPlusFunction: UnaryKernel {
  func apply<R: Real>(_ x: R) -> R { (x > 0 ? x : 0) + R.log1p(R.exp(-x.magnitude)) }
}

struct SoftSignFunction: UnaryKernel {
  func apply<R: Real>(_ x: R) -> R { x / (1 + x.magnitude) }
}

/// `x / 2 · (1 + erf(x / √2))`.
struct GaussianErrorLinear: UnaryKernel {
  func apply<R: Real>(_ x: R) -> R { 0.5 * x * (1 + R.erf(x * R(0.5).squareRoot())) }
}

/// `x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))`.
struct GaussianErrorLinearByTanh: UnaryKernel {
  func apply<R: Real>(_ x: R) -> R {
    0.5 * x * (1 + R.tanh((2 / R.pi).squareRoot() * (x + 0.044715 * x * x * x)))
  }
}

/// `x · tanh(log(1 + exp(x)))`.
struct MishFunction: UnaryKernel {
  func apply<R: Real>(_ x: R) -> R { x * R.tanh(SoftPlusFunction().apply(x)) }
}

/// `x · sigmoid(alpha · x)`.
struct SwishFunction: UnaryKernel {
  let alpha: Float
  func apply<R: Real>(_ x: R) -> R { x * LogisticSigmoid().apply(R(alpha) * x) }
}

struct ThresholdedRectifier: UnaryKernel {
  let alpha: Float
  func apply<R: Real>(_ x: R) -> R { x > R(alpha) ? x : 0 }
}

/// Towards zero by `bias` beyond `lambda`, 0 between.
struct Shrinking: UnaryKernel {
  let bias: Float
  let lambda: Float
  func apply<R: Real>(_ x: R) -> R { x < -R(lambda) ? x + R(bias) : x > R(lambda) ? x - R(bias) : 0 }
}
