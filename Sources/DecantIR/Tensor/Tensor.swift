public import DecantBytes

/// An immutable array of elements: a type, a shape, and storage that is usually borrowed from the mapped file.
///
/// Elements are little-endian and row-major; packed types put the first element in the low bits. A changed weight is a
/// new tensor.
public struct Tensor: Hashable, Sendable {
  /// Where the elements are.
  public enum Storage: Hashable, Sendable {
    /// All fixed-width types.
    case bytes(ByteSlice)
    /// The type `string`.
    case strings([ByteString])
    /// Known by digest only: the text form was written without its weights.
    case absent(AbsentData)
  }

  /// The element type.
  public let dataType: DataType
  /// Extents, outermost first; empty for a scalar.
  public let shape: [Int]
  /// Where the elements are.
  public let storage: Storage

  /// A tensor over existing bytes.
  ///
  /// - Throws: ``OpError`` when the extents are negative, overflow, or do not need exactly `bytes.count` bytes.
  public init(_ dataType: DataType, shape: [Int], bytes: ByteSlice) throws(OpError) {
    guard dataType != .string else { throw OpError("strings are not stored as raw bytes") }
    let expected = try Tensor.byteCount(dataType, shape: shape)
    guard expected == bytes.count else {
      throw OpError("expected \(expected) bytes for \(dataType)\(shape), got \(bytes.count)")
    }
    self.init(unchecked: dataType, shape: shape, storage: .bytes(bytes))
  }

  /// A tensor of strings.
  ///
  /// - Throws: ``OpError`` when the shape does not hold exactly `strings.count` elements.
  public init(strings: [ByteString], shape: [Int]) throws(OpError) {
    guard try Tensor.elementCount(shape: shape) == strings.count else {
      throw OpError("expected strings to fill \(shape), got \(strings.count)")
    }
    self.init(unchecked: .string, shape: shape, storage: .strings(strings))
  }

  /// A tensor whose elements are known by digest only.
  public init(_ dataType: DataType, shape: [Int], absent: AbsentData) {
    self.init(unchecked: dataType, shape: shape, storage: .absent(absent))
  }

  private init(unchecked dataType: DataType, shape: [Int], storage: Storage) {
    self.dataType = dataType
    self.shape = shape
    self.storage = storage
  }

  /// A tensor of `shape`, filled by `fill`: all of it, unless it is `zeroed` at first. Precondition: the extents are not
  /// negative and fit memory; kernels call ``EvaluationContext/make(_:shape:fill:)``, which checks.
  public init<Element: TensorElement, E: Error>(
    of element: Element.Type, shape: [Int], zeroed: Bool = true, fill: (inout MutableSpan<Element>) throws(E) -> Void
  ) throws(E) {
    let count = shape.reduce(1, *)
    let slice = try ByteSlice(count: count * MemoryLayout<Element>.stride, zeroed: zeroed) { (raw) throws(E) in
      var span = unsafe raw._unsafeMutableView(as: Element.self)
      try fill(&span)
    }
    self.init(unchecked: Element.dataType, shape: shape, storage: .bytes(slice))
  }

  /// A tensor with these elements. Precondition: as many as the shape holds.
  public init<Element: TensorElement>(_ elements: [Element], shape: [Int]) {
    precondition(elements.count == shape.reduce(1, *), "elements do not fill the shape")
    // One copy of bytes: a loop here would be generic, and slow in every other module.
    let bytes = unsafe elements.withUnsafeBytes { ByteSlice(copying: unsafe RawSpan(_unsafeBytes: $0)) }
    self.init(unchecked: Element.dataType, shape: shape, storage: .bytes(bytes))
  }

  /// A vector.
  public init<Element: TensorElement>(_ elements: [Element]) { self.init(elements, shape: [elements.count]) }

  /// A scalar.
  public init<Element: TensorElement>(scalar: Element) { self.init([scalar], shape: []) }

  /// The same elements under another shape. Precondition: the same number of elements.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == elementCount, "a reshape keeps the number of elements")
    return Tensor(unchecked: dataType, shape: shape, storage: storage)
  }

  /// The same bytes read as another type of the same width. Precondition: equal bit widths.
  public func reinterpreted(as type: DataType) -> Tensor {
    precondition(type.bitWidth == dataType.bitWidth, "a reinterpretation keeps the width")
    return Tensor(unchecked: type, shape: shape, storage: storage)
  }

  /// The number of axes.
  public var rank: Int { shape.count }

  /// How many elements; 1 for a scalar.
  public var elementCount: Int { shape.reduce(1, *) }

  /// The type of a value that holds it.
  public var type: ValueType { .tensor(dataType, Shape(shape)) }

  /// The stored bytes; nil for strings and absent data.
  public var bytes: ByteSlice? {
    if case .bytes(let slice) = storage { slice } else { nil }
  }

  /// The strings; nil for other types.
  public var strings: [ByteString]? {
    if case .strings(let strings) = storage { strings } else { nil }
  }

  /// How many bytes the elements take; for strings the sum of their lengths.
  public var byteCount: Int {
    switch storage {
    case .bytes(let slice): slice.count
    case .strings(let strings): strings.reduce(0) { $0 + $1.bytes.count }
    case .absent(let data): data.byteCount
    }
  }

  /// How many elements `shape` holds.
  ///
  /// - Throws: ``OpError`` for negative extents and on overflow.
  public static func elementCount(shape: [Int]) throws(OpError) -> Int {
    var count = 1
    for extent in shape {
      guard extent >= 0 else { throw OpError("expected extents that are not negative, got \(shape)") }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw OpError("the shape \(shape) has more than 2^63 elements") }
      count = product
    }
    return count
  }

  /// How many bytes a tensor takes.
  ///
  /// - Throws: ``OpError`` for negative extents and on overflow.
  public static func byteCount(_ dataType: DataType, shape: [Int]) throws(OpError) -> Int {
    guard let bytes = dataType.byteCount(of: try elementCount(shape: shape)) else {
      throw OpError("the shape \(shape) of \(dataType) has more than 2^63 bytes")
    }
    return bytes
  }
}

/// What is known of elements that are elsewhere.
public struct AbsentData: Hashable, Sendable {
  /// SHA-256 of the bytes, 32 bytes.
  public let digest: [UInt8]
  /// How many bytes.
  public let byteCount: Int

  /// From a digest and a size.
  public init(digest: [UInt8], byteCount: Int) {
    self.digest = digest
    self.byteCount = byteCount
  }
}
