internal import DecantIR

/// What `Cast` is told.
struct Conversion: Sendable {
  /// How `f8e8m0` rounds.
  enum PowerRounding: String, Sendable {
    case up
    case down
    case nearest
  }

  /// The type of the result.
  var target: DataType
  /// Whether values beyond the range of an 8-bit float become its largest instead of infinity or NaN.
  var saturate = true
  /// How `f8e8m0` rounds.
  var powerRounding = PowerRounding.up
}

/// Elements in the widest type of their kind, in which every conversion starts without loss.
enum WideElements {
  case floats([Float])
  case doubles([Double])
  case signed([Int64])
  case unsigned([UInt64])
  case strings([ByteString])
}

extension EvaluationContext {
  /// The tensor with its elements converted, each rounded once to the nearest value, halves to even; floats turn into
  /// integers towards zero, and integers into shorter integers by their low bits.
  func convert(_ tensor: Tensor, _ conversion: Conversion) throws(OpError) -> Tensor {
    let target = conversion.target
    if target == tensor.dataType { return tensor }
    try checkSize(target, shape: tensor.shape)
    if let result = try convertDirectly(tensor, to: target) { return result }
    let wide = try tensor.wideElements()
    switch target {
    case .float32: return Tensor(try wide.floats(), shape: tensor.shape)
    case .float64: return Tensor(try wide.doubles(), shape: tensor.shape)
    case .float16: return Tensor(try wide.floatsToRound().map { Float16($0) }, shape: tensor.shape)
    case .bfloat16: return Tensor(try wide.floatsToRound().map { BFloat16($0) }, shape: tensor.shape)
    case .bool: return Tensor(try wide.truths(), shape: tensor.shape)
    case .string: return try Tensor(strings: try texts(of: tensor, wide), shape: tensor.shape)
    case .int64: return Tensor(try wide.integers(Int64.self), shape: tensor.shape)
    case .int32: return Tensor(try wide.integers(Int32.self), shape: tensor.shape)
    case .int16: return Tensor(try wide.integers(Int16.self), shape: tensor.shape)
    case .int8: return Tensor(try wide.integers(Int8.self), shape: tensor.shape)
    case .uint64: return Tensor(try wide.integers(UInt64.self), shape: tensor.shape)
    case .uint32: return Tensor(try wide.integers(UInt32.self), shape: tensor.shape)
    case .uint16: return Tensor(try wide.integers(UInt16.self), shape: tensor.shape)
    case .uint8: return Tensor(try wide.integers(UInt8.self), shape: tensor.shape)
    case .int4, .uint4, .int2, .uint2:
      return try PackedElements.pack(try wide.narrowIntegers(target), target, shape: tensor.shape)
    case .float4E2M1, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0:
      let codes = try wide.floatsToRound().map(conversion.encoder())
      return try PackedElements.pack(codes, target, shape: tensor.shape)
    case .complex64, .complex128: throw OpError("complex numbers cannot be cast", kind: .unsupported)
    }
  }

  /// The pairs of types that models convert between in bulk.
  private func convertDirectly(_ tensor: Tensor, to target: DataType) throws(OpError) -> Tensor? {
    switch (tensor.dataType, target) {
    case (.float32, .float16): try map(tensor) { (x: Float) in Float16(x) }
    case (.float16, .float32): try map(tensor) { (x: Float16) in Float(x) }
    case (.float32, .bfloat16): try map(tensor) { (x: Float) in BFloat16(x) }
    case (.bfloat16, .float32): try map(tensor) { (x: BFloat16) in x.float }
    case (.float32, .float64): try map(tensor) { (x: Float) in Double(x) }
    case (.float64, .float32): try map(tensor) { (x: Double) in Float(x) }
    case (.int64, .float32): try map(tensor) { (x: Int64) in Float(x) }
    case (.int32, .float32): try map(tensor) { (x: Int32) in Float(x) }
    case (.bool, .float32): try map(tensor) { (x: Boolean) in x.value ? Float(1) : 0 }
    case (.int64, .int32): try map(tensor) { (x: Int64) in Int32(truncatingIfNeeded: x) }
    case (.int32, .int64): try map(tensor) { (x: Int32) in Int64(x) }
    default: nil
    }
  }

  private func texts(of tensor: Tensor, _ wide: WideElements) throws(OpError) -> [ByteString] {
    switch wide {
    case .strings(let strings): return strings
    case .floats(let values):
      if tensor.dataType == .float16 { return values.map { ByteString("\(Float16($0))") } }
      return values.map { ByteString("\($0)") }
    case .doubles(let values): return values.map { ByteString("\($0)") }
    case .signed(let values):
      if tensor.dataType == .bool { return values.map { $0 == 0 ? "False" : "True" } }
      return values.map { ByteString("\($0)") }
    case .unsigned(let values): return values.map { ByteString("\($0)") }
    }
  }
}

extension Conversion {
  /// The encoder of a float type of 8 bits or fewer.
  func encoder() throws(OpError) -> (Float) -> UInt8 {
    if target == .float8E8M0 {
      let (rounding, saturate) = (powerRounding, saturate)
      return { Conversion.encodePower($0, rounding, saturate: saturate) }
    }
    guard let layout = SmallFloat.layout(of: target) else { throw OpError("\(target) is not a small float type") }
    let saturate = saturate
    return { layout.encode($0, saturate: saturate) }
  }

  /// The `f8e8m0` pattern for the magnitude of a value: a power of two.
  ///
  /// What lies below the smallest power, zero too, becomes that power, or NaN without `saturate`.
  static func encodePower(_ value: Float, _ rounding: PowerRounding, saturate: Bool) -> UInt8 {
    guard !value.isNaN else { return 255 }
    guard value.isFinite else { return saturate ? 254 : 255 }
    let bits = value.magnitude.bitPattern
    let (exponent, mantissa) = (bits >> 23, bits & 0x7f_ffff)
    // Pattern 0 is 2^-127, which is subnormal: half of the mantissa's range.
    let (exact, half): (UInt32, UInt32) = exponent == 0 ? (0x40_0000, 0x60_0000) : (0, 0x40_0000)
    if exponent == 0, mantissa < exact { return saturate ? 0 : 255 }
    let roundsUp =
      switch rounding {
      case .down: false
      case .up: mantissa > exact
      case .nearest: mantissa >= half
      }
    let result = exponent + (roundsUp ? 1 : 0)
    return result <= 254 ? UInt8(result) : saturate ? 254 : 255
  }
}
