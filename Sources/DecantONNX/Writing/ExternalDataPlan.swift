internal import DecantBytes
internal import DecantIR

/// Which tensors go into the file beside the model, and where in it.
struct ExternalDataPlan {
  /// The file's name.
  let name: String
  /// How many bytes the file will have.
  private(set) var byteCount = 0

  /// Tensors begin at multiples of this, so that they can be mapped.
  private static let alignment = 4096

  private let threshold: Int
  private var pieces: [Piece] = []
  /// Where the ranges of mapped files went that have a place already: shared weights are written once.
  private var places: [Range: Int] = [:]

  private struct Piece {
    let offset: Int
    let bytes: ByteSlice
  }

  private struct Range: Hashable {
    let file: FileIdentity
    let offset: Int
    let count: Int
  }

  /// A plan for a file called `name`, for tensors of at least `threshold` bytes.
  init(name: String, from threshold: Int) {
    self.name = name
    self.threshold = threshold
  }

  /// The pairs that name the place of `bytes`; nil when they are too few to go there.
  mutating func entries(for bytes: ByteSlice) -> [StringStringEntryProto]? {
    guard bytes.count >= max(threshold, 1) else { return nil }
    let offset = place(of: bytes)
    return [("location", name), ("offset", "\(offset)"), ("length", "\(bytes.count)")].map { key, value in
      var entry = StringStringEntryProto()
      entry.key = key
      entry.value = value
      return entry
    }
  }

  private mutating func place(of bytes: ByteSlice) -> Int {
    let range = bytes.mapping.map { Range(file: $0.file.identity, offset: $0.offset, count: bytes.count) }
    if let range, let known = places[range] { return known }
    let offset = (byteCount + Self.alignment - 1) / Self.alignment * Self.alignment
    pieces.append(Piece(offset: offset, bytes: bytes))
    byteCount = offset + bytes.count
    if let range { places[range] = offset }
    return offset
  }

  /// Writes all pieces.
  func write(to file: AtomicFile) throws(DecantError) {
    for piece in pieces {
      try file.pad(to: Self.alignment)
      try file.write(piece.bytes)
    }
  }
}
