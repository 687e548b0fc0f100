internal import DecantIR

// Loops of elementwise kernels. They are inlined into their callers, so that the closure becomes part of the loop.

extension EvaluationContext {
  /// A tensor of `a`'s shape whose elements are `body` of `a`'s. Precondition: `a` holds elements of type `A`.
  @inline(__always)
  func map<A: TensorElement, R: TensorElement>(_ a: Tensor, _ body: (A) -> R) throws(OpError) -> Tensor {
    let source = a.span(of: A.self)
    return try make(R.self, shape: a.shape) { (target) throws(OpError) in
      unsafe source.withUnsafeBufferPointer { source in
        unsafe target.withUnsafeMutableBufferPointer { target in
          for index in 0..<source.count { unsafe target[index] = body(source[index]) }
        }
      }
    }
  }

  /// A tensor of the shape that both broadcast to, whose elements are `body` of theirs. Precondition: they hold elements of
  /// types `A` and `B`.
  @inline(__always)
  func pairwise<A: TensorElement, B: TensorElement, R: TensorElement>(
    _ a: Tensor, _ b: Tensor, _ body: (A, B) -> R
  ) throws(OpError) -> Tensor {
    let plan = try BroadcastPlan([a.shape, b.shape])
    let (left, right) = (a.span(of: A.self), b.span(of: B.self))
    return try make(R.self, shape: plan.shape) { (target) throws(OpError) in
      unsafe left.withUnsafeBufferPointer { left in
        unsafe right.withUnsafeBufferPointer { right in
          unsafe target.withUnsafeMutableBufferPointer { target in
            plan.forEachRun { start, places in
              unsafe zipRun(
                UnsafeMutableBufferPointer(rebasing: target[start..<start + plan.run]),
                left, places[0], plan.runStrides[0], right, places[1], plan.runStrides[1], body)
            }
          }
        }
      }
    }
  }
}

@inline(__always)
private func zipRun<A, B, R>(
  _ target: UnsafeMutableBufferPointer<R>, _ left: UnsafeBufferPointer<A>, _ leftStart: Int, _ leftStride: Int,
  _ right: UnsafeBufferPointer<B>, _ rightStart: Int, _ rightStride: Int, _ body: (A, B) -> R
) {
  switch (leftStride, rightStride) {
  case (1, 1):
    for index in 0..<target.count { unsafe target[index] = body(left[leftStart + index], right[rightStart + index]) }
  case (1, 0):
    let y = unsafe right[rightStart]
    for index in 0..<target.count { unsafe target[index] = body(left[leftStart + index], y) }
  case (0, 1):
    let x = unsafe left[leftStart]
    for index in 0..<target.count { unsafe target[index] = body(x, right[rightStart + index]) }
  default:
    for index in 0..<target.count {
      unsafe target[index] = body(left[leftStart + index * leftStride], right[rightStart + index * rightStride])
    }
  }
}

/// A function of one real number.
protocol UnaryKernel: Sendable {
  func apply<R: Real>(_ x: R) -> R
}

/// A function of two numbers of one type.
protocol BinaryKernel: Sendable {
  func apply<R: Real>(_ x: R, _ y: R) -> R
  func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I
}

/// A relation between two values of one type.
protocol Relation: Sendable {
  func holds<T: Comparable>(_ x: T, _ y: T) -> Bool
}

extension EvaluationContext {
  /// `kernel` of each element of a float tensor; 16-bit types are computed in float32 and rounded once.
  @inline(__always)
  func map(_ a: Tensor, _ kernel: some UnaryKernel) throws(OpError) -> Tensor {
    switch a.dataType {
    case .float32: return try map(a) { (x: Float) in kernel.apply(x) }
    case .float64: return try map(a) { (x: Double) in kernel.apply(x) }
    case .float16: return try map(a) { (x: Float16) in Float16(kernel.apply(Float(x))) }
    case .bfloat16: return try map(a) { (x: BFloat16) in BFloat16(kernel.apply(x.float)) }
    default: throw expected("floats", a)
    }
  }

  /// `kernel` of each pair of elements of two tensors of one numeric type.
  @inline(__always)
  func pairwise(_ a: Tensor, _ b: Tensor, _ kernel: some BinaryKernel) throws(OpError) -> Tensor {
    guard a.dataType == b.dataType else { throw expectedOneType(a, b) }
    switch a.dataType {
    case .float32: return try pairwise(a, b) { (x: Float, y: Float) in kernel.apply(x, y) }
    case .float64: return try pairwise(a, b) { (x: Double, y: Double) in kernel.apply(x, y) }
    case .float16: return try pairwise(a, b) { (x: Float16, y: Float16) in Float16(kernel.apply(Float(x), Float(y))) }
    case .bfloat16: return try pairwise(a, b) { (x: BFloat16, y: BFloat16) in BFloat16(kernel.apply(x.float, y.float)) }
    case .int64: return try pairwise(a, b) { (x: Int64, y: Int64) in kernel.apply(x, y) }
    case .int32: return try pairwise(a, b) { (x: Int32, y: Int32) in kernel.apply(x, y) }
    case .int16: return try pairwise(a, b) { (x: Int16, y: Int16) in kernel.apply(x, y) }
    case .int8: return try pairwise(a, b) { (x: Int8, y: Int8) in kernel.apply(x, y) }
    case .uint64: return try pairwise(a, b) { (x: UInt64, y: UInt64) in kernel.apply(x, y) }
    case .uint32: return try pairwise(a, b) { (x: UInt32, y: UInt32) in kernel.apply(x, y) }
    case .uint16: return try pairwise(a, b) { (x: UInt16, y: UInt16) in kernel.apply(x, y) }
    case .uint8: return try pairwise(a, b) { (x: UInt8, y: UInt8) in kernel.apply(x, y) }
    default: throw expected("numbers", a)
    }
  }

  /// Where `relation` holds between the elements of two tensors of one type.
  @inline(__always)
  func compare(_ a: Tensor, _ b: Tensor, _ relation: some Relation) throws(OpError) -> Tensor {
    guard a.dataType == b.dataType else { throw expectedOneType(a, b) }
    switch a.dataType {
    case .float32: return try pairwise(a, b) { (x: Float, y: Float) in Boolean(relation.holds(x, y)) }
    case .float64: return try pairwise(a, b) { (x: Double, y: Double) in Boolean(relation.holds(x, y)) }
    case .float16: return try pairwise(a, b) { (x: Float16, y: Float16) in Boolean(relation.holds(x, y)) }
    case .bfloat16:
      return try pairwise(a, b) { (x: BFloat16, y: BFloat16) in Boolean(relation.holds(x.float, y.float)) }
    case .int64: return try pairwise(a, b) { (x: Int64, y: Int64) in Boolean(relation.holds(x, y)) }
    case .int32: return try pairwise(a, b) { (x: Int32, y: Int32) in Boolean(relation.holds(x, y)) }
    case .int16: return try pairwise(a, b) { (x: Int16, y: Int16) in Boolean(relation.holds(x, y)) }
    case .int8: return try pairwise(a, b) { (x: Int8, y: Int8) in Boolean(relation.holds(x, y)) }
    case .uint64: return try pairwise(a, b) { (x: UInt64, y: UInt64) in Boolean(relation.holds(x, y)) }
    case .uint32: return try pairwise(a, b) { (x: UInt32, y: UInt32) in Boolean(relation.holds(x, y)) }
    case .uint16: return try pairwise(a, b) { (x: UInt16, y: UInt16) in Boolean(relation.holds(x, y)) }
    case .uint8: return try pairwise(a, b) { (x: UInt8, y: UInt8) in Boolean(relation.holds(x, y)) }
    case .bool:
      return try pairwise(a, b) { (x: Boolean, y: Boolean) in Boolean(relation.holds(x.value ? 1 : 0, y.value ? 1 : 0))
      }
    default: throw expected("comparable elements", a)
    }
  }

  /// The error for an element type that an operator does not take.
  func expected(_ what: String, _ tensor: Tensor) -> OpError {
    OpError("expected \(what), got \(tensor.dataType)\(tensor.shape)")
  }

  /// The error for operands whose element types differ.
  func expectedOneType(_ a: Tensor, _ b: Tensor) -> OpError {
    OpError("expected operands of one element type, got \(a.dataType) and \(b.dataType)")
  }
}
