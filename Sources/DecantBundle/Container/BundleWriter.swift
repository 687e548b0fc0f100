package import DecantBytes
internal import DecantWire

/// Writes a bundle, entry by entry, without ever holding more than a few chunks of it.
///
/// The same entries in the same order give the same bytes.
package final class BundleWriter {
  private let file: AtomicFile
  private let encoder: ChunkEncoder
  private var manifest = BundleManifest()
  private var names = EntryNames()
  private var pending: [Pending] = []
  private var pendingSize = 0

  /// A chunk that is compressed, and waits to be hashed beside others.
  private struct Pending {
    var entry: Int
    var size: Int
    var result: ChunkEncoder.Result
  }

  /// So many plain bytes are gathered before they are hashed side by side and written.
  package static let batchSize = 32 << 20
  package static let batchCount = 1024

  /// Begins the bundle that `path` will be.
  ///
  /// - Throws: `cannotCreate` when `path` exists and `replacing` is false, and as ``AtomicFile/init(_:replacing:expecting:)``.
  package init(_ path: String, replacing: Bool = false) throws(DecantError) {
    encoder = try ChunkEncoder()
    manifest.compressor = "zstd \(ZstdVersion.current)"
    file = try AtomicFile(path, replacing: replacing)
    try file.write(BundleLayout.header)
  }

  /// The entries so far; the last ones have all their chunks only after ``flush()``.
  package var entries: [BundleEntry] { manifest.entries }

  /// Adds an entry.
  ///
  /// - Throws: `refused` for a file whose path could leave the folder it is extracted to; `malformed` for a name given twice.
  package func add(
    _ kind: BundleEntry.Kind, name: String, bytes: ByteSlice, as content: ChunkContent
  ) throws(DecantError) {
    try names.add(name, kind: kind.number, place: ["entry '\(name.escaped)'"])
    let index = manifest.entries.count
    manifest.entries.append(BundleEntry(kind: kind, name: name, size: bytes.count, chunks: []))
    for start in stride(from: 0, to: bytes.count, by: content.chunkLimit) {
      let chunk = bytes[start..<min(start + content.chunkLimit, bytes.count)]
      if pendingSize + chunk.count > BundleWriter.batchSize || pending.count == BundleWriter.batchCount { try flush() }
      pending.append(Pending(entry: index, size: chunk.count, result: encoder.encode(chunk.bytes, as: content)))
      pendingSize += chunk.count
    }
  }

  /// Writes the manifest and makes the bundle appear at its path; returns its digest.
  package func commit() throws(DecantError) -> SHA256Digest {
    try flush()
    let start = file.offset
    let bytes = ByteSlice(copying: try WireWriter.write(manifest.record, to: MemorySink()).bytes)
    let digest = SHA256.digest(of: bytes)
    try file.write(bytes)
    try file.write(BundleTrailer(manifest: start..<file.offset, digest: digest).bytes)
    try file.commit()
    return digest
  }

  /// Hashes and writes the chunks that wait; all entries have their digests then.
  package func flush() throws(DecantError) {
    let output = encoder.output
    let bytes = output.bytes.extracting(0..<encoder.count)
    let digests = SHA256.digests(of: pending.map(\.result.range), in: bytes)
    let start = file.offset
    for (chunk, digest) in zip(pending, digests) {
      let range = chunk.result.range
      let isPlanar = if case .planes = chunk.result.codec { true } else { false }
      manifest.entries[chunk.entry].append(
        BundleChunk(
          codec: chunk.result.codec, size: chunk.size, stored: start + range.lowerBound..<start + range.upperBound,
          digest: digest, frames: isPlanar ? chunk.result.frames : []))
    }
    try file.write(bytes)
    encoder.reset()
    pending.removeAll(keepingCapacity: true)
    pendingSize = 0
  }
}
