internal import CZlib
internal import DecantBytes

/// What is needed of zlib: inflating whole entries, and their checksums.
enum Zlib {
  /// Deflate cannot do better: 258 bytes for 2 bits.
  static let largestRatio = 1032

  /// The CRC-32 of `bytes`, beginning from `start`.
  static func checksum(_ bytes: ByteSlice, from start: UInt32 = 0) -> UInt32 {
    var sum = UInt(start)
    var position = 0
    // In pieces, so that a large mapped file never takes much memory.
    while position < bytes.count {
      let piece = bytes[position..<min(bytes.count, position + (4 << 20))]
      sum = unsafe piece.bytes.withUnsafeBytes {
        unsafe crc32(sum, $0.bindMemory(to: UInt8.self).baseAddress, UInt32($0.count))
      }
      piece.evict()
      position += piece.count
    }
    return UInt32(truncatingIfNeeded: sum)
  }

  /// The CRC-32 of `bytes`, beginning from `start`.
  static func checksum(_ bytes: [UInt8], from start: UInt32 = 0) -> UInt32 {
    checksum(ByteSlice(copying: bytes), from: start)
  }

  /// Exactly `size` bytes inflated from all of `bytes`, which lie at `offset` of the input.
  ///
  /// - Throws: ``WireError`` when they are not deflated, or inflate to another size. At most `size` bytes are ever held.
  static func inflate(_ bytes: ByteSlice, size: Int, at offset: Int) throws(WireError) -> ByteSlice {
    let (most, overflow) = bytes.count.multipliedReportingOverflow(by: largestRatio)
    guard overflow || size <= most else {
      throw WireError(.malformed, at: offset, "\(bytes.count) deflated bytes cannot hold \(size)")
    }
    return try ByteSlice(count: size) { (target) throws(WireError) in
      let outcome = unsafe target.withUnsafeMutableBytes { target in
        unsafe bytes.bytes.withUnsafeBytes { source in unsafe inflate(source, into: target) }
      }
      guard let outcome, outcome.consumed == bytes.count, outcome.produced == size else {
        let found = outcome.map { "\($0.produced) from \($0.consumed) of \(bytes.count) bytes" } ?? "nothing"
        throw WireError(.malformed, at: offset, "expected deflated data for \(size) bytes, got \(found)")
      }
    }
  }

  /// How much was read and written when the stream ended; nil when it is broken, goes on, or the system has no memory.
  private static func inflate(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> (consumed: Int, produced: Int)? {
    var stream = unsafe z_stream()
    guard unsafe inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      return nil
    }
    defer { unsafe inflateEnd(&stream) }
    let limit = 1 << 30
    var (consumed, produced) = (0, 0)
    while true {
      let (input, output) = (min(limit, source.count - consumed), min(limit, target.count - produced))
      var nothing: UInt8 = 0
      let status: Int32 = unsafe withUnsafeMutablePointer(to: &nothing) { nothing in
        unsafe stream.next_in = UnsafeMutablePointer(
          mutating: source.baseAddress.map { unsafe $0.advanced(by: consumed).assumingMemoryBound(to: UInt8.self) })
        unsafe stream.avail_in = UInt32(input)
        unsafe stream.next_out =
          target.baseAddress.map { unsafe $0.advanced(by: produced).assumingMemoryBound(to: UInt8.self) } ?? nothing
        unsafe stream.avail_out = UInt32(output)
        return unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
      }
      let (read, written) = unsafe (input - Int(stream.avail_in), output - Int(stream.avail_out))
      consumed += read
      produced += written
      if status == Z_STREAM_END { return (consumed, produced) }
      guard status == Z_OK, read + written > 0 else { return nil }
    }
  }
}
