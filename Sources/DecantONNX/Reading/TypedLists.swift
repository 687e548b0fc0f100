internal import DecantBytes
internal import DecantIR
internal import DecantWire

/// The lists of a tensor message that hold elements one by one, as older and smaller tools write them.
struct TypedLists {
  private let proto: TensorProto

  init(_ proto: TensorProto) { self.proto = proto }

  /// The lists that are not empty.
  var present: [String] {
    var names: [String] = []
    if !proto.floatData.isEmpty { names.append("float_data") }
    if !proto.int32Data.isEmpty { names.append("int32_data") }
    if !proto.stringData.isEmpty { names.append("string_data") }
    if !proto.int64Data.isEmpty { names.append("int64_data") }
    if !proto.doubleData.isEmpty { names.append("double_data") }
    if !proto.uint64Data.isEmpty { names.append("uint64_data") }
    return names
  }

  /// The list that holds elements of `type`.
  static func name(for type: DataType) -> String {
    switch type {
    case .float32, .complex64: "float_data"
    case .float64, .complex128: "double_data"
    case .int64: "int64_data"
    case .uint32, .uint64: "uint64_data"
    case .string: "string_data"
    default: "int32_data"
    }
  }

  /// The elements of `type` as a tensor of `shape` stores them.
  ///
  /// Floats are the file's own bytes when they stand in one run; integers are decoded.
  func bytes(of type: DataType, shape: [Int], budget: Budget) throws(DecantError) -> ByteSlice {
    let expected: Int
    do throws(OpError) {
      expected = try Tensor.byteCount(type, shape: shape)
    } catch {
      throw DecantError(error)
    }
    do throws(WireError) {
      switch TypedLists.name(for: type) {
      case "float_data": return try proto.floatData.joined()
      case "double_data": return try proto.doubleData.joined()
      case "int64_data": return try decode(proto.int64Data, width: 8, expected, budget)
      case "uint64_data": return try decode(proto.uint64Data, width: type.bitWidth / 8, expected, budget)
      default: return try decode(proto.int32Data, width: max(type.bitWidth / 8, 1), expected, budget)
      }
    } catch {
      throw DecantError(error.code.kind, error.message, at: ["byte \(error.offset)"])
    }
  }

  /// Decodes varints into little-endian integers of `width` bytes; packed types have one byte of elements an entry.
  private func decode(
    _ list: WireScalars, width: Int, _ expected: Int, _ budget: Budget
  ) throws(WireError) -> ByteSlice {
    let count = list.varintCount()
    guard count == expected / width else {
      throw WireError(.malformed, at: list.offset, "expected \(expected / width) values, got \(count)")
    }
    try budget.take(bytes: expected, for: "tensor", at: list.offset)
    return try ByteSlice(count: expected) { (target: inout MutableRawSpan) throws(WireError) in
      var at = 0
      try list.forEachVarint { (value) throws(WireError) in
        guard TypedLists.fits(Int64(bitPattern: value), width) else {
          throw WireError(
            .malformed, at: list.offset, "expected values of \(8 * width) bits, got \(Int64(bitPattern: value))")
        }
        for byte in 0..<width {
          target.storeBytes(of: UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)), toByteOffset: at, as: UInt8.self)
          at += 1
        }
      }
    }
  }

  /// Whether `value` is one of `width` bytes, with or without a sign.
  private static func fits(_ value: Int64, _ width: Int) -> Bool {
    width == 8 || (value >= -(1 << Int64(8 * width - 1)) && value < 1 << Int64(8 * width))
  }
}
