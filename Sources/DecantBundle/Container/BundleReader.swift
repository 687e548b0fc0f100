package import DecantBytes

/// Reads a bundle: any entry at any time, each chunk checked against its digest before it is decompressed.
package final class BundleReader: Sendable {
  /// What the bundle holds.
  package let manifest: BundleManifest
  /// SHA-256 of the manifest, which stands for the whole bundle.
  package let digest: SHA256Digest
  private let file: ByteSlice
  private let path: String
  private let budget: Budget

  /// So many plain bytes, or one chunk, are restored at a time.
  private static let batchSize = 16 << 20
  private static let batchCount = 256

  /// Opens the bundle at `path`.
  ///
  /// Entries that are read into memory are counted against `budget`.
  package convenience init(_ path: String, budget: Budget = Budget()) throws(DecantError) {
    try self.init(MappedFile.open(path).bytes, path: path, budget: budget)
  }

  /// Reads the bundle that `file` is; errors name it `path`.
  package init(_ file: ByteSlice, path: String, budget: Budget = Budget()) throws(DecantError) {
    (self.file, self.path, self.budget) = (file, path, budget)
    let trailer: BundleTrailer
    do throws(WireError) {
      try BundleLayout.checkHeader(file)
      trailer = try BundleTrailer(readingFrom: file)
      guard SHA256.digest(of: file[trailer.manifest]) == trailer.digest else {
        throw WireError(.malformed, at: trailer.manifest.lowerBound, "the manifest does not match its digest")
      }
    } catch {
      throw error.within(path)
    }
    digest = trailer.digest
    do throws(DecantError) {
      let metadata = Budget(.metadata(ofInput: trailer.manifest.count))
      manifest = try BundleManifest(readingFrom: file, at: trailer.manifest, budget: metadata)
    } catch {
      throw error.within(path)
    }
  }

  /// The plain bytes of `entry`; without a copy where it is stored as it is.
  package func read(_ entry: BundleEntry) throws(DecantError) -> ByteSlice {
    if let slice = try stored(entry) { return slice }
    return try read(entry, with: try ChunkDecoder())
  }

  /// The plain bytes of `entry`, restored by a decoder that serves many entries.
  func read(_ entry: BundleEntry, with decoder: ChunkDecoder) throws(DecantError) -> ByteSlice {
    if let slice = try stored(entry) { return slice }
    do throws(WireError) {
      try budget.take(
        bytes: entry.size, for: "entry '\(entry.name.escaped)'", at: entry.chunks.first?.stored.lowerBound ?? 0)
    } catch {
      throw error.within(path)
    }
    return try ByteSlice(count: entry.size) { (target: inout MutableRawSpan) throws(DecantError) in
      var start = 0
      for batch in batches(of: entry) {
        try check(entry, batch)
        start = try restore(entry, batch, with: decoder, into: &target, from: start)
      }
    }
  }

  /// Shows the plain bytes of `entry` to `body`, piece by piece, holding only one piece in memory.
  func forEachPiece(
    of entry: BundleEntry, with decoder: ChunkDecoder, scratch: ScratchBuffer,
    _ body: (RawSpan) throws(DecantError) -> Void
  ) throws(DecantError) {
    for batch in batches(of: entry) {
      try check(entry, batch)
      let size = entry.chunks[batch].reduce(0) { $0 + $1.size }
      scratch.reserve(size)
      var target = scratch.mutableBytes
      _ = try restore(entry, batch, with: decoder, into: &target, from: 0)
      try body(scratch.bytes.extracting(0..<size))
    }
  }

  /// Checks every byte of the bundle: digests, and that all chunks can be restored.
  package func verify() throws(DecantError) {
    let decoder = try ChunkDecoder()
    let scratch = ScratchBuffer()
    for entry in manifest.entries {
      try forEachPiece(of: entry, with: decoder, scratch: scratch) { _ in }
    }
  }

  /// The bytes of an entry whose chunks are all stored as they are; nil for other entries.
  private func stored(_ entry: BundleEntry) throws(DecantError) -> ByteSlice? {
    guard entry.chunks.allSatisfy({ $0.codec == .stored }) else { return nil }
    for batch in batches(of: entry) { try check(entry, batch) }
    guard let first = entry.chunks.first, let last = entry.chunks.last else { return ByteSlice() }
    return file[first.stored.lowerBound..<last.stored.upperBound]
  }

  /// Runs of chunks that are hashed side by side.
  private func batches(of entry: BundleEntry) -> [Range<Int>] {
    var batches: [Range<Int>] = []
    var (start, size) = (0, 0)
    for (index, chunk) in entry.chunks.enumerated() {
      if index > start, size + chunk.size > BundleReader.batchSize || index - start == BundleReader.batchCount {
        batches.append(start..<index)
        (start, size) = (index, 0)
      }
      size += chunk.size
    }
    if start < entry.chunks.count { batches.append(start..<entry.chunks.count) }
    return batches
  }

  private func check(_ entry: BundleEntry, _ batch: Range<Int>) throws(DecantError) {
    let file = file
    let digests = SHA256.digests(of: entry.chunks[batch].map(\.stored), in: file.bytes)
    for (index, digest) in zip(batch, digests) where digest != entry.chunks[index].digest {
      let start = entry.chunks[index].stored.lowerBound
      throw WireError(.malformed, at: start, "the chunk does not match its digest").within(path, place(entry, index))
    }
  }

  private func restore(
    _ entry: BundleEntry, _ batch: Range<Int>, with decoder: ChunkDecoder, into target: inout MutableRawSpan,
    from start: Int
  ) throws(DecantError) -> Int {
    var position = start
    for index in batch {
      let chunk = entry.chunks[index]
      let stored = file[chunk.stored]
      do throws(WireError) {
        try decoder.decode(
          stored.bytes, codec: chunk.codec, frames: chunk.frames, at: chunk.stored.lowerBound,
          into: &target, position..<position + chunk.size)
      } catch {
        throw error.within(path, place(entry, index))
      }
      position += chunk.size
    }
    return position
  }

  private func place(_ entry: BundleEntry, _ index: Int) -> String {
    "entry '\(entry.name.escaped)', chunk \(index)"
  }
}
