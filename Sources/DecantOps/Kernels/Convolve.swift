internal import DecantIR

/// The extents of a convolution's operands, checked against each other.
struct ConvolutionShape {
  let batch: Int
  let groups: Int
  /// Of the input, in one group.
  let groupInputs: Int
  /// Of the result, in one group.
  let groupOutputs: Int
  /// Extents of the result.
  let result: [Int]
  let gather: WindowGather

  /// A convolution of `x` `[N, C, …]` with `w` `[M, C / group, …]`.
  init(_ attributes: Attributes, x: [Int], w: [Int]) throws(OpError) {
    groups = try ConvolutionShape.groups(attributes, x: x, w: w)
    guard w[1].multipliedReportingOverflow(by: groups) == (x[1], false), w[0] % groups == 0 else {
      throw OpError("weights \(w) in \(groups) groups do not fit the input \(x)")
    }
    let window = try WindowRule(attributes, kernel: Array(w[2...])).resolve(Array(x[2...]))
    batch = x[0]
    groupInputs = w[1]
    groupOutputs = w[0] / groups
    result = [batch, w[0]] + window.outputs
    gather = try WindowGather(window, channels: groupInputs)
  }

  /// The transpose of a convolution: `x` `[N, C, …]` with `w` `[C, M / group, …]`.
  init(transposing attributes: Attributes, x: [Int], w: [Int]) throws(OpError) {
    groups = try ConvolutionShape.groups(attributes, x: x, w: w)
    guard w[0] == x[1], w[0] % groups == 0 else {
      throw OpError("weights \(w) in \(groups) groups do not fit the input \(x)")
    }
    let window = try TransposedWindowRule(attributes, kernel: Array(w[2...])).resolve(Array(x[2...]))
    batch = x[0]
    groupInputs = w[0] / groups
    groupOutputs = w[1]
    result = [batch, try product(w[1], groups)] + window.axes.map(\.input)
    gather = try WindowGather(window, channels: groupOutputs)
  }

  private static func groups(_ attributes: Attributes, x: [Int], w: [Int]) throws(OpError) -> Int {
    guard x.count >= 3, w.count == x.count else {
      throw OpError("expected an input and weights of the same rank, 3 or more, got \(x) and \(w)")
    }
    if let kernel = attributes.ints("kernel_shape"), !kernel.isEmpty, kernel != Array(w[2...]) {
      throw OpError("'kernel_shape' expected \(Array(w[2...])) as the weights have it, got \(kernel)")
    }
    let groups = attributes.int("group", default: 1)
    guard groups >= 1 else { throw OpError("'group' expected 1 or more, got \(groups)") }
    return groups
  }

  /// The extents of the buffer for one tile of window positions.
  var tileShape: [Int] { [gather.channels, gather.taps, gather.tile] }

  /// `y += w * x` over memory of the shapes that this was made from. `tile` has room for ``tileShape``.
  @specialized(where T == Float)
  @specialized(where T == Double)
  @specialized(where T == Int32)
  func convolve<T: KernelNumber>(
    _ x: UnsafePointer<T>, _ w: UnsafePointer<T>, into y: UnsafeMutablePointer<T>, tile: UnsafeMutablePointer<T>
  ) {
    let depth = groupInputs * gather.taps
    for image in 0..<batch * groups {
      let source = unsafe x + image * groupInputs * gather.plane
      let weights = unsafe MatrixView(w + image % groups * groupOutputs * depth, rowStride: depth)
      let target = unsafe y + image * groupOutputs * gather.positions
      if gather.isIdentity {
        unsafe MatrixProduct.accumulate(
          weights, MatrixView(source, rowStride: gather.positions), into: target, pitch: gather.positions,
          rows: groupOutputs, inner: depth, columns: gather.positions)
        continue
      }
      var first = 0
      while first < gather.positions {
        let range = first..<min(first + gather.tile, gather.positions)
        unsafe gather.gather(source, range, into: tile)
        unsafe MatrixProduct.accumulate(
          weights, MatrixView(tile, rowStride: range.count), into: target + first, pitch: gather.positions,
          rows: groupOutputs, inner: depth, columns: range.count)
        first = range.upperBound
      }
    }
  }

  /// `y += w * x` transposed.
  @specialized(where T == Float)
  @specialized(where T == Double)
  func convolveTransposed<T: KernelNumber>(
    _ x: UnsafePointer<T>, _ w: UnsafePointer<T>, into y: UnsafeMutablePointer<T>, tile: UnsafeMutablePointer<T>
  ) {
    let rows = groupOutputs * gather.taps
    for image in 0..<batch * groups {
      let source = unsafe x + image * groupInputs * gather.positions
      let weights = unsafe MatrixView(w + image % groups * groupInputs * rows, rowStride: rows).transposed
      let target = unsafe y + image * groupOutputs * gather.plane
      var first = 0
      while first < gather.positions {
        let range = first..<min(first + gather.tile, gather.positions)
        unsafe tile.update(repeating: .nought, count: rows * range.count)
        unsafe MatrixProduct.accumulate(
          weights, MatrixView(source + first, rowStride: gather.positions), into: tile, pitch: range.count,
          rows: rows, inner: groupInputs, columns: range.count)
        unsafe gather.scatter(tile, range, into: target)
        first = range.upperBound
      }
    }
  }
}

/// `Conv`.
enum ConvKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, w) = (try context.operand(0, as: T.self), try context.operand(1, as: T.self))
    let shape = try ConvolutionShape(context.attributes, x: x.shape, w: w.shape)
    let bias = try context.optionalNumbers(2, shape: [w.shape[0]], as: T.self)
    let result = try Convolution.run(context, shape, x, w, bias, T.self, transposed: false)
    return [try result.rounded(to: try context.operand(0).dataType, from: T.self)]
  }
}

/// `ConvTranspose`.
enum ConvTransposeKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, w) = (try context.operand(0, as: T.self), try context.operand(1, as: T.self))
    let shape = try ConvolutionShape(transposing: context.attributes, x: x.shape, w: w.shape)
    let bias = try context.optionalNumbers(2, shape: [shape.result[1]], as: T.self)
    let result = try Convolution.run(context, shape, x, w, bias, T.self, transposed: true)
    return [try result.rounded(to: try context.operand(0).dataType, from: T.self)]
  }
}

extension Convolution {
  /// Allocates the result and a tile, and fills the result.
  static func run<T: KernelNumber>(
    _ context: EvaluationContext, _ shape: ConvolutionShape, _ x: Tensor, _ w: Tensor, _ bias: [T]?, _ type: T.Type,
    transposed: Bool
  ) throws(OpError) -> Tensor {
    try context.checkSize(T.dataType, shape: shape.tileShape)
    var tile = [T](repeating: .nought, count: shape.gather.isIdentity && !transposed ? 1 : shape.tileShape.reduce(1, *))
    let (xs, ws) = (x.span(of: T.self), w.span(of: T.self))
    return try context.make(T.self, shape: shape.result) { (span) throws(OpError) in
      unsafe span.withUnsafeMutableBufferPointer { y in
        unsafe xs.withUnsafeBufferPointer { x in
          unsafe ws.withUnsafeBufferPointer { w in
            unsafe tile.withUnsafeMutableBufferPointer { tile in
              guard let y = y.baseAddress, let tile = tile.baseAddress else { return }
              if let x = x.baseAddress, let w = w.baseAddress {
                if transposed {
                  unsafe shape.convolveTransposed(x, w, into: y, tile: tile)
                } else {
                  unsafe shape.convolve(x, w, into: y, tile: tile)
                }
              }
              unsafe addBias(bias, to: y, shape.result)
            }
          }
        }
      }
    }
  }

  private static func addBias<T: KernelNumber>(_ bias: [T]?, to y: UnsafeMutablePointer<T>, _ shape: [Int]) {
    guard let bias else { return }
    let plane = shape[2...].reduce(1, *)
    for image in 0..<shape[0] * shape[1] {
      let value = bias[image % shape[1]]
      let row = unsafe y + image * plane
      for index in 0..<plane { unsafe row[index] = row[index].plus(value) }
    }
  }
}
