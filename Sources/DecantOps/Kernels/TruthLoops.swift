internal import DecantIR

extension EvaluationContext {
  /// Where `body` holds of the elements of a float tensor of any width.
  @inline(__always)
  func test(_ tensor: Tensor, _ body: (Double) -> Bool) throws(OpError) -> Tensor {
    switch tensor.dataType {
    case .float32: return try map(tensor) { (x: Float) in Boolean(body(Double(x))) }
    case .float64: return try map(tensor) { (x: Double) in Boolean(body(x)) }
    case .float16: return try map(tensor) { (x: Float16) in Boolean(body(Double(x))) }
    case .bfloat16: return try map(tensor) { (x: BFloat16) in Boolean(body(Double(x.float))) }
    default:
      guard tensor.dataType.isFloat, let values = tensor.floats else { throw expected("floats", tensor) }
      return Tensor(values.map { Boolean(body(Double($0))) }, shape: tensor.shape)
    }
  }

  /// `body` of each pair of bools.
  @inline(__always)
  func zipTruths(_ a: Tensor, _ b: Tensor, _ body: (Bool, Bool) -> Bool) throws(OpError) -> Tensor {
    guard a.dataType == .bool else { throw expected("bools", a) }
    guard b.dataType == .bool else { throw expected("bools", b) }
    return try pairwise(a, b) { (x: Boolean, y: Boolean) in Boolean(body(x.value, y.value)) }
  }

  /// Where two tensors of strings hold the same bytes.
  func equalStrings(_ a: Tensor, _ b: Tensor) throws(OpError) -> Tensor {
    let plan = try BroadcastPlan([a.shape, b.shape])
    let (left, right) = (a.strings ?? [], b.strings ?? [])
    return try make(Boolean.self, shape: plan.shape) { target in
      plan.forEachRun { start, places in
        for index in 0..<plan.run {
          let x = left[places[0] + index * plan.runStrides[0]]
          target[start + index] = Boolean(x == right[places[1] + index * plan.runStrides[1]])
        }
      }
    }
  }

  /// `kernel` of each pair of integers of one type.
  @inline(__always)
  func zipBits(_ a: Tensor, _ b: Tensor, _ kernel: some BitKernel) throws(OpError) -> Tensor {
    guard a.dataType == b.dataType else { throw expectedOneType(a, b) }
    switch a.dataType {
    case .int64: return try pairwise(a, b) { (x: Int64, y: Int64) in kernel.apply(x, y) }
    case .int32: return try pairwise(a, b) { (x: Int32, y: Int32) in kernel.apply(x, y) }
    case .int16: return try pairwise(a, b) { (x: Int16, y: Int16) in kernel.apply(x, y) }
    case .int8: return try pairwise(a, b) { (x: Int8, y: Int8) in kernel.apply(x, y) }
    case .uint64: return try pairwise(a, b) { (x: UInt64, y: UInt64) in kernel.apply(x, y) }
    case .uint32: return try pairwise(a, b) { (x: UInt32, y: UInt32) in kernel.apply(x, y) }
    case .uint16: return try pairwise(a, b) { (x: UInt16, y: UInt16) in kernel.apply(x, y) }
    case .uint8: return try pairwise(a, b) { (x: UInt8, y: UInt8) in kernel.apply(x, y) }
    default: throw expected("integers of 8 bits or more", a)
    }
  }
}

/// A function of the bits of two integers.
protocol BitKernel: Sendable {
  func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I
}
