package import DecantBytes

/// Reads a bundle: any entry at any time, each chunk checked against its digest before it is decompressed.
package final class BundleReader: Sendable {
  /// What the bundle holds.
  package let manifest: BundleManifest
  /// SHA-256 of the manifest, which stands for the whole bundle.
  package let digest: SHA256Digest
  /// The bundle's size in bytes.
  package var size: Int { file.count }
  private let file: ByteSlice
  private let path: String
  private let budget: Budget

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
    try read([entry]).first ?? ByteSlice()
  }

  /// The plain bytes of each of `entries`; many together are checked faster than one by one.
  package func read(_ entries: [BundleEntry]) throws(DecantError) -> [ByteSlice] {
    let decoder = try ChunkDecoder()
    var chunks = CheckedChunks(of: entries, in: file, path: path)
    var slices: [ByteSlice] = []
    slices.reserveCapacity(entries.count)
    for entry in entries { slices.append(try read(entry, &chunks, with: decoder)) }
    return slices
  }

  private func read(
    _ entry: BundleEntry, _ chunks: inout CheckedChunks, with decoder: ChunkDecoder
  ) throws(DecantError) -> ByteSlice {
    guard let first = entry.chunks.first, let last = entry.chunks.last else { return ByteSlice() }
    if entry.chunks.allSatisfy({ $0.codec == .stored }) {
      for _ in entry.chunks { _ = try chunks.next() }
      return file[first.stored.lowerBound..<last.stored.upperBound]
    }
    do throws(WireError) {
      try budget.take(bytes: entry.size, for: "the entry", at: first.stored.lowerBound)
    } catch {
      throw error.within(path, "entry '\(entry.name.escaped)'")
    }
    return try ByteSlice(count: entry.size) { (target: inout MutableRawSpan) throws(DecantError) in
      var start = 0
      for _ in entry.chunks {
        guard let piece = try chunks.next() else { return }
        try restore(piece, with: decoder, into: &target, at: start)
        start += piece.chunk.size
      }
    }
  }

  /// Shows the plain bytes of `entries` to `body`, chunk by chunk, with the entry that they belong to; holds one chunk only.
  package func forEachChunk(
    of entries: [BundleEntry], _ body: (BundleEntry, RawSpan) throws(DecantError) -> Void
  ) throws(DecantError) {
    let decoder = try ChunkDecoder()
    let scratch = ScratchBuffer()
    var chunks = CheckedChunks(of: entries, in: file, path: path)
    while let piece = try chunks.next() {
      scratch.reserve(piece.chunk.size)
      var target = scratch.mutableBytes
      try restore(piece, with: decoder, into: &target, at: 0)
      try body(piece.entry, scratch.bytes.extracting(0..<piece.chunk.size))
    }
  }

  /// Checks every byte of the bundle: digests, and that all chunks can be restored.
  package func verify() throws(DecantError) {
    try forEachChunk(of: manifest.entries) { (_, _) throws(DecantError) in }
  }

  private func restore(
    _ piece: CheckedChunks.Piece, with decoder: ChunkDecoder, into target: inout MutableRawSpan, at start: Int
  ) throws(DecantError) {
    let chunk = piece.chunk
    let stored = file[chunk.stored]
    do throws(WireError) {
      try decoder.decode(
        stored.bytes, codec: chunk.codec, frames: chunk.frames, at: chunk.stored.lowerBound,
        into: &target, start..<start + chunk.size)
    } catch {
      throw error.within(path, piece.place)
    }
  }
}
