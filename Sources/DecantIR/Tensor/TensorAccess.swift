internal import DecantBytes

extension Tensor {
  /// The elements. Precondition: the tensor has the type `Element` and ``isAligned`` holds, as it does for everything
  /// that an ``EvaluationContext`` hands out.
  @_lifetime(borrow self)
  public func span<Element: TensorElement>(of element: Element.Type) -> Span<Element> {
    precondition(Element.dataType == dataType, "the tensor is of another type")
    guard case .bytes(let slice) = storage, slice.count > 0 else { return Span() }
    precondition(slice.isAligned(to: MemoryLayout<Element>.alignment), "the tensor is not aligned")
    let view = unsafe slice.bytes._unsafeView(as: Element.self)
    return unsafe _overrideLifetime(view, borrowing: self)
  }

  /// Whether the bytes lie where a load of an element may read them.
  public var isAligned: Bool {
    guard case .bytes(let slice) = storage else { return true }
    return slice.isAligned(to: min(max(dataType.bitWidth / 8, 1), 8))
  }

  /// Itself, or a copy where the file has the bytes at an odd place.
  public var aligned: Tensor {
    guard !isAligned, case .bytes(let slice) = storage else { return self }
    return (try? Tensor(dataType, shape: shape, bytes: slice.aligned(to: 64))) ?? self
  }

  /// A copy of the elements; nil when the tensor has another type or its data is absent.
  public func array<Element: TensorElement>(of element: Element.Type) -> [Element]? {
    guard Element.dataType == dataType, bytes != nil else { return nil }
    let tensor = aligned
    let elements = tensor.span(of: Element.self)
    return unsafe elements.withUnsafeBufferPointer { unsafe Array($0) }
  }

  /// The elements of an integer tensor as `Int`; nil for other types, absent data and values beyond `Int`.
  public var integers: [Int]? {
    switch dataType {
    case .int64: return array(of: Int64.self)?.map(Int.init)
    case .int32: return array(of: Int32.self)?.map(Int.init)
    case .int16: return array(of: Int16.self)?.map(Int.init)
    case .int8: return array(of: Int8.self)?.map(Int.init)
    case .uint8: return array(of: UInt8.self)?.map(Int.init)
    case .uint16: return array(of: UInt16.self)?.map(Int.init)
    case .uint32: return array(of: UInt32.self)?.map(Int.init)
    case .uint64:
      guard let values = array(of: UInt64.self), values.allSatisfy({ $0 <= UInt64(Int.max) }) else { return nil }
      return values.map(Int.init)
    case .int4, .uint4, .int2, .uint2: return unpackedIntegers
    default: return nil
    }
  }

  /// The elements of a packed integer tensor, sign-extended where the type has a sign.
  private var unpackedIntegers: [Int]? {
    guard let slice = bytes, dataType.isPacked else { return nil }
    let (width, perByte) = (dataType.bitWidth, 8 / dataType.bitWidth)
    return (0..<elementCount).map { index in
      let byte = unsafe slice.bytes.unsafeLoad(fromByteOffset: index / perByte, as: UInt8.self)
      let value = Int(byte >> UInt8(index % perByte * width)) & (1 << width - 1)
      return dataType.isSignedInteger && value >= 1 << (width - 1) ? value - 1 << width : value
    }
  }

  /// The elements as float32, for any real type; nil for strings, complex numbers and absent data.
  public var floats: [Float]? {
    switch dataType {
    case .float32: return array(of: Float.self)
    case .float64: return array(of: Double.self)?.map { Float($0) }
    case .float16: return array(of: Float16.self)?.map { Float($0) }
    case .bfloat16: return array(of: BFloat16.self)?.map(\.float)
    case .bool: return array(of: Boolean.self)?.map { $0.value ? 1 : 0 }
    case .float8E8M0: return byteValues?.map(SmallFloat.decodeE8M0)
    case .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ:
      guard let layout = SmallFloat.layout(of: dataType) else { return nil }
      return byteValues?.map(layout.decode)
    case .float4E2M1:
      guard let layout = SmallFloat.layout(of: dataType), let bytes = byteValues else { return nil }
      return (0..<elementCount).map { layout.decode(bytes[$0 / 2] >> UInt8($0 % 2 * 4) & 15) }
    case .uint64: return array(of: UInt64.self)?.map { Float($0) }
    case .string, .complex64, .complex128: return nil
    default: return integers?.map { Float($0) }
    }
  }

  private var byteValues: [UInt8]? {
    guard let slice = bytes else { return nil }
    return unsafe slice.bytes.withUnsafeBytes { unsafe Array($0) }
  }
}
