package import DecantBytes

/// The bytes that are being read, and the budget that reading them may spend.
@usableFromInline
@safe package final class WireSource: @unchecked Sendable {
  /// All bytes of the input.
  package let bytes: ByteSlice
  /// What reading may cost.
  package let budget: Budget
  /// The same bytes; they stay where they are for as long as `bytes` lives.
  private let pointer: UnsafeRawBufferPointer

  /// Reads `bytes` within `budget`.
  package init(_ bytes: ByteSlice, budget: Budget) {
    self.bytes = bytes
    self.budget = budget
    unsafe pointer = bytes.bytes.withUnsafeBytes { unsafe $0 }
  }

  /// The whole input as one message.
  package func message(_ schema: WireSchema) -> WireMessage {
    WireMessage(source: self, schema: schema, range: 0..<bytes.count, depth: 0)
  }

  /// The byte at `position`, which the caller has checked.
  @inline(__always)
  func byte(_ position: Int) -> UInt8 {
    unsafe pointer[position]
  }

  /// Reads a varint at `position`, which must end before `end`, and moves past it.
  ///
  /// Ten bytes at most, and nothing beyond bit 63 (catalogue B01).
  @inline(__always)
  package func varint(_ position: inout Int, end: Int) throws(WireError) -> UInt64 {
    if position < end {
      let first = unsafe pointer[position]
      if first < 0x80 {
        position += 1
        return UInt64(first)
      }
    }
    return try longVarint(&position, end: end)
  }

  private func longVarint(_ position: inout Int, end: Int) throws(WireError) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = unsafe pointer[position]
      position += 1
      if shift == 63, byte > 1 {
        throw WireError(.malformed, at: start, "varint expected to fit 64 bits, got more")
      }
      value |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw WireError(.truncated, at: start, "varint expected to end before byte \(end), got none that does")
  }

  /// Reads a little-endian integer at `position`, which must end before `end`, and moves past it.
  package func fixed<T: FixedWidthInteger & BitwiseCopyable>(
    _ position: inout Int, end: Int, as type: T.Type
  ) throws(WireError) -> T {
    let size = MemoryLayout<T>.size
    guard end - position >= size else {
      throw WireError(.truncated, at: position, "value of \(size) bytes expected, got \(end - position)")
    }
    defer { position += size }
    return T(littleEndian: unsafe pointer.loadUnaligned(fromByteOffset: position, as: T.self))
  }

  /// The text at `range`, nil when it is not UTF-8.
  package func text(_ range: Range<Int>) -> String? {
    unsafe String(validating: UnsafeRawBufferPointer(rebasing: pointer[range]), as: UTF8.self)
  }
}
