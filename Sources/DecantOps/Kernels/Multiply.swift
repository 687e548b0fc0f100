internal import DecantIR

/// The extents of a matrix product with broadcast batches.
struct MatMulShape {
  let rows: Int
  let inner: Int
  let columns: Int
  /// Extents of the result.
  let result: [Int]
  private let batch: [Int]
  private let a: [Int]
  private let b: [Int]

  /// The product of tensors of shapes `a` and `b`.
  init(_ a: [Int], _ b: [Int]) throws(OpError) {
    guard let last = a.last, !b.isEmpty else { throw OpError("expected operands of rank 1 or more, got \(a) and \(b)") }
    guard last == b[max(b.count - 2, 0)] else { throw OpError("expected equal inner extents, got \(a) and \(b)") }
    inner = last
    columns = b.count > 1 ? b[b.count - 1] : 1
    let (left, right) = (Array(a.dropLast(2)), Array(b.dropLast(2)))
    let batch = try Broadcast.extents([left, right])
    result = batch + a.dropLast().suffix(1) + (b.count > 1 ? b.suffix(1) : [])
    let height = a.count > 1 ? a[a.count - 2] : 1
    _ = try Tensor.elementCount(shape: result)
    if right.allSatisfy({ $0 == 1 }), batch == left {
      // One matrix on the right: the batch is more rows.
      rows = try product(of: batch + [height])
      (self.batch, self.a, self.b) = ([], [], [])
    } else {
      rows = height
      (self.batch, self.a, self.b) = (batch, left, right)
    }
  }

  /// `y += a · b`, batch by batch.
  @specialized(where T == Float)
  @specialized(where T == Double)
  @specialized(where T == Int32)
  func multiply<T: KernelNumber>(_ a: UnsafePointer<T>, _ b: UnsafePointer<T>, into y: UnsafeMutablePointer<T>) {
    let left = BroadcastPlan.strides(of: self.a, in: batch)
    let right = BroadcastPlan.strides(of: self.b, in: batch)
    for index in 0..<batch.reduce(1, *) {
      var (places, rest) = ((0, 0), index)
      for axis in batch.indices.reversed() {
        let place = rest % batch[axis]
        rest /= batch[axis]
        places.0 += place * left[axis]
        places.1 += place * right[axis]
      }
      unsafe MatrixProduct.accumulate(
        MatrixView(a + places.0 * rows * inner, rowStride: inner),
        MatrixView(b + places.1 * inner * columns, rowStride: columns),
        into: y + index * rows * columns, pitch: columns, rows: rows, inner: inner, columns: columns)
    }
  }

  /// The product of two tensors of `T`.
  func compute<T: KernelNumber>(
    _ context: EvaluationContext, _ a: Tensor, _ b: Tensor, _ type: T.Type
  ) throws(OpError) -> Tensor {
    let (left, right) = (a.span(of: T.self), b.span(of: T.self))
    return try context.make(T.self, shape: result) { (span) throws(OpError) in
      unsafe span.withUnsafeMutableBufferPointer { y in
        unsafe left.withUnsafeBufferPointer { a in
          unsafe right.withUnsafeBufferPointer { b in
            guard let a = a.baseAddress, let b = b.baseAddress, let y = y.baseAddress else { return }
            unsafe multiply(a, b, into: y)
          }
        }
      }
    }
  }
}

/// `MatMul`.
enum MatMulKernel: NumberKernel {
  static func evaluate<T: KernelNumber>(number type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (a, b) = (try context.operand(0, holding: T.self), try context.operand(1, holding: T.self))
    return [try MatMulShape(a.shape, b.shape).compute(context, a, b, T.self)]
  }
}

/// `Gemm`: `alpha · A · B + beta · C`.
enum GemmKernel: NumberKernel {
  static func evaluate<T: KernelNumber>(number type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (a, b) = (try context.operand(0, holding: T.self), try context.operand(1, holding: T.self))
    guard a.rank == 2, b.rank == 2 else { throw OpError("expected two matrices, got \(a.shape) and \(b.shape)") }
    let flipsA = MatMul.flag(context.attributes, "transA")
    let flipsB = MatMul.flag(context.attributes, "transB")
    let (rows, inner) = (a.shape[flipsA ? 1 : 0], a.shape[flipsA ? 0 : 1])
    let columns = b.shape[flipsB ? 0 : 1]
    guard inner == b.shape[flipsB ? 1 : 0] else {
      throw OpError("expected equal inner extents, got \(a.shape) and \(b.shape)")
    }
    let addend = try addend(context, [rows, columns], T.self)
    let alpha: T = try factor(context, "alpha")
    let (left, right) = (a.span(of: T.self), b.span(of: T.self))
    let result = try context.make(T.self, shape: [rows, columns]) { (span) throws(OpError) in
      unsafe span.withUnsafeMutableBufferPointer { y in
        guard let y = y.baseAddress else { return }
        unsafe left.withUnsafeBufferPointer { a in
          unsafe right.withUnsafeBufferPointer { b in
            guard let a = a.baseAddress, let b = b.baseAddress else { return }
            let left = unsafe MatrixView(a, rowStride: flipsA ? rows : inner)
            let right = unsafe MatrixView(b, rowStride: flipsB ? inner : columns)
            unsafe MatrixProduct.accumulate(
              flipsA ? left.transposed : left, flipsB ? right.transposed : right, into: y, pitch: columns,
              rows: rows, inner: inner, columns: columns)
          }
        }
        unsafe finish(y, rows: rows, columns: columns, alpha: alpha, addend: addend)
      }
    }
    return [result]
  }

  /// `beta · C` and how far apart its rows and columns are.
  private typealias Addend<T> = (values: [T], rowStride: Int, columnStride: Int)

  private static func addend<T: KernelNumber>(
    _ context: EvaluationContext, _ shape: [Int], _ type: T.Type
  ) throws(OpError) -> Addend<T>? {
    let beta: T = try factor(context, "beta")
    guard try context.optionalOperand(2) != nil, beta != .nought else { return nil }
    let c = try context.operand(2, holding: T.self)
    guard Broadcast.fits(c.shape, into: shape) else {
      throw OpError("operand 2: expected a shape that broadcasts to \(shape), got \(c.shape)")
    }
    let strides = BroadcastPlan.strides(of: c.shape, in: shape)
    return ((c.array(of: T.self) ?? []).map { $0.times(beta) }, strides[0], strides[1])
  }

  private static func factor<T: KernelNumber>(_ context: EvaluationContext, _ name: String) throws(OpError) -> T {
    let value = context.attributes.float(name, default: 1)
    guard let factor = T(factor: value) else {
      throw OpError("'\(name)' expected a whole number for \(T.dataType), got \(value)", kind: .unsupported)
    }
    return factor
  }

  private static func finish<T: KernelNumber>(
    _ y: UnsafeMutablePointer<T>, rows: Int, columns: Int, alpha: T, addend: Addend<T>?
  ) {
    if alpha != T(factor: 1) {
      for index in 0..<rows * columns { unsafe y[index] = y[index].times(alpha) }
    }
    guard let addend else { return }
    for row in 0..<rows {
      for column in 0..<columns {
        let value = addend.values[row * addend.rowStride + column * addend.columnStride]
        unsafe y[row * columns + column] = y[row * columns + column].plus(value)
      }
    }
  }
}

/// `MatMulInteger` and `QLinearMatMul`.
enum IntegerMatMul {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try sums(context, a: (0, 2), b: (1, 3)).result]
  }

  static func sums(
    _ context: EvaluationContext, a: (codes: Int, zero: Int), b: (codes: Int, zero: Int)
  ) throws(OpError) -> (result: Tensor, rows: Int, columns: Int) {
    let ranks = (try context.operand(a.codes).rank, try context.operand(b.codes).rank)
    let left = try QuantizedOperands.centered(context, a.codes, zeroPoint: a.zero, axis: ranks.0 - 2)
    let right = try QuantizedOperands.centered(context, b.codes, zeroPoint: b.zero, axis: ranks.1 - 1)
    let shape = try MatMulShape(left.shape, right.shape)
    let rows = ranks.0 > 1 ? left.shape[ranks.0 - 2] : 1
    return (try shape.compute(context, left, right, Int32.self), rows, shape.columns)
  }

  @Sendable static func evaluateQuantized(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let types = [try context.operand(0).dataType, try context.operand(3).dataType, try context.operand(7).dataType]
    if types.contains(where: { SmallFloat.layout(of: $0) != nil }) { return try multiplyFloats(context) }
    let (sums, rows, columns) = try sums(context, a: (0, 2), b: (3, 5))
    let left = try QuantizedOperands.scales(context, 1, count: rows)
    let right = try QuantizedOperands.scales(context, 4, count: columns)
    let scale = try QuantizedOperands.scale(context, 6)
    let result = try QuantizedOperands.requantize(
      sums.array(of: Int32.self) ?? [], shape: sums.shape, zeroPoint: 7, context
    ) { place in
      left[left.count == 1 ? 0 : place / columns % rows] * right[right.count == 1 ? 0 : place % columns] / scale
    }
    return [result]
  }

  /// Codes of which some are 8-bit floats: dequantized by one scale each, multiplied in f32, and quantized.
  private static func multiplyFloats(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    func single(_ index: Int) throws(OpError) -> Tensor {
      let tensor = try context.operand(index)
      guard tensor.elementCount == 1 else {
        throw OpError("operand \(index): expected one element beside 8-bit floats, got \(tensor.type)")
      }
      return tensor.reshaped([])
    }
    func numbers(_ first: Int) throws(OpError) -> Tensor {
      let operands = [try context.operand(first), try single(first + 1), try single(first + 2)]
      return try context.widened(try DequantizeKernel.evaluate(context.with(operands))[0])
    }
    let product = try MatMulKernel.evaluateNumbers(context.with([try numbers(0), try numbers(3)]))[0]
    return try QuantizeKernel.evaluate(context.with([product, try context.widened(try single(6)), try single(7)]))
  }
}
