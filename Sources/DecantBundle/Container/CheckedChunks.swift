internal import DecantBytes

/// The chunks of some entries in order, each checked against its digest before it is handed out.
///
/// Digests are computed side by side, a batch ahead of the reader.
struct CheckedChunks {
  /// A chunk, and where it belongs.
  struct Piece {
    var entry: BundleEntry
    var index: Int

    var chunk: BundleChunk { entry.chunks[index] }
    /// The entry and the chunk's number, for errors.
    var place: String { "entry '\(entry.name.escaped)', chunk \(index)" }
  }

  private let pieces: [Piece]
  private let file: ByteSlice
  private let path: String
  private var position = 0
  private var checked = 0

  /// So many plain bytes, or chunks, are checked at a time, so that sixteen lanes are busy almost to the end.
  private static let batchSize = 32 << 20
  private static let batchCount = 1024

  init(of entries: [BundleEntry], in file: ByteSlice, path: String) {
    pieces = entries.flatMap { entry in entry.chunks.indices.map { Piece(entry: entry, index: $0) } }
    (self.file, self.path) = (file, path)
  }

  /// The next chunk; nil after the last.
  mutating func next() throws(DecantError) -> Piece? {
    guard position < pieces.count else { return nil }
    if position == checked { try checkBatch() }
    defer { position += 1 }
    return pieces[position]
  }

  private mutating func checkBatch() throws(DecantError) {
    var (end, size) = (checked, 0)
    while end < pieces.count, end - checked < CheckedChunks.batchCount, size < CheckedChunks.batchSize {
      size += pieces[end].chunk.size
      end += 1
    }
    let batch = pieces[checked..<end]
    let digests = SHA256.digests(of: batch.map(\.chunk.stored), in: file.bytes)
    for (piece, digest) in zip(batch, digests) where digest != piece.chunk.digest {
      let start = piece.chunk.stored.lowerBound
      throw WireError(.malformed, at: start, "the chunk does not match its digest").within(path, piece.place)
    }
    checked = end
  }
}
