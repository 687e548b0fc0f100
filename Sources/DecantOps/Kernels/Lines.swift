internal import DecantIR

/// A function that maps all elements along one axis together.
protocol LineKernel: Sendable {
  /// Replaces the elements of a line, of which there is at least one.
  func apply<R: Real>(_ line: UnsafeMutableBufferPointer<R>)
}

extension EvaluationContext {
  /// `kernel` of each line of a float tensor along `axis`; 16-bit types are computed in float32 and rounded once.
  @inline(__always)
  func mapLines(_ tensor: Tensor, axis: Int, _ kernel: some LineKernel) throws(OpError) -> Tensor {
    switch tensor.dataType {
    case .float32: return try mapLines(Float.self, tensor, axis: axis, kernel)
    case .float64: return try mapLines(Double.self, tensor, axis: axis, kernel)
    case .float16, .bfloat16:
      let wide = try convert(tensor, Conversion(target: .float32))
      let result = try mapLines(Float.self, wide, axis: axis, kernel)
      return try convert(result, Conversion(target: tensor.dataType))
    default: throw expected("floats", tensor)
    }
  }

  @inline(__always)
  private func mapLines<R: Real>(
    _ type: R.Type, _ tensor: Tensor, axis: Int, _ kernel: some LineKernel
  ) throws(OpError) -> Tensor {
    let source = tensor.span(of: R.self)
    let length = tensor.shape[axis]
    let inner = tensor.shape[(axis + 1)...].reduce(1, *)
    return try make(R.self, shape: tensor.shape) { target in
      unsafe source.withUnsafeBufferPointer { source in
        unsafe target.withUnsafeMutableBufferPointer { target in
          guard source.count > 0 else { return }
          if inner == 1 {
            for index in 0..<source.count { unsafe target[index] = source[index] }
            for start in stride(from: 0, to: source.count, by: length) {
              unsafe kernel.apply(UnsafeMutableBufferPointer(rebasing: target[start..<start + length]))
            }
            return
          }
          var line = [R](repeating: 0, count: length)
          unsafe line.withUnsafeMutableBufferPointer { line in
            for block in stride(from: 0, to: source.count, by: length * inner) {
              for start in block..<block + inner {
                for index in 0..<length { unsafe line[index] = source[start + index * inner] }
                unsafe kernel.apply(line)
                for index in 0..<length { unsafe target[start + index * inner] = line[index] }
              }
            }
          }
        }
      }
    }
  }
}

/// `exp(x − max)` over their sum.
struct SoftmaxLine: LineKernel {
  /// What happens after each step.
  var rounding = StepRounding.none

  func apply<R: Real>(_ line: UnsafeMutableBufferPointer<R>) {
    let top = unsafe largest(line)
    for index in 0..<line.count { unsafe line[index] = rounding(R.exp(rounding(line[index] - top))) }
    let sum = rounding.sum(0..<line.count) { index in unsafe line[index] }
    for index in 0..<line.count { unsafe line[index] = line[index] / sum }
  }
}

/// `x − max − log Σ exp(x − max)`.
struct LogSoftmaxLine: LineKernel {
  func apply<R: Real>(_ line: UnsafeMutableBufferPointer<R>) {
    let top = unsafe largest(line)
    var sum: R = 0
    for index in 0..<line.count { unsafe sum += R.exp(line[index] - top) }
    let shift = R.log(sum)
    for index in 0..<line.count { unsafe line[index] = line[index] - top - shift }
  }
}

/// 1 at the first largest element, 0 elsewhere.
struct HardmaxLine: LineKernel {
  func apply<R: Real>(_ line: UnsafeMutableBufferPointer<R>) {
    var best = 0
    for index in 1..<max(line.count, 1) where unsafe line[index] > line[best] { best = index }
    for index in 0..<line.count { unsafe line[index] = index == best ? 1 : 0 }
  }
}

/// The largest element, NaN where there is one.
private func largest<R: Real>(_ line: UnsafeMutableBufferPointer<R>) -> R {
  var top = unsafe line[0]
  for index in 1..<max(line.count, 1) {
    let value = unsafe line[index]
    if value > top || value.isNaN { top = value }
  }
  return top
}
