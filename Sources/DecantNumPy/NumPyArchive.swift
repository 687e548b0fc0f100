public import DecantBytes
public import DecantIR

/// NumPy's `.npz`: arrays by name in a ZIP archive, stored or deflated.
public enum NumPyArchive {
  /// The most bytes that one deflated array may inflate to.
  public static let inflatedLimit = 4 << 30

  /// Reads all arrays of the archive at `path`. Stored arrays stay in the mapped file.
  ///
  /// - Throws: `unreadable`; `malformed` for archives whose parts disagree, with duplicate or path-like names, or with wrong
  ///   checksums; `unsupported` for Python objects, encryption and other compressions; `overBudget` for arrays too large.
  public static func read(_ path: String) throws(DecantError) -> [String: Tensor] {
    let file = try MappedFile.open(path)
    let entries: [ZipEntry]
    do throws(WireError) {
      entries = try ZipDirectory.read(file.bytes)
    } catch {
      throw error.within(path)
    }
    var arrays: [String: Tensor] = [:]
    for entry in entries {
      do throws(WireError) {
        let name = try arrayName(entry)
        guard arrays[name] == nil else { throw WireError(.malformed, at: entry.offset, "the name stands twice") }
        arrays[name] = try NumPyFile.parse(try entry.contents(of: file.bytes, limit: inflatedLimit), base: entry.offset)
      } catch {
        throw error.within(path, "'\(entry.name)'")
      }
    }
    return arrays
  }

  /// Writes arrays to `path`, stored, in the given order: the same arrays give the same bytes.
  ///
  /// - Throws: `cannotCreate` or `inputOutput`; `unsupported` for types that NumPy lacks; `malformed` for names that an
  ///   archive cannot hold.
  public static func write(
    _ arrays: [(name: String, tensor: Tensor)], to path: String, replacing: Bool = false
  ) throws(DecantError) {
    var pieces: [(name: String, header: [UInt8], data: ByteSlice)] = []
    for (name, tensor) in arrays {
      guard !name.isEmpty, !name.utf8.contains(0), name.utf8.count < 60_000 else {
        throw DecantError(.malformed, "an archive cannot hold an array called '\(name)'", at: [path])
      }
      let (header, data) = try NumPyFile.pieces(of: tensor, at: path)
      pieces.append((name + ".npy", header, data))
    }
    let file = try AtomicFile(path, replacing: replacing)
    var writer = ZipWriter(file)
    for piece in pieces { try writer.add(piece.name, [ByteSlice(copying: piece.header), piece.data]) }
    try writer.finish()
    try file.commit()
  }

  private static func arrayName(_ entry: ZipEntry) throws(WireError) -> String {
    let name = entry.name
    guard name.hasSuffix(".npy") else {
      throw WireError(.malformed, at: entry.offset, "expected NAME.npy in a .npz, got '\(name)'")
    }
    let isPath = name.hasPrefix("/") || name.contains("\\") || name.split(separator: "/").contains("..")
    guard !isPath, !name.utf8.contains(0) else {
      throw WireError(.malformed, at: entry.offset, "expected the name of an array, got the path '\(name)'")
    }
    return String(name.dropLast(4))
  }
}
