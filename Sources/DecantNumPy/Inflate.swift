internal import CZlib
internal import DecantBytes

/// zlib's raw inflate and CRC-32.
enum Inflate {
  /// Inflates `bytes` to exactly `size` bytes.
  static func inflate(_ bytes: ByteSlice, to size: Int, at offset: Int) throws(WireError) -> ByteSlice {
    try ByteSlice(count: size) { (span) throws(WireError) in
      let fault = unsafe bytes.bytes.withUnsafeBytes { source in
        unsafe span.withUnsafeMutableBytes { target in unsafe run(source, target) }
      }
      if let fault { throw WireError(.malformed, at: offset, fault) }
    }
  }

  /// Inflates all of `source` into all of `target`; what is wrong, or nil.
  private static func run(_ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) -> String? {
    var stream = unsafe z_stream()
    guard unsafe inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      return "zlib cannot start"
    }
    defer { unsafe inflateEnd(&stream) }
    var (read, written) = (0, 0)
    // zlib counts in 32 bits, so large data goes in pieces.
    let piece = 1 << 30
    var spare: UInt8 = 0
    while true {
      let input = min(source.count - read, piece)
      let room = min(target.count - written, piece)
      unsafe stream.next_in = UnsafeMutablePointer(
        mutating: source.baseAddress?.advanced(by: read).assumingMemoryBound(to: UInt8.self))
      unsafe stream.avail_in = UInt32(input)
      let status = unsafe withUnsafeMutablePointer(to: &spare) { spare in
        unsafe stream.next_out =
          room > 0 ? target.baseAddress?.advanced(by: written).assumingMemoryBound(to: UInt8.self) : spare
        unsafe stream.avail_out = room > 0 ? UInt32(room) : 1
        return unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
      }
      let produced = unsafe (room > 0 ? room : 1) - Int(stream.avail_out)
      let consumed = unsafe input - Int(stream.avail_in)
      read += consumed
      guard room > 0 || produced == 0 else {
        return "the data inflates to more than the \(target.count) bytes declared"
      }
      written += produced
      switch status {
      case Z_STREAM_END:
        guard read == source.count else { return "\(source.count - read) bytes follow the deflated data" }
        return written == target.count ? nil : "expected \(target.count) bytes, got \(written)"
      case Z_OK where produced > 0 || consumed > 0: continue
      default: return "the deflated data is damaged"
      }
    }
  }

  /// The CRC-32 of `bytes`.
  static func checksum(_ bytes: ByteSlice) -> UInt32 {
    unsafe bytes.bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      return UInt32(truncatingIfNeeded: unsafe crc32_z(0, base.assumingMemoryBound(to: UInt8.self), buffer.count))
    }
  }
}
