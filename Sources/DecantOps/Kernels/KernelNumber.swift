internal import DecantIR

/// A number that products and sums are computed in: integers wrap, floats round.
protocol KernelNumber: TensorElement, Comparable {
  /// Nothing.
  static var nought: Self { get }
  /// The sum; integers wrap.
  func plus(_ other: Self) -> Self
  /// The product; integers wrap.
  func times(_ other: Self) -> Self
  /// A float attribute as a factor; nil where it cannot be told exactly.
  init?(factor: Float)
}

extension KernelNumber where Self: FixedWidthInteger {
  @inline(__always) static var nought: Self { 0 }
  @inline(__always) func plus(_ other: Self) -> Self { self &+ other }
  @inline(__always) func times(_ other: Self) -> Self { self &* other }
  init?(factor: Float) { self.init(exactly: factor) }
}

extension KernelNumber where Self: BinaryFloatingPoint {
  @inline(__always) static var nought: Self { 0 }
  @inline(__always) func plus(_ other: Self) -> Self { self + other }
  @inline(__always) func times(_ other: Self) -> Self { self * other }
  init?(factor: Float) { self.init(factor) }
}

extension Int32: KernelNumber {}
extension Int64: KernelNumber {}
extension UInt32: KernelNumber {}
extension UInt64: KernelNumber {}

/// A float that kernels compute in. Halves are computed in f32 and rounded once at the end.
protocol KernelFloat: KernelNumber, Real {}

extension Float: KernelFloat {}
extension Double: KernelFloat {}

/// A reference kernel written once for f32 and f64; halves pass through f32.
protocol FloatKernel: SendableMetatype {
  /// Computes the results in `T`.
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor]
}

extension FloatKernel {
  /// Computes in the type that operand 0 asks for.
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let type = try context.operand(0).dataType
    switch type {
    case .float64: return try evaluate(Double.self, context)
    case .float32, .float16, .bfloat16: return try evaluate(Float.self, context)
    default: throw OpError("operand 0: expected a float type, got \(type)")
    }
  }
}

/// A reference kernel written once for all numbers that products are computed in.
protocol NumberKernel: FloatKernel {
  /// Computes the results in `T` from operands that hold `T`.
  static func evaluate<T: KernelNumber>(number type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor]
}

extension NumberKernel {
  /// Computes in the type that operand 0 asks for, integers too.
  @Sendable static func evaluateNumbers(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    switch try context.operand(0).dataType {
    case .int32: return try evaluate(number: Int32.self, context)
    case .int64: return try evaluate(number: Int64.self, context)
    case .uint32: return try evaluate(number: UInt32.self, context)
    case .uint64: return try evaluate(number: UInt64.self, context)
    default: return try evaluate(context)
    }
  }

  /// Computes in `T` on operands converted to it, and rounds the results to operand 0's type.
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let original = try context.operand(0).dataType
    if original == T.dataType { return try evaluate(number: T.self, context) }
    var operands: [Tensor?] = []
    for index in context.operands.indices {
      operands.append(try context.optionalOperand(index) == nil ? nil : try context.operand(index, as: T.self))
    }
    let wide = EvaluationContext(
      op: context.op, attributes: context.attributes, operands: operands, wanted: context.wanted,
      byteLimit: context.byteLimit)
    var results: [Tensor] = []
    for result in try evaluate(number: T.self, wide) { results.append(try result.rounded(to: original, from: T.self)) }
    return results
  }
}

extension EvaluationContext {
  /// Operand `index`, which must hold `T`.
  ///
  /// - Throws: ``OpError`` when it is missing or of another type.
  func operand<T: KernelNumber>(_ index: Int, holding type: T.Type) throws(OpError) -> Tensor {
    let tensor = try operand(index)
    guard tensor.dataType == T.dataType else {
      throw OpError("operand \(index): expected \(T.dataType), got \(tensor.dataType)")
    }
    return tensor
  }

  /// Operand `index` as a tensor of `T`.
  ///
  /// - Throws: ``OpError`` when it is missing or not of a real type.
  func operand<T: KernelFloat>(_ index: Int, as type: T.Type) throws(OpError) -> Tensor {
    try operand(index).converted(to: T.self, what: "operand \(index)")
  }

  /// Operand `index` as numbers.
  ///
  /// - Throws: ``OpError`` when it is missing or not of a real type.
  func numbers<T: KernelFloat>(_ index: Int, as type: T.Type) throws(OpError) -> [T] {
    try operand(index, as: T.self).array(of: T.self) ?? []
  }

  /// Operand `index` as numbers; nil when it is left out.
  ///
  /// - Throws: ``OpError`` when it is not of a real type.
  func optionalNumbers<T: KernelFloat>(_ index: Int, as type: T.Type) throws(OpError) -> [T]? {
    try optionalOperand(index) == nil ? nil : try numbers(index, as: T.self)
  }

  /// Operand `index` as numbers, checked to have `shape`; nil when it is left out.
  ///
  /// - Throws: ``OpError`` when it is not of a real type or of another shape.
  func optionalNumbers<T: KernelFloat>(_ index: Int, shape: [Int], as type: T.Type) throws(OpError) -> [T]? {
    guard let tensor = try optionalOperand(index) else { return nil }
    guard tensor.shape == shape else { throw OpError("operand \(index): expected shape \(shape), got \(tensor.shape)") }
    return try numbers(index, as: T.self)
  }

  /// A result of `dataType` from what was computed in `T`.
  func result<T: KernelFloat>(_ values: [T], shape: [Int], as dataType: DataType) throws(OpError) -> Tensor {
    guard try Tensor.elementCount(shape: shape) == values.count else {
      throw OpError("expected \(shape) to hold \(values.count) elements")
    }
    return try Tensor(values, shape: shape).rounded(to: dataType, from: T.self)
  }
}

extension Tensor {
  /// The same numbers in `T`; itself where nothing changes.
  func converted<T: KernelFloat>(to type: T.Type, what: String) throws(OpError) -> Tensor {
    if dataType == T.dataType { return self }
    if dataType == .float64, let values = array(of: Double.self) { return Tensor(values.map { T($0) }, shape: shape) }
    guard let values = floats else { throw OpError("\(what): expected a real type, got \(dataType)") }
    return Tensor(values.map { T($0) }, shape: shape)
  }

  /// The numbers of `T` rounded to a float type; itself where nothing changes.
  func rounded<T: KernelFloat>(to dataType: DataType, from type: T.Type) throws(OpError) -> Tensor {
    if dataType == T.dataType { return self }
    guard let values = array(of: T.self) else { throw OpError("expected \(T.dataType), got \(self.dataType)") }
    switch dataType {
    case .float32: return Tensor(values.map { Float($0) }, shape: shape)
    case .float64: return Tensor(values.map { Double($0) }, shape: shape)
    case .float16: return Tensor(values.map { Float16($0) }, shape: shape)
    case .bfloat16: return Tensor(values.map { BFloat16(Float($0)) }, shape: shape)
    default: throw OpError("expected a float type, got \(dataType)")
    }
  }
}
