public import DecantBytes
public import DecantIR

/// Arrays by name: a `.npz` file, which is a ZIP archive of `.npy` files.
public struct NumPyArchive: Sendable {
  /// The names, in the order of the archive, without `.npy`.
  public let names: [String]
  private let path: String
  private let bytes: ByteSlice
  private let entries: [String: ZipDirectory.Entry]
  private let budget: Budget

  /// Opens the archive at `path`; arrays are read when asked for.
  ///
  /// - Throws: `unreadable`, `malformed` or `unsupported`, with the path.
  public static func open(_ path: String, budget: Budget = Budget()) throws(DecantError) -> NumPyArchive {
    try NumPyArchive(try MappedFile.open(path).bytes, path: path, budget: budget)
  }

  /// All arrays of the archive at `path`.
  ///
  /// - Throws: what ``open(_:budget:)`` and ``array(_:)`` throw.
  public static func read(_ path: String, budget: Budget = Budget()) throws(DecantError) -> [String: Tensor] {
    let archive = try open(path, budget: budget)
    var arrays: [String: Tensor] = [:]
    for name in archive.names { arrays[name] = try archive.array(name) }
    return arrays
  }

  /// The archive that `bytes` hold; errors name `path`.
  public init(_ bytes: ByteSlice, path: String = "", budget: Budget = Budget()) throws(DecantError) {
    self.path = path
    self.bytes = bytes
    self.budget = budget
    var names: [String] = []
    var entries: [String: ZipDirectory.Entry] = [:]
    do throws(WireError) {
      for entry in try ZipDirectory(reading: bytes).entries {
        guard entry.name.hasSuffix(".npy"), entry.name.count > 4 else {
          throw WireError(.malformed, at: entry.range.lowerBound, "expected only arrays (.npy), got '\(entry.name)'")
        }
        let name = String(entry.name.dropLast(4))
        names.append(name)
        entries[name] = entry
      }
    } catch {
      throw path.isEmpty ? error.within() : error.within(path)
    }
    self.names = names
    self.entries = entries
  }

  /// The array called `name`; stored ones stay in the mapped file.
  ///
  /// - Throws: `malformed` when there is none, when its checksum is wrong or its `.npy` broken; `overBudget`.
  public func array(_ name: String) throws(DecantError) -> Tensor {
    let place = (path.isEmpty ? [] : [path]) + ["'\(name)'"]
    guard let entry = entries[name] else {
      throw DecantError(
        .malformed, "there is no such array", at: place,
        note: "there are \(names.map { "'\($0)'" }.joined(separator: ", "))")
    }
    let content: ByteSlice
    do throws(WireError) {
      content = try self.content(of: entry)
    } catch {
      throw place.reversed().reduce(error.within()) { $0.within($1) }
    }
    return try NumPyFile.decode(content, at: place, budget: budget)
  }

  private func content(of entry: ZipDirectory.Entry) throws(WireError) -> ByteSlice {
    var content = bytes[entry.range]
    if entry.isDeflated {
      try budget.take(bytes: entry.size, for: "the inflated array", at: entry.range.lowerBound)
      content = try Zlib.inflate(content, size: entry.size, at: entry.range.lowerBound)
    }
    let checksum = Zlib.checksum(content)
    guard checksum == entry.checksum else {
      throw WireError(
        .malformed, at: entry.range.lowerBound,
        "the checksum is \(String(checksum, radix: 16)), expected \(String(entry.checksum, radix: 16))")
    }
    return content
  }
}
