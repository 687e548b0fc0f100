internal import DecantIR

/// The scale and the zero point of codes of one byte.
struct ByteGrid {
  let scale: Float
  let zero: Int
  /// i8 or u8.
  let dataType: DataType

  /// From operands that hold one number each; a zero point that is left out is 0.
  ///
  /// - Throws: ``OpError`` for another type than i8 and u8, and for more than one number.
  init(_ context: EvaluationContext, scale: Int, zeroPoint: Int, _ dataType: DataType) throws(OpError) {
    guard dataType == .int8 || dataType == .uint8 else { throw OpError("expected i8 or u8, got \(dataType)") }
    self.scale = try QuantizedOperands.scale(context, scale)
    self.dataType = dataType
    guard let point = try context.optionalOperand(zeroPoint) else {
      zero = 0
      return
    }
    guard point.dataType == dataType, let values = point.integers, values.count == 1 else {
      throw OpError("operand \(zeroPoint): expected one number of \(dataType), got \(point.dataType)\(point.shape)")
    }
    zero = values[0]
  }

  /// The number that a code stands for.
  func number(_ code: Int) -> Float { Float(code - zero) * scale }

  /// The code nearest to a number.
  func code(_ number: Float) -> Int { code(steps: number / scale) }

  /// The code `steps` above the zero point: halves to even, saturated; NaN is the lowest.
  func code(steps: Float) -> Int { nearest(steps.rounded(.toNearestOrEven) + Float(zero)) }

  /// The nearest code, halves to even, saturated; NaN is the lowest.
  func nearest(_ value: Float) -> Int {
    let (lowest, highest): (Float, Float) = dataType == .int8 ? (-128, 127) : (0, 255)
    let code = value.rounded(.toNearestOrEven)
    return Int(code > lowest ? min(code, highest) : lowest)
  }

  /// A tensor of codes. Precondition: they are within the type.
  func tensor(_ codes: [Int], shape: [Int]) -> Tensor {
    dataType == .int8
      ? Tensor(codes.map { Int8(clamping: $0) }, shape: shape) : Tensor(codes.map { UInt8(clamping: $0) }, shape: shape)
  }
}

/// A tensor of codes with their one scale and zero point.
struct QuantizedTensor {
  let shape: [Int]
  let codes: [Int]
  let grid: ByteGrid

  /// From operands.
  init(_ context: EvaluationContext, _ index: Int, scale: Int, zeroPoint: Int) throws(OpError) {
    let tensor = try context.operand(index)
    grid = try ByteGrid(context, scale: scale, zeroPoint: zeroPoint, tensor.dataType)
    shape = tensor.shape
    try context.checkSize(.int64, shape: shape)
    codes = try context.integers(index)
  }

  /// The numbers that the codes stand for.
  var numbers: Tensor { Tensor(codes.map(grid.number), shape: shape) }

  /// The codes on `target` for `function` of each number.
  func mapped(to target: ByteGrid, _ function: (Float) -> Float) -> Tensor {
    // There are 256 codes at most, and often many more elements.
    let lowest = grid.dataType == .int8 ? -128 : 0
    let table = (lowest..<lowest + 256).map { target.code(function(grid.number($0))) }
    return target.tensor(codes.map { table[$0 - lowest] }, shape: shape)
  }
}

extension ByteGrid {
  /// The codes for a tensor of f32.
  func codes(_ numbers: Tensor) -> Tensor {
    tensor((numbers.array(of: Float.self) ?? []).map { code($0) }, shape: numbers.shape)
  }
}
