/// The type of a tensor's elements. Raw values are those of ONNX's `TensorProto.DataType`.
public enum DataType: UInt8, Sendable, CaseIterable, Hashable {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case string = 8
  case bool = 9
  case float16 = 10
  case float64 = 11
  case uint32 = 12
  case uint64 = 13
  case complex64 = 14
  case complex128 = 15
  case bfloat16 = 16
  case float8E4M3FN = 17
  case float8E4M3FNUZ = 18
  case float8E5M2 = 19
  case float8E5M2FNUZ = 20
  case uint4 = 21
  case int4 = 22
  case float4E2M1 = 23
  case float8E8M0 = 24
  case uint2 = 25
  case int2 = 26

  /// The spelling in the text form: `f32`, `i8`, `bf16`.
  public var name: String {
    switch self {
    case .float32: "f32"
    case .uint8: "u8"
    case .int8: "i8"
    case .uint16: "u16"
    case .int16: "i16"
    case .int32: "i32"
    case .int64: "i64"
    case .string: "string"
    case .bool: "bool"
    case .float16: "f16"
    case .float64: "f64"
    case .uint32: "u32"
    case .uint64: "u64"
    case .complex64: "c64"
    case .complex128: "c128"
    case .bfloat16: "bf16"
    case .float8E4M3FN: "f8e4m3fn"
    case .float8E4M3FNUZ: "f8e4m3fnuz"
    case .float8E5M2: "f8e5m2"
    case .float8E5M2FNUZ: "f8e5m2fnuz"
    case .uint4: "u4"
    case .int4: "i4"
    case .float4E2M1: "f4e2m1"
    case .float8E8M0: "f8e8m0"
    case .uint2: "u2"
    case .int2: "i2"
    }
  }

  /// The type that ``name`` spells.
  public init?(name: String) {
    guard let type = DataType.allCases.first(where: { $0.name == name }) else { return nil }
    self = type
  }

  /// Bits per stored element; 0 for strings, which have no fixed width.
  public var bitWidth: Int {
    switch self {
    case .string: 0
    case .uint2, .int2: 2
    case .uint4, .int4, .float4E2M1: 4
    case .uint8, .int8, .bool, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0: 8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .float32, .uint32, .int32: 32
    case .float64, .uint64, .int64, .complex64: 64
    case .complex128: 128
    }
  }

  /// Bytes that `count` elements take, packed elements rounded up to whole bytes; nil when it overflows.
  public func byteCount(of count: Int) -> Int? {
    let (bits, overflow) = count.multipliedReportingOverflow(by: bitWidth)
    guard !overflow, bits >= 0 else {
      // Only the product in bits overflowed: whole bytes may still fit.
      guard bitWidth >= 8 else { return count / (8 / max(bitWidth, 1)) + 1 }
      let (bytes, tooMany) = count.multipliedReportingOverflow(by: bitWidth / 8)
      return tooMany || bytes < 0 ? nil : bytes
    }
    return bits / 8 + (bits % 8 == 0 ? 0 : 1)
  }

  /// Whether several elements share a byte.
  public var isPacked: Bool { bitWidth > 0 && bitWidth < 8 }

  /// Whether it is one of the real floating-point types, small ones included.
  public var isFloat: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ,
      .float8E8M0, .float4E2M1:
      true
    default: false
    }
  }

  /// Whether it is an integer type; bool is not.
  public var isInteger: Bool {
    switch self {
    case .uint2, .int2, .uint4, .int4, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: true
    default: false
    }
  }

  /// Whether it is an integer type with a sign.
  public var isSignedInteger: Bool {
    switch self {
    case .int2, .int4, .int8, .int16, .int32, .int64: true
    default: false
    }
  }
}

extension DataType: CustomStringConvertible {
  /// The spelling in the text form.
  public var description: String { name }
}
