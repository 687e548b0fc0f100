internal import DecantBytes
internal import FoundationEssentials

/// Large tensors beside the text: each in a file called by its SHA-256.
enum TextWeights {
  /// The bytes that the digest of `tensor` is taken of; nil when they are absent.
  ///
  /// Strings are laid one after the other, each after its length as a little-endian 64-bit number.
  static func bytes(of tensor: Tensor) -> ByteSlice? {
    switch tensor.storage {
    case .bytes(let slice): return slice
    case .absent: return nil
    case .strings(let strings):
      var bytes: [UInt8] = []
      for string in strings {
        for place in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: string.bytes.count >> (place * 8))) }
        bytes.append(contentsOf: string.bytes)
      }
      return ByteSlice(copying: bytes)
    }
  }

  /// The tensor that ``bytes(of:)`` gives `bytes` for.
  static func tensor(_ type: DataType, shape: [Int], bytes: ByteSlice) throws(OpError) -> Tensor {
    guard type == .string else { return try Tensor(type, shape: shape, bytes: bytes) }
    var strings: [ByteString] = []
    var cursor = ByteCursor(bytes)
    do throws(WireError) {
      while !cursor.isAtEnd {
        let slice = try cursor.readSlice(try cursor.readSize("the length of a string"), "a string")
        strings.append(ByteString(bytes: unsafe slice.bytes.withUnsafeBytes { unsafe Array($0) }))
      }
    } catch {
      throw OpError(error.description)
    }
    return try Tensor(strings: strings, shape: shape)
  }

  static func fileName(of digest: String) -> String { digest + ".bin" }
}

/// A folder that weights are written to; made when it is missing.
struct TextWeightWriter {
  let folder: String
  private var written: Set<String> = []

  init(folder: String) { self.folder = folder }

  /// Writes `bytes` unless the folder has them; `bytes` is nil for absent data, which the folder must have.
  mutating func write(_ bytes: ByteSlice?, digest: String, byteCount: Int, of name: String) throws(DecantError) {
    guard written.insert(digest).inserted else { return }
    let path = folder + "/" + TextWeights.fileName(of: digest)
    if let file = try? MappedFile.open(path), file.bytes.count == byteCount { return }
    guard let bytes else {
      throw DecantError(
        .unsupported, "the data of '\(name)' is absent and cannot be written", at: [path],
        note: "give the weights that the model was dumped with")
    }
    try make()
    let file = try AtomicFile(path, replacing: true, expecting: bytes.count)
    try file.write(bytes)
    try file.commit()
  }

  private func make() throws(DecantError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw DecantError(.cannotCreate, "the folder cannot be made", at: [folder])
    }
  }
}

/// A folder that weights are mapped from.
struct TextWeightReader {
  let folder: String
  let verifies: Bool
  private var mapped: [String: ByteSlice] = [:]

  init(folder: String, verifies: Bool) {
    self.folder = folder
    self.verifies = verifies
  }

  /// The bytes called `digest`, which must be `byteCount`.
  mutating func read(_ digest: String, byteCount: Int) throws(DecantError) -> ByteSlice {
    if let bytes = mapped[digest], bytes.count == byteCount { return bytes }
    let path = folder + "/" + TextWeights.fileName(of: digest)
    let bytes = try MappedFile.open(path).bytes
    guard bytes.count == byteCount else {
      throw DecantError(.malformed, "expected \(byteCount) bytes, got \(bytes.count)", at: [path])
    }
    if verifies, SHA256.digest(of: bytes).hex != digest {
      throw DecantError(.malformed, "expected bytes whose SHA-256 is the file's name, got others", at: [path])
    }
    mapped[digest] = bytes
    return bytes
  }

  /// The folder `name` that the text at `textPath` names: below the text's own folder, or refused.
  static func folder(named name: String, besideTextAt textPath: String) throws(DecantError) -> String {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let isContained = !parts.contains { $0.isEmpty || $0 == "." || $0 == ".." }
    guard isContained, !name.utf8.contains(0), !name.utf8.contains(UInt8(ascii: "\\")) else {
      throw DecantError(
        .refused, "expected a folder of weights below that of the text, got '\(name)'", at: [textPath],
        note: "name the folder of weights yourself if you trust the text")
    }
    return TextWeightReader.prefix(of: textPath) + name
  }

  /// How the text at `textPath` names `folder`: relative where the folder lies below the text's own.
  static func name(of folder: String, inTextAt textPath: String?) -> String {
    var name = folder[...]
    while name.count > 1, name.hasSuffix("/") { name.removeLast() }
    let prefix = textPath.map(TextWeightReader.prefix(of:)) ?? ""
    return String(name.hasPrefix(prefix) ? name.dropFirst(prefix.count) : name)
  }

  /// The folder of `path` with its slash; empty for a bare name.
  private static func prefix(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }
}
