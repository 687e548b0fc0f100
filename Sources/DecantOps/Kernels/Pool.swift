internal import DecantIR

extension EvaluationContext {
  /// A result of `shape` in operand 0's type, filled from operand 0's elements in `T`.
  func poolResult<T: KernelFloat>(
    _ x: Tensor, shape: [Int], _ type: T.Type, _ body: (UnsafePointer<T>, UnsafeMutablePointer<T>) -> Void
  ) throws(OpError) -> Tensor {
    let elements = x.span(of: T.self)
    let result = try make(T.self, shape: shape) { (span) throws(OpError) in
      unsafe span.withUnsafeMutableBufferPointer { target in
        unsafe elements.withUnsafeBufferPointer { source in
          guard let source = source.baseAddress, let target = target.baseAddress else { return }
          unsafe body(source, target)
        }
      }
    }
    return try result.rounded(to: try operand(0).dataType, from: T.self)
  }

  /// A result with one element for each plane of operand 0, `body` of the plane's elements.
  func planeResult<T: KernelFloat>(
    _ type: T.Type, _ body: (UnsafeBufferPointer<T>) -> T
  ) throws(OpError) -> Tensor {
    let x = try operand(0, as: T.self)
    guard x.rank >= 2 else { throw OpError("operand 0: expected rank 2 or more, got \(x.shape)") }
    let plane = x.shape[2...].reduce(1, *)
    let planes = x.shape[0] * x.shape[1]
    guard plane > 0 || planes == 0 else { throw OpError("operand 0: expected planes with elements, got \(x.shape)") }
    let shape = Array(x.shape[..<2]) + Array(repeating: 1, count: x.rank - 2)
    return try unsafe poolResult(x, shape: shape, T.self) { source, target in
      for index in 0..<planes {
        unsafe target[index] = body(UnsafeBufferPointer(start: source + index * plane, count: plane))
      }
    }
  }
}

/// `AveragePool`.
enum AveragePoolKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0, as: T.self)
    let scan = try WindowScan(context.attributes, shape: x.shape)
    let includesPads = context.attributes.int("count_include_pad", default: 0) != 0
    let result = try unsafe context.poolResult(x, shape: scan.result, T.self) { source, target in
      unsafe scan.reduce(source, into: target, initial: 0, combine: { $0 + $1 }) { sum, inside, padded in
        let count = includesPads ? padded : inside
        return count > 0 ? sum / T(count) : 0
      }
    }
    return [result]
  }
}

/// `LpPool`.
enum LpPoolKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0, as: T.self)
    let scan = try WindowScan(context.attributes, shape: x.shape)
    let norm = try Norm<T>(context.attributes)
    let result = try unsafe context.poolResult(x, shape: scan.result, T.self) { source, target in
      unsafe scan.reduce(source, into: target, initial: 0, combine: { $0 + norm.term($1) }) { sum, _, _ in
        norm.finish(sum)
      }
    }
    return [result]
  }
}

/// The norm `(Σ |x|^p)^(1/p)`.
struct Norm<T: KernelFloat> {
  private let order: T

  /// Of order `p`, an attribute that is 2 where missing.
  init(_ attributes: Attributes) throws(OpError) {
    let p = attributes.int("p", default: 2)
    guard p >= 1 else { throw OpError("'p' expected 1 or more, got \(p)") }
    order = T(p)
  }

  /// What one element adds.
  @inline(__always) func term(_ x: T) -> T {
    order == 2 ? x * x : order == 1 ? x.magnitude : T.pow(x.magnitude, order)
  }

  /// The norm of the sum.
  func finish(_ sum: T) -> T { order == 2 ? sum.squareRoot() : order == 1 ? sum : T.pow(sum, 1 / order) }
}

/// `GlobalAveragePool`.
enum GlobalAverageKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try unsafe context.planeResult(T.self) { plane in unsafe plane.reduce(0, +) / T(plane.count) }]
  }
}

/// `GlobalMaxPool`.
enum GlobalMaxKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try unsafe context.planeResult(T.self) { plane in unsafe plane.reduce(-T.infinity) { $1 > $0 ? $1 : $0 } }]
  }
}

/// `GlobalLpPool`.
enum GlobalLpKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let norm = try Norm<T>(context.attributes)
    return [
      try unsafe context.planeResult(T.self) { plane in unsafe norm.finish(plane.reduce(0) { $0 + norm.term($1) }) }
    ]
  }
}

/// `MaxPool`.
enum MaxPoolKernel: FloatKernel {
  /// The places of maxima, as the second result has them.
  private struct Places {
    let shape: [Int]
    let isColumnMajor: Bool

    /// The index of place `offset` of plane `number`.
    func index(_ number: Int, _ offset: Int, plane: Int) -> Int64 {
      guard isColumnMajor else { return Int64(number * plane + offset) }
      var (rest, strides, result) = (offset, plane, 0)
      for extent in shape.reversed() {
        strides /= extent
        result += rest % extent * strides
        rest /= extent
      }
      return Int64(number * plane + result)
    }
  }

  /// Codes are compared as floats, exactly.
  @Sendable static func evaluateAny(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    guard x.dataType == .int8 || x.dataType == .uint8 else { return try evaluate(context) }
    let wide = EvaluationContext(
      op: context.op, attributes: context.attributes, operands: [try x.converted(to: Float.self, what: "operand 0")],
      wanted: context.wanted, byteLimit: context.byteLimit)
    var results = try evaluate(Float.self, wide)
    let values = results[0].array(of: Float.self) ?? []
    results[0] =
      x.dataType == .int8
      ? Tensor(values.map { Int8(max($0, -128)) }, shape: results[0].shape)
      : Tensor(values.map { UInt8(max($0, 0)) }, shape: results[0].shape)
    return results
  }

  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0, as: T.self)
    let scan = try WindowScan(context.attributes, shape: x.shape)
    let wantsPlaces = context.wanted.count > 1 && context.wanted[1]
    let places = Places(
      shape: Array(x.shape[2...]), isColumnMajor: context.attributes.int("storage_order", default: 0) != 0)
    try context.checkSize(.int64, shape: scan.result)
    var indices = [Int64](repeating: 0, count: wantsPlaces ? scan.result.reduce(1, *) : 0)
    let last = scan.last
    let values = try unsafe context.poolResult(x, shape: scan.result, T.self) { source, target in
      guard wantsPlaces else {
        unsafe scan.reduce(
          source, into: target, initial: -T.infinity, combine: { $1 > $0 ? $1 : $0 }, finish: { best, _, _ in best })
        return
      }
      scan.forEachRow { row, bases, _ in
        for number in 0..<scan.planes {
          for position in 0..<last.output {
            var (best, place) = (-T.infinity, -1)
            for base in bases {
              for tap in last.taps(position) {
                let candidate = base + last.place(position, tap)
                let value = unsafe source[number * scan.plane + candidate]
                if value > best || place < 0 { (best, place) = (value, candidate) }
              }
            }
            let index = (number * scan.rows + row) * last.output + position
            unsafe target[index] = best
            indices[index] = places.index(number, max(place, 0), plane: scan.plane)
          }
        }
      }
    }
    return wantsPlaces ? [values, Tensor(indices, shape: scan.result)] : [values]
  }
}

/// `LRN`: each element over a power of the squares of its neighbours along the channels.
enum ChannelResponseKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0, as: T.self)
    let size = context.attributes.int("size", default: 1)
    guard x.rank >= 2 else { throw OpError("operand 0: expected rank 2 or more, got \(x.shape)") }
    guard size >= 1, size <= WindowRule.limit else {
      throw OpError("'size' expected in 1...\(WindowRule.limit), got \(size)")
    }
    let alpha = T(context.attributes.float("alpha", default: 1e-4)) / T(size)
    let beta = T(context.attributes.float("beta", default: 0.75))
    let bias = T(context.attributes.float("bias", default: 1))
    let (channels, plane) = (x.shape[1], x.shape[2...].reduce(1, *))
    let (before, after) = ((size - 1) / 2, size / 2)
    let result = try unsafe context.poolResult(x, shape: x.shape, T.self) { source, target in
      for index in 0..<x.elementCount {
        let channel = index / plane % channels
        var squares: T = 0
        for neighbour in max(0, channel - before)...min(channels - 1, channel + after) {
          let value = unsafe source[index + (neighbour - channel) * plane]
          squares += value * value
        }
        unsafe target[index] = source[index] / T.pow(bias + alpha * squares, beta)
      }
    }
    return [result]
  }
}
