internal import DecantBytes

/// One element of a tensor as the text form spells it.
enum TextElement: Equatable, CustomStringConvertible {
  /// A decimal number, `inf` or `-inf`.
  case number(String)
  /// The type's usual NaN.
  case notANumber
  /// `nan:0x…`: another NaN by its bits.
  case bits(UInt64)
  case truth(Bool)

  var description: String {
    switch self {
    case .number(let text): text
    case .notANumber: "nan"
    case .bits(let bits): "nan:0x" + String(bits, radix: 16)
    case .truth(let value): value ? "true" : "false"
    }
  }
}

/// The elements of fixed-width tensors as text, and back.
enum TextElements {
  /// The elements of `tensor`, two for each complex number; nil when they could not be read back to the bit.
  static func spell(_ tensor: Tensor) -> [TextElement]? {
    guard let slice = tensor.bytes, let elements = elements(of: tensor.aligned) else { return nil }
    var encoded: [UInt8] = []
    guard encode(elements, as: tensor.dataType, into: &encoded) == nil else { return nil }
    return unsafe slice.bytes.withUnsafeBytes { unsafe $0.elementsEqual(encoded) } ? elements : nil
  }

  private static func elements(of tensor: Tensor) -> [TextElement]? {
    switch tensor.dataType {
    case .float32: return tensor.array(of: Float.self)?.map(element)
    case .float64: return tensor.array(of: Double.self)?.map(element)
    case .float16:
      return tensor.array(of: Float16.self)?.map {
        $0.isNaN ? nan($0.bitPattern, Float16.nan.bitPattern) : .number("\($0)")
      }
    case .bfloat16:
      return tensor.array(of: BFloat16.self)?.map {
        $0.float.isNaN ? nan($0.bits, BFloat16(.nan).bits) : .number("\($0.float)")
      }
    case .bool: return tensor.array(of: Boolean.self)?.map { .truth($0.value) }
    case .uint64: return tensor.array(of: UInt64.self)?.map { .number("\($0)") }
    case .complex64: return tensor.retyped(.float32, width: 2)?.array(of: Float.self)?.map(element)
    case .complex128: return tensor.retyped(.float64, width: 2)?.array(of: Double.self)?.map(element)
    case .float8E8M0, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float4E2M1:
      return smallFloats(of: tensor)
    case .string: return nil
    default: return tensor.integers?.map { .number("\($0)") }
    }
  }

  private static func element(_ value: Float) -> TextElement {
    value.isNaN ? nan(value.bitPattern, Float.nan.bitPattern) : .number("\(value)")
  }

  private static func element(_ value: Double) -> TextElement {
    value.isNaN ? nan(value.bitPattern, Double.nan.bitPattern) : .number("\(value)")
  }

  private static func nan<Bits: FixedWidthInteger>(_ bits: Bits, _ usual: Bits) -> TextElement {
    bits == usual ? .notANumber : .bits(UInt64(bits))
  }

  private static func smallFloats(of tensor: Tensor) -> [TextElement]? {
    guard let values = tensor.floats, let slice = tensor.bytes else { return nil }
    return values.indices.map { index in
      guard values[index].isNaN else { return .number("\(values[index])") }
      return nan(unsafe slice.bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self), usualNaN(tensor.dataType))
    }
  }

  private static func usualNaN(_ type: DataType) -> UInt8 { SmallFloat.layout(of: type)?.encode(.nan) ?? 0xff }

  /// Appends the bytes of `elements`; gives the first element that the type does not hold.
  static func encode(_ elements: [TextElement], as type: DataType, into bytes: inout [UInt8]) -> TextElement? {
    if type.isPacked { return encodePacked(elements, as: type, into: &bytes) }
    for element in elements {
      guard let bits = bits(of: element, as: type) else { return element }
      for place in 0..<scalarWidth(of: type) { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(place * 8))) }
    }
    return nil
  }

  /// Bytes of what one ``TextElement`` spells: half a complex number.
  private static func scalarWidth(of type: DataType) -> Int {
    switch type {
    case .complex64: 4
    case .complex128: 8
    default: type.bitWidth / 8
    }
  }

  private static func encodePacked(
    _ elements: [TextElement], as type: DataType, into bytes: inout [UInt8]
  ) -> TextElement? {
    let (width, perByte) = (type.bitWidth, 8 / type.bitWidth)
    for (index, element) in elements.enumerated() {
      guard let bits = bits(of: element, as: type) else { return element }
      if index % perByte == 0 { bytes.append(0) }
      bytes[bytes.count - 1] |= UInt8(truncatingIfNeeded: bits) << UInt8(index % perByte * width)
    }
    return nil
  }

  /// The bits that `element` stands for in a tensor of `type`; nil when the type does not hold it.
  static func bits(of element: TextElement, as type: DataType) -> UInt64? {
    switch element {
    case .truth(let value): return type == .bool ? (value ? 1 : 0) : nil
    case .notANumber: return nanBits(of: type)
    case .bits(let bits):
      guard type.isFloat || type == .complex64 || type == .complex128 else { return nil }
      let width = scalarWidth(of: type) * 8
      return width > 0 && (width == 64 || bits >> UInt64(width) == 0) ? bits : nil
    case .number(let text): return bits(ofNumber: text, as: type)
    }
  }

  private static func nanBits(of type: DataType) -> UInt64? {
    switch type {
    case .float32, .complex64: UInt64(Float.nan.bitPattern)
    case .float64, .complex128: Double.nan.bitPattern
    case .float16: UInt64(Float16.nan.bitPattern)
    case .bfloat16: UInt64(BFloat16(.nan).bits)
    case .float8E8M0, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ: UInt64(usualNaN(type))
    default: nil
    }
  }

  private static func bits(ofNumber text: String, as type: DataType) -> UInt64? {
    switch type {
    case .float32, .complex64: return finite(Float(text), text).map { UInt64($0.bitPattern) }
    case .float64, .complex128: return finite(Double(text), text).map { $0.bitPattern }
    case .float16: return finite(Float16(text), text).map { UInt64($0.bitPattern) }
    case .bfloat16:
      return finite(finite(Float(text), text).map { BFloat16($0) }?.float, text).map { UInt64(BFloat16($0).bits) }
    case .float8E8M0:
      guard let value = Float(text), value > 0, value.isFinite else { return nil }
      let bits = UInt8(clamping: Int(value.exponent) + 127)
      return SmallFloat.decodeE8M0(bits) == value ? UInt64(bits) : nil
    case .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float4E2M1:
      guard let layout = SmallFloat.layout(of: type), let value = Float(text) else { return nil }
      let bits = layout.encode(value, saturate: false)
      return layout.decode(bits) == value ? UInt64(bits) : nil
    case .uint64: return UInt64(text)
    case .bool, .string: return nil
    default:
      guard let value = Int64(text) else { return nil }
      let width = type.bitWidth
      let (low, high) =
        type.isSignedInteger
        ? (Int64.min >> Int64(64 - width), Int64.max >> Int64(64 - width)) : (0, (1 << Int64(width)) - 1)
      return value >= low && value <= high ? UInt64(bitPattern: value) & (UInt64.max >> UInt64(64 - width)) : nil
    }
  }

  /// `value`, unless it is infinite although `text` is a decimal number.
  private static func finite<Number: BinaryFloatingPoint>(_ value: Number?, _ text: String) -> Number? {
    guard let value else { return nil }
    return value.isInfinite && !text.hasSuffix("inf") ? nil : value
  }
}

extension Tensor {
  /// The same bytes as `width` elements of `type` for each of the tensor's.
  fileprivate func retyped(_ type: DataType, width: Int) -> Tensor? {
    guard let bytes else { return nil }
    return try? Tensor(type, shape: [bytes.count / (type.bitWidth / 8)], bytes: bytes)
  }
}
