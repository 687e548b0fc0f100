internal import DecantIR

/// `QuantizeLinear`: `saturate(round(x / scale) + zero point)`, halves to even, NaN to the lowest code.
enum QuantizeKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, scale) = (try context.operand(0), try context.operand(1))
    let zero = try context.optionalOperand(2)
    if let zero, zero.shape != scale.shape, zero.elementCount != 1 || scale.elementCount != 1 {
      throw OpError("operand 2: expected shape \(scale.shape), got \(zero.shape)")
    }
    let given = try Quantization.dataType(context.attributes, "output_dtype")
    if let given, let zero, given != zero.dataType {
      throw OpError("'output_dtype' expected \(zero.dataType) as the zero point has it, got \(given)")
    }
    let target = given ?? zero?.dataType ?? .uint8
    try context.checkSize(.float32, shape: x.shape)
    let grid = try QuantizationGrid(context.attributes, shape: x.shape, scales: scale.shape)
    let quotients = try quotients(context, grid)
    let zeros = zero?.floats
    switch target {
    case .int8: return [Tensor(codes(quotients, zeros, grid, -128...127) { Int8($0) }, shape: x.shape)]
    case .uint8: return [Tensor(codes(quotients, zeros, grid, 0...255) { UInt8($0) }, shape: x.shape)]
    case .int16: return [Tensor(codes(quotients, zeros, grid, -32768...32767) { Int16($0) }, shape: x.shape)]
    case .uint16: return [Tensor(codes(quotients, zeros, grid, 0...65535) { UInt16($0) }, shape: x.shape)]
    case .int4: return [try packed(codes(quotients, zeros, grid, -8...7) { Int8($0) }, target, x.shape)]
    case .uint4: return [try packed(codes(quotients, zeros, grid, 0...15) { Int8($0) }, target, x.shape)]
    case .int2: return [try packed(codes(quotients, zeros, grid, -2...1) { Int8($0) }, target, x.shape)]
    case .uint2: return [try packed(codes(quotients, zeros, grid, 0...3) { Int8($0) }, target, x.shape)]
    default:
      guard let layout = SmallFloat.layout(of: target) else {
        throw OpError("expected codes of up to 16 bits, got \(target)", kind: .unsupported)
      }
      let saturates = context.attributes.int("saturate", default: 1) != 0
      let values = shifted(quotients, zeros, grid).map { layout.encode($0, saturate: saturates) }
      return [try PackedElements.pack(values, target, shape: x.shape)]
    }
  }

  /// `x / scale`, in the precision that the scale's type or the attribute `precision` asks for.
  private static func quotients(_ context: EvaluationContext, _ grid: QuantizationGrid) throws(OpError) -> [Float] {
    let (x, scales) = (try context.operand(0), try context.numbers(1, as: Float.self))
    let scaleType = try context.operand(1).dataType
    let precision = try Quantization.dataType(context.attributes, "precision") ?? scaleType
    guard x.dataType.isFloat || x.dataType == .int32 else {
      throw OpError("operand 0: expected a float type or i32, got \(x.dataType)")
    }
    var values = try context.numbers(0, as: Float.self)
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe scales.withUnsafeBufferPointer { scales in
        grid.forEachRun { first, count, scale, step in
          for index in 0..<count {
            unsafe values[first &+ index] = values[first &+ index] / scales[scale &+ index &* step]
          }
        }
      }
    }
    switch precision {
    case .float16: return values.map { Float(Float16($0)) }
    case .bfloat16: return values.map { BFloat16($0).float }
    default: return values
    }
  }

  private static func codes<Code>(
    _ values: [Float], _ zeros: [Float]?, _ grid: QuantizationGrid, _ range: ClosedRange<Float>,
    _ convert: (Float) -> Code
  ) -> [Code] {
    unsafe [Code](unsafeUninitializedCapacity: values.count) { buffer, written in
      unsafe values.withUnsafeBufferPointer { values in
        grid.forEachRun { first, count, scale, step in
          for index in 0..<count {
            let zero = zeros.map { $0[$0.count == 1 ? 0 : scale &+ index &* step] } ?? 0
            let value = unsafe rounded(values[first &+ index]) + zero
            let code = value > range.lowerBound ? min(value, range.upperBound) : range.lowerBound
            unsafe buffer.initializeElement(at: first &+ index, to: convert(code))
          }
        }
      }
      written = values.count
    }
  }

  /// The nearest whole number, halves to even, of a value first limited to what no code type holds; NaN is below all.
  @inline(__always)
  private static func rounded(_ value: Float) -> Float {
    let limited = value > -200_000 ? min(value, 200_000) : -200_000
    // Adding 1.5 · 2^23 leaves no room for fractions; the sum is rounded as IEEE 754 asks.
    return (limited + 12_582_912) - 12_582_912
  }

  private static func shifted(_ values: [Float], _ zeros: [Float]?, _ grid: QuantizationGrid) -> [Float] {
    guard let zeros, zeros.contains(where: { $0 != 0 }) else { return values }
    var values = values
    grid.forEachRun { first, count, scale, step in
      for index in 0..<count { values[first + index] += zeros[zeros.count == 1 ? 0 : scale + index * step] }
    }
    return values
  }

  private static func packed(_ codes: [Int8], _ type: DataType, _ shape: [Int]) throws(OpError) -> Tensor {
    try PackedElements.pack(codes.map { UInt8(bitPattern: $0) }, type, shape: shape)
  }
}

/// `DequantizeLinear`: `(x - zero point) · scale`.
enum DequantizeKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, scale) = (try context.operand(0), try context.operand(1))
    let zero = try context.optionalOperand(2)
    if let zero, zero.shape != scale.shape, zero.elementCount != 1 || scale.elementCount != 1 {
      throw OpError("operand 2: expected shape \(scale.shape), got \(zero.shape)")
    }
    if let zero, zero.dataType != x.dataType {
      throw OpError("operand 2: expected \(x.dataType), got \(zero.dataType)")
    }
    let given = try Quantization.dataType(context.attributes, "output_dtype")
    let target = given ?? Quantization.dequantizedType(scale.dataType)
    try context.checkSize(.float32, shape: x.shape)
    let grid = try QuantizationGrid(context.attributes, shape: x.shape, scales: scale.shape)
    let scales = try context.numbers(1, as: Float.self)
    var values = try centered(x, zero, grid)
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe scales.withUnsafeBufferPointer { scales in
        grid.forEachRun { first, count, scale, step in
          for index in 0..<count {
            unsafe values[first &+ index] = values[first &+ index] * scales[scale &+ index &* step]
          }
        }
      }
    }
    return [try context.result(values, shape: x.shape, as: target)]
  }

  /// `x - zero point`, exact but for 32-bit codes, which are rounded once.
  private static func centered(_ x: Tensor, _ zero: Tensor?, _ grid: QuantizationGrid) throws(OpError) -> [Float] {
    if x.dataType == .int32 {
      var codes = (x.array(of: Int32.self) ?? []).map { Int($0) }
      if let zeros = zero?.integers {
        grid.forEachRun { first, count, scale, step in
          for index in 0..<count { codes[first + index] -= zeros[zeros.count == 1 ? 0 : scale + index * step] }
        }
      }
      return codes.map { Float($0) }
    }
    guard x.dataType.bitWidth <= 16, x.dataType != .bool, var values = numbers(x) else {
      throw OpError("operand 0: expected codes, got \(x.dataType)")
    }
    guard let zeros = zero?.floats, zeros.contains(where: { $0 != 0 }) else { return values }
    grid.forEachRun { first, count, scale, step in
      for index in 0..<count { values[first + index] -= zeros[zeros.count == 1 ? 0 : scale + index * step] }
    }
    return values
  }

  private static func numbers(_ x: Tensor) -> [Float]? {
    switch x.dataType {
    case .int8: x.array(of: Int8.self)?.map { Float($0) }
    case .uint8: x.array(of: UInt8.self)?.map { Float($0) }
    case .int16: x.array(of: Int16.self)?.map { Float($0) }
    case .uint16: x.array(of: UInt16.self)?.map { Float($0) }
    default: x.floats
    }
  }
}

/// `DynamicQuantizeLinear`: u8 codes over the range of the elements and zero.
enum DynamicQuantizeKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    guard let values = x.array(of: Float.self) else { throw OpError("operand 0: expected f32, got \(x.dataType)") }
    let range = ByteRange(values)
    return [Tensor(values.map(range.code), shape: x.shape), Tensor(scalar: range.scale), Tensor(scalar: range.zero)]
  }
}

/// The grid of u8 that just covers some numbers and 0.
struct ByteRange {
  let scale: Float
  let zero: UInt8

  init(_ values: [Float]) {
    var (lowest, highest): (Float, Float) = (0, 0)
    for value in values { (lowest, highest) = (value < lowest ? value : lowest, value > highest ? value : highest) }
    let range = highest - lowest
    scale = range == 0 ? 1 : range / 255
    let offset = ((0 - lowest) / scale).rounded(.toNearestOrEven)
    zero = UInt8(offset > 0 ? min(offset, 255) : 0)
  }

  /// The nearest number that has a code.
  func rounded(_ value: Float) -> Float { (Float(code(value)) - Float(zero)) * scale }

  /// The nearest code, halves to even.
  func code(_ value: Float) -> UInt8 {
    let code = (value / scale).rounded(.toNearestOrEven) + Float(zero)
    return UInt8(code > 0 ? min(code, 255) : 0)
  }
}
