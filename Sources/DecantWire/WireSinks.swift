public import DecantBytes

/// Gathers what is written in memory.
@usableFromInline
package struct MemorySink: WireSink {
  /// What was written.
  package private(set) var bytes: [UInt8] = []

  /// A sink that holds nothing.
  package init() {}

  @usableFromInline
  package mutating func write(_ bytes: [UInt8]) { self.bytes += bytes }

  @usableFromInline
  package mutating func write(_ slice: ByteSlice) {
    unsafe slice.bytes.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }
}

/// Writes to a file that appears at its path only when it is whole.
@usableFromInline
package struct FileSink: WireSink {
  private let file: AtomicFile

  /// Writes to `file`, which the caller commits.
  package init(_ file: AtomicFile) { self.file = file }

  @usableFromInline
  package func write(_ bytes: [UInt8]) throws(DecantError) { try file.write(bytes) }

  @usableFromInline
  package func write(_ slice: ByteSlice) throws(DecantError) { try file.write(slice) }
}
