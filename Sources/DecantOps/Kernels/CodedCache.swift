internal import DecantIR

/// How a cache of keys or values holds them in codes: i8, or two of 4 bits in a u8, around 8 and the first in the low bits.
struct CodedCache {
  private let scale: Tensor
  private let type: DataType
  private let context: EvaluationContext

  /// From the attribute `name`; nil where it says that the cache is not quantized.
  init?(_ context: EvaluationContext, _ name: String, cache: Int, scale index: Int) throws(OpError) {
    let kind = context.attributes.string(name) ?? "NONE"
    guard kind != "NONE", !kind.isEmpty else { return nil }
    guard kind == "PER_TENSOR" || kind == "PER_CHANNEL" else {
      throw OpError("'\(name)' expected NONE, PER_TENSOR or PER_CHANNEL, got '\(kind)'")
    }
    guard let scale = try context.optionalWidened(index) else {
      throw OpError("operand \(index) is missing, the scale of the cache's codes")
    }
    self.scale = scale.elementCount == 1 ? scale.reshaped([1, 1, 1, 1]) : scale
    type = try CodedCache.codeType(context.attributes, given: try context.optionalOperand(cache)?.dataType)
    self.context = context
  }

  /// i8, or u8 for codes of 4 bits.
  static func codeType(_ attributes: Attributes, given: DataType?) throws(OpError) -> DataType {
    let bits = attributes.int("kv_cache_bit_width", default: 0)
    let type: DataType = given ?? (bits == 4 ? .uint8 : .int8)
    guard type == .int8 && bits != 4 || type == .uint8 && bits != 8 else {
      throw OpError("expected caches of i8 for 8 bits or u8 for 4, got \(type) for \(bits)", kind: .unsupported)
    }
    return type
  }

  /// The bytes of a cache as f32.
  func numbers(_ cache: Tensor?) throws(OpError) -> Tensor? {
    guard let cache else { return nil }
    return try context.convert(cache, Conversion(target: .float32))
  }

  /// The bytes, given as f32, in the cache's type.
  func kept(_ numbers: Tensor) throws(OpError) -> Tensor { try context.convert(numbers, Conversion(target: type)) }

  /// The bytes for new keys or values, as f32: halves to even, saturated.
  func encode(_ tensor: Tensor) throws(OpError) -> Tensor {
    try check(tensor.shape)
    let (low, high): (Float, Float) = type == .int8 ? (-128, 127) : (-8, 7)
    let codes = try context.pairwise(tensor, scale) { (x: Float, scale: Float) -> Float in
      let code = (x / scale).rounded(.toNearestOrEven)
      return code > low ? min(code, high) : low
    }
    guard type == .uint8, let last = tensor.shape.last, let values = codes.array(of: Float.self) else { return codes }
    guard last % 2 == 0 else { throw OpError("expected an even size of heads for codes of 4 bits, got \(last)") }
    let bytes = stride(from: 0, to: values.count, by: 2).map { place -> Float in
      let (first, second) = (values[place] + 8, values[place + 1] + 8)
      return first + 16 * second
    }
    return Tensor(bytes, shape: Array(tensor.shape.dropLast()) + [last / 2])
  }

  /// The numbers that the bytes stand for.
  func decode(_ numbers: Tensor) throws(OpError) -> Tensor {
    var codes = numbers
    if type == .uint8 {
      let unpacked = try CodePacking.unpack(try kept(numbers), 2, context)
      codes = try context.pairwise(
        try context.convert(unpacked, Conversion(target: .float32)), Tensor(scalar: 8 as Float), Subtraction())
    }
    try check(codes.shape)
    return try context.pairwise(codes, scale, Multiplication())
  }

  private func check(_ shape: [Int]) throws(OpError) {
    guard Broadcast.fits(scale.shape, into: shape) else {
      throw OpError("expected scales of a cache that broadcast to \(shape), got \(scale.shape)")
    }
  }
}
