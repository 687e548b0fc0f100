internal import CZlib
internal import DecantBytes

/// A file inside a ZIP archive, as the central directory describes it.
struct ZipEntry {
  enum Method {
    case stored
    case deflated
  }

  let name: String
  let method: Method
  let checksum: UInt32
  let storedSize: Int
  let size: Int
  /// Where its local header begins.
  let offset: Int

  /// Its bytes: a slice of the archive when stored, else inflated and no more than `limit`.
  func contents(of archive: ByteSlice, limit: Int) throws(WireError) -> ByteSlice {
    let stored = try data(in: archive)
    let bytes: ByteSlice
    switch method {
    case .stored:
      guard storedSize == size else {
        throw WireError(.malformed, at: offset, "expected \(size) stored bytes, got \(storedSize)")
      }
      bytes = stored
    case .deflated:
      guard size <= limit else {
        throw WireError(.overBudget, at: offset, "inflates to \(size) bytes, beyond the limit of \(limit)")
      }
      // Deflate reaches 1,032 to 1 at most; a larger claim is a lie, and no memory is given for it.
      guard size / 1_032 <= storedSize else {
        throw WireError(.malformed, at: offset, "\(storedSize) bytes cannot inflate to \(size)")
      }
      bytes = try Inflate.inflate(stored, to: size, at: offset)
    }
    let found = Inflate.checksum(bytes)
    guard found == checksum else {
      throw WireError(.malformed, at: offset, "expected the checksum \(checksum), got \(found)")
    }
    return bytes
  }

  private func data(in archive: ByteSlice) throws(WireError) -> ByteSlice {
    var cursor = ByteCursor(archive)
    try cursor.seek(to: offset, "local header")
    guard try cursor.read(UInt32.self, "local header") == 0x0403_4B50 else {
      throw WireError(.malformed, at: offset, "expected a local header")
    }
    try cursor.skip(2, "local header")
    let flags = try cursor.read(UInt16.self, "flags")
    guard flags & 1 == 0 else { throw WireError(.unsupported, at: offset, "the entry is encrypted") }
    try cursor.skip(18, "local header")
    let nameLength = Int(try cursor.read(UInt16.self, "length of the name"))
    let extraLength = Int(try cursor.read(UInt16.self, "length of the extra field"))
    let localName = try cursor.readSlice(nameLength, "name")
    guard unsafe localName.bytes.withUnsafeBytes({ unsafe $0.elementsEqual(name.utf8) }) else {
      throw WireError(.malformed, at: offset, "the local header names another file than the directory")
    }
    try cursor.skip(extraLength, "extra field")
    return try cursor.readSlice(storedSize, "data")
  }
}

/// The central directory at the end of a ZIP archive, 64-bit extensions included.
enum ZipDirectory {
  static func read(_ archive: ByteSlice) throws(WireError) -> [ZipEntry] {
    let end = try findEnd(archive)
    var cursor = ByteCursor(archive)
    try cursor.seek(to: end + 4, "end of the directory")
    let disks = (try cursor.read(UInt16.self, "disk"), try cursor.read(UInt16.self, "disk"))
    _ = try cursor.read(UInt16.self, "entries")
    var count = Int(try cursor.read(UInt16.self, "entries"))
    var size = Int(try cursor.read(UInt32.self, "size of the directory"))
    var start = Int(try cursor.read(UInt32.self, "place of the directory"))
    guard disks.0 == 0 || disks.0 == 0xFFFF, disks.1 == 0 || disks.1 == 0xFFFF else {
      throw WireError(.unsupported, at: end, "the archive spans several disks")
    }
    if count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
      (count, size, start) = try readWide(archive, before: end)
    }
    guard count <= size / 46 else {
      throw WireError(.malformed, at: end, "\(count) entries do not fit a directory of \(size) bytes")
    }
    try cursor.seek(to: start, "directory")
    var entries: [ZipEntry] = []
    for _ in 0..<count { entries.append(try readEntry(&cursor)) }
    return entries
  }

  /// The last end record whose comment reaches the end of the file.
  private static func findEnd(_ archive: ByteSlice) throws(WireError) -> Int {
    let shortest = 22
    guard archive.count >= shortest else {
      throw WireError(.truncated, at: 0, "expected a .npz (a ZIP archive), got \(archive.count) bytes")
    }
    let first = max(0, archive.count - shortest - 0xFFFF)
    for start in stride(from: archive.count - shortest, through: first, by: -1) {
      var cursor = ByteCursor(archive)
      try cursor.seek(to: start, "end of the directory")
      guard try cursor.read(UInt32.self, "end of the directory") == 0x0605_4B50 else { continue }
      try cursor.skip(16, "end of the directory")
      let comment = Int(try cursor.read(UInt16.self, "length of the comment"))
      if start + shortest + comment == archive.count { return start }
    }
    throw WireError(.malformed, at: archive.count, "expected a .npz (a ZIP archive), and found no directory")
  }

  private static func readWide(
    _ archive: ByteSlice, before end: Int
  ) throws(WireError) -> (count: Int, size: Int, start: Int) {
    guard end >= 20 else { throw WireError(.malformed, at: end, "the 64-bit end of the directory is missing") }
    var cursor = ByteCursor(archive)
    try cursor.seek(to: end - 20, "64-bit locator")
    guard try cursor.read(UInt32.self, "64-bit locator") == 0x0706_4B50 else {
      throw WireError(.malformed, at: end - 20, "the 64-bit end of the directory is missing")
    }
    try cursor.skip(4, "64-bit locator")
    let place = try cursor.readSize("place of the 64-bit end")
    try cursor.seek(to: place, "64-bit end of the directory")
    guard try cursor.read(UInt32.self, "64-bit end of the directory") == 0x0606_4B50 else {
      throw WireError(.malformed, at: place, "expected the 64-bit end of the directory")
    }
    try cursor.skip(28, "64-bit end of the directory")
    let count = try cursor.readSize("entries")
    return (count, try cursor.readSize("size of the directory"), try cursor.readSize("place of the directory"))
  }

  private static func readEntry(_ cursor: inout ByteCursor) throws(WireError) -> ZipEntry {
    let at = cursor.offset
    guard try cursor.read(UInt32.self, "directory entry") == 0x0201_4B50 else {
      throw WireError(.malformed, at: at, "expected a directory entry")
    }
    try cursor.skip(4, "directory entry")
    let flags = try cursor.read(UInt16.self, "flags")
    let code = try cursor.read(UInt16.self, "method")
    try cursor.skip(4, "time")
    let checksum = try cursor.read(UInt32.self, "checksum")
    var storedSize = Int(try cursor.read(UInt32.self, "stored size"))
    var size = Int(try cursor.read(UInt32.self, "size"))
    let nameLength = Int(try cursor.read(UInt16.self, "length of the name"))
    let extraLength = Int(try cursor.read(UInt16.self, "length of the extra field"))
    let commentLength = Int(try cursor.read(UInt16.self, "length of the comment"))
    try cursor.skip(8, "directory entry")
    var offset = Int(try cursor.read(UInt32.self, "place"))
    let nameBytes = try cursor.readSlice(nameLength, "name")
    let extra = try cursor.readSlice(extraLength, "extra field")
    try cursor.skip(commentLength, "comment")
    guard flags & 1 == 0 else { throw WireError(.unsupported, at: at, "the entry is encrypted") }
    guard let name = unsafe nameBytes.bytes.withUnsafeBytes({ unsafe String(validating: $0, as: UTF8.self) }) else {
      throw WireError(.malformed, at: at, "the name is not UTF-8")
    }
    try widen(&size, &storedSize, &offset, from: extra, at: at)
    let method: ZipEntry.Method
    switch code {
    case 0: method = .stored
    case 8: method = .deflated
    default: throw WireError(.unsupported, at: at, "'\(name)': expected stored or deflated, got compression \(code)")
    }
    return ZipEntry(
      name: name, method: method, checksum: checksum, storedSize: storedSize, size: size, offset: offset)
  }

  /// Takes the 64-bit numbers from the extra field for those that are 0xFFFFFFFF.
  private static func widen(
    _ size: inout Int, _ storedSize: inout Int, _ offset: inout Int, from extra: ByteSlice, at place: Int
  ) throws(WireError) {
    let full = 0xFFFF_FFFF
    guard size == full || storedSize == full || offset == full else { return }
    var cursor = ByteCursor(extra, base: place)
    while cursor.remaining >= 4 {
      let id = try cursor.read(UInt16.self, "extra field")
      let length = Int(try cursor.read(UInt16.self, "extra field"))
      guard id == 1 else {
        try cursor.skip(length, "extra field")
        continue
      }
      if size == full { size = try cursor.readSize("size") }
      if storedSize == full { storedSize = try cursor.readSize("stored size") }
      if offset == full { offset = try cursor.readSize("place") }
      return
    }
    throw WireError(.malformed, at: place, "the 64-bit sizes are missing")
  }
}
