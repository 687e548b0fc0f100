/// Reads little-endian values from bytes, one after the other, and never past their end.
public struct ByteCursor: Sendable {
  /// What is read.
  public let bytes: ByteSlice
  /// The next byte to read, within ``bytes``.
  public private(set) var position = 0
  /// Where ``bytes`` begin in the input; errors name offsets in the input.
  public let base: Int

  /// A cursor at the first of `bytes`, which begin at `base` of the input.
  public init(_ bytes: ByteSlice, base: Int = 0) {
    self.bytes = bytes
    self.base = base
  }

  /// How many bytes are left.
  public var remaining: Int { bytes.count - position }

  /// Where the next byte lies in the input.
  public var offset: Int { base + position }

  /// Whether nothing is left.
  public var isAtEnd: Bool { position == bytes.count }

  /// Reads a little-endian integer; `subject` names it in errors.
  public mutating func read<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type, _ subject: @autoclosure () -> String
  ) throws(WireError) -> T {
    try require(MemoryLayout<T>.size, subject())
    defer { position += MemoryLayout<T>.size }
    return T(littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: T.self))
  }

  /// Reads an unsigned 64-bit size or offset that must fit an `Int`.
  public mutating func readSize(_ subject: @autoclosure () -> String) throws(WireError) -> Int {
    let at = offset
    let value = try read(UInt64.self, subject())
    guard let size = Int(exactly: value) else {
      throw WireError(.overflow, at: at, "\(subject()) is \(value)")
    }
    return size
  }

  /// Reads a count of elements, refusing one above `limit`, as in `count(UInt32.self, limit: cursor.remaining / 4)`.
  public mutating func readCount<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type, limit: Int, _ subject: @autoclosure () -> String
  ) throws(WireError) -> Int {
    let at = offset
    let value = try read(type, subject())
    guard let count = Int(exactly: value), count >= 0, count <= limit else {
      throw WireError(.malformed, at: at, "\(subject()) is \(value), expected at most \(limit)")
    }
    return count
  }

  /// Reads the next `count` bytes without copying them.
  public mutating func readSlice(_ count: Int, _ subject: @autoclosure () -> String) throws(WireError) -> ByteSlice {
    try require(count, subject())
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// Passes over `count` bytes.
  public mutating func skip(_ count: Int, _ subject: @autoclosure () -> String) throws(WireError) {
    try require(count, subject())
    position += count
  }

  /// Moves to `position` of ``bytes``.
  public mutating func seek(to position: Int, _ subject: @autoclosure () -> String) throws(WireError) {
    guard position >= 0, position <= bytes.count else {
      throw WireError(.truncated, at: offset, "\(subject()) points to byte \(position) of \(bytes.count)")
    }
    self.position = position
  }

  private func require(_ count: Int, _ subject: @autoclosure () -> String) throws(WireError) {
    guard count >= 0, count <= remaining else {
      throw WireError(.truncated, at: offset, "\(subject()) needs \(count) bytes, and \(remaining) are left")
    }
  }
}
