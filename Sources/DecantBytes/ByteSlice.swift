/// Immutable bytes with shared ownership: a heap buffer, or a range of a mapped file.
///
/// Slicing never copies; the owner lives as long as any slice of it.
public struct ByteSlice: Sendable {
  private let owner: ByteOwner?
  private let base: Int
  /// How many bytes.
  public let count: Int

  /// No bytes.
  public init() {
    owner = nil
    base = 0
    count = 0
  }

  /// All bytes of `owner`.
  package init(owner: ByteOwner) {
    self.owner = owner
    base = 0
    count = unsafe owner.unsafeBytes.count
  }

  private init(owner: ByteOwner?, base: Int, count: Int) {
    self.owner = owner
    self.base = base
    self.count = count
  }

  /// Bytes, 64-byte aligned, filled by `initialize`: all of them, unless they are `zeroed` at first.
  ///
  /// The caller has asked a ``Budget`` when `count` comes from a file: a failed allocation cannot be caught.
  public init<E: Error>(
    count: Int, zeroed: Bool = true, initialize: (inout MutableRawSpan) throws(E) -> Void
  ) throws(E) {
    let owner = unsafe try ByteOwner(count: count, zeroed: zeroed) { (buffer) throws(E) in
      var span = unsafe MutableRawSpan(_unsafeBytes: buffer)
      try initialize(&span)
    }
    self.init(owner: owner)
  }

  /// A copy of `bytes`.
  public init(copying bytes: some Collection<UInt8>) {
    self.init(owner: unsafe ByteOwner(count: bytes.count, zeroed: false) { unsafe $0.copyBytes(from: bytes) })
  }

  /// A copy of `bytes`.
  public init(copying bytes: RawSpan) {
    let owner = unsafe bytes.withUnsafeBytes { source in
      unsafe ByteOwner(count: source.count, zeroed: false) { unsafe $0.copyMemory(from: source) }
    }
    self.init(owner: owner)
  }

  /// The bytes themselves; for mapped files they need not be aligned.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      guard let owner else { return RawSpan() }
      let pointer = unsafe UnsafeRawBufferPointer(rebasing: owner.unsafeBytes[base..<base + count])
      let span = unsafe RawSpan(_unsafeBytes: pointer)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The bytes as text, what is no UTF-8 replaced.
  public var text: String {
    let span = unsafe bytes._unsafeView(as: UInt8.self)
    return String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
  }

  /// The bytes `range` of this slice, sharing its owner.
  ///
  /// Precondition: `range` lies within `0..<count`.
  public subscript(range: Range<Int>) -> ByteSlice {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "slice out of bounds")
    return ByteSlice(owner: owner, base: base + range.lowerBound, count: range.count)
  }

  /// Whether the first byte lies at a multiple of `alignment`; true when empty.
  public func isAligned(to alignment: Int) -> Bool {
    guard count > 0, let owner else { return true }
    let address = unsafe Int(bitPattern: owner.unsafeBytes.baseAddress) + base
    return address & (alignment - 1) == 0
  }

  /// Itself when aligned, else an aligned copy.
  public func aligned(to alignment: Int) -> ByteSlice {
    isAligned(to: alignment) ? self : ByteSlice(copying: bytes)
  }

  /// Whether both are the same range of the same owner, without looking at the bytes.
  public func isIdentical(to other: ByteSlice) -> Bool {
    let (file, otherFile) = (owner?.file, other.owner?.file)
    let sameOwner = owner === other.owner || (file != nil && file === otherFile)
    return sameOwner && base == other.base && count == other.count
  }

  /// Whether the bytes live in a mapped file rather than on the heap.
  public var isMapped: Bool { owner?.file != nil }

  /// Lets the system take back the memory of mapped bytes; whoever reads them again gets them from the file.
  ///
  /// A pass over a large file that does so for what is behind it stays small. Does nothing for heap bytes.
  public func evict() {
    guard let mapping, count > 0 else { return }
    mapping.file.evict(mapping.offset..<mapping.offset + count)
  }

  /// The mapped file and the offset of the first byte in it, when the bytes live in one.
  public var mapping: (file: MappedFile, offset: Int)? {
    owner?.file.map { ($0, base) }
  }
}

extension ByteSlice: Equatable {
  /// Whether the bytes are equal.
  public static func == (left: ByteSlice, right: ByteSlice) -> Bool {
    guard left.count == right.count else { return false }
    if left.isIdentical(to: right) { return true }
    return unsafe left.bytes.withUnsafeBytes { a in
      unsafe right.bytes.withUnsafeBytes { b in unsafe a.elementsEqual(b) }
    }
  }
}

extension ByteSlice: Hashable {
  /// Hashes the count and up to 64 bytes at each end: enough to tell weights apart, and never a pass over all of them.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    unsafe bytes.withUnsafeBytes { all in
      unsafe hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: all.prefix(64)))
      unsafe hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: all.suffix(64)))
    }
  }
}

extension ByteSlice {
  /// A copy of the bytes of `slices`, one after the other.
  public init(joining slices: [ByteSlice]) {
    self.init(count: slices.reduce(0) { $0 + $1.count }, zeroed: false) { span in
      unsafe span.withUnsafeMutableBytes { buffer in
        var offset = 0
        for slice in slices {
          unsafe slice.bytes.withUnsafeBytes { source in
            unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<offset + slice.count]).copyMemory(
              from: source)
          }
          offset += slice.count
        }
      }
    }
  }
}
