internal import DecantBytes

/// The entries of a ZIP archive, from its central directory, which must agree with what stands before each entry.
///
/// One disk, no encryption; stored or deflated; zip64 where sizes need it. Everything is checked against the file before
/// anything is allocated for it.
struct ZipDirectory {
  struct Entry: Equatable {
    let name: String
    let isDeflated: Bool
    let checksum: UInt32
    /// Where the entry's bytes lie in the archive.
    let range: Range<Int>
    /// How many bytes it has when inflated.
    let size: Int
  }

  let entries: [Entry]

  private enum Signature {
    static let local: UInt32 = 0x0403_4b50
    static let central: UInt32 = 0x0201_4b50
    static let end: UInt32 = 0x0605_4b50
    static let end64: UInt32 = 0x0606_4b50
    static let locator64: UInt32 = 0x0706_4b50
  }

  private static let endSize = 22
  private static let centralSize = 46
  private static let localSize = 30

  /// Reads the directory of the archive `bytes`.
  ///
  /// - Throws: ``WireError`` where the archive breaks the format, and for what is not supported.
  init(reading bytes: ByteSlice) throws(WireError) {
    let (directory, count) = try ZipDirectory.locate(bytes)
    var cursor = ByteCursor(bytes[directory], base: directory.lowerBound)
    var entries: [Entry] = []
    var names: Set<String> = []
    for _ in 0..<count {
      let entry = try ZipDirectory.entry(&cursor, bytes, before: directory.lowerBound)
      guard names.insert(entry.name).inserted else {
        throw WireError(.malformed, at: cursor.offset, "two entries are called '\(entry.name)'")
      }
      entries.append(entry)
    }
    guard cursor.isAtEnd else {
      throw WireError(.malformed, at: cursor.offset, "the directory is longer than its \(count) entries")
    }
    let sorted = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for (one, next) in zip(sorted, sorted.dropFirst()) where next.range.lowerBound < one.range.upperBound {
      throw WireError(.malformed, at: next.range.lowerBound, "the entries '\(one.name)' and '\(next.name)' overlap")
    }
    self.entries = entries
  }

  /// Where the central directory lies, and how many entries it has.
  private static func locate(_ bytes: ByteSlice) throws(WireError) -> (Range<Int>, Int) {
    guard let end = endRecord(bytes) else {
      throw WireError(.malformed, at: max(0, bytes.count - endSize), "expected the end of a ZIP archive")
    }
    var cursor = ByteCursor(bytes[end + 4..<bytes.count], base: end + 4)
    let disk = try cursor.read(UInt16.self, "the disk")
    let directoryDisk = try cursor.read(UInt16.self, "the disk")
    let here = try cursor.read(UInt16.self, "the count")
    let total = try cursor.read(UInt16.self, "the count")
    let size = try cursor.read(UInt32.self, "the size")
    let start = try cursor.read(UInt32.self, "the offset")
    let locator = end - 20
    if locator >= 0, try signature(bytes, at: locator) == Signature.locator64 {
      return try locate64(bytes, locator)
    }
    guard disk == 0, directoryDisk == 0, here == total else {
      throw WireError(.unsupported, at: end, "an archive on several disks")
    }
    let range = try checkedRange(Int(start), Int(size), end: end, at: end)
    guard range.upperBound == end else {
      throw WireError(.malformed, at: end, "the directory ends at byte \(range.upperBound), expected \(end)")
    }
    return (range, Int(total))
  }

  private static func locate64(_ bytes: ByteSlice, _ locator: Int) throws(WireError) -> (Range<Int>, Int) {
    var cursor = ByteCursor(bytes[locator + 4..<bytes.count], base: locator + 4)
    let disk = try cursor.read(UInt32.self, "the disk")
    let end = try cursor.readSize("the offset of the zip64 end")
    let disks = try cursor.read(UInt32.self, "the disks")
    guard disk == 0, disks == 1 else { throw WireError(.unsupported, at: locator, "an archive on several disks") }
    guard end <= locator - 56, try signature(bytes, at: end) == Signature.end64 else {
      throw WireError(.malformed, at: locator, "expected the zip64 end at byte \(end)")
    }
    cursor = ByteCursor(bytes[end + 4..<locator], base: end + 4)
    let rest = try cursor.readSize("the size of the zip64 end")
    guard rest == locator - end - 12 else {
      throw WireError(.malformed, at: end, "the zip64 end has \(rest) bytes, expected \(locator - end - 12)")
    }
    try cursor.skip(4, "versions")
    guard try cursor.read(UInt32.self, "the disk") == 0, try cursor.read(UInt32.self, "the disk") == 0 else {
      throw WireError(.unsupported, at: end, "an archive on several disks")
    }
    let here = try cursor.readSize("the count")
    let total = try cursor.readSize("the count")
    let size = try cursor.readSize("the size of the directory")
    let start = try cursor.readSize("the offset of the directory")
    let range = try checkedRange(start, size, end: end, at: end)
    guard here == total, range.upperBound == end, total <= size / centralSize else {
      throw WireError(.malformed, at: end, "the directory has \(size) bytes for \(total) entries")
    }
    return (range, total)
  }

  /// The end record: the last one whose comment ends where the file does.
  private static func endRecord(_ bytes: ByteSlice) -> Int? {
    guard bytes.count >= endSize else { return nil }
    let last = bytes.count - endSize
    let span = bytes.bytes
    for start in stride(from: last, through: max(0, last - 65_535), by: -1) {
      guard unsafe span.unsafeLoadUnaligned(fromByteOffset: start, as: UInt32.self).littleEndian == Signature.end
      else { continue }
      let comment = unsafe span.unsafeLoadUnaligned(fromByteOffset: start + 20, as: UInt16.self).littleEndian
      if start + endSize + Int(comment) == bytes.count { return start }
    }
    return nil
  }

  private static func entry(
    _ cursor: inout ByteCursor, _ bytes: ByteSlice, before directory: Int
  ) throws(WireError) -> Entry {
    let at = cursor.offset
    guard try cursor.read(UInt32.self, "an entry") == Signature.central else {
      throw WireError(.malformed, at: at, "expected an entry of the directory")
    }
    try cursor.skip(4, "versions")
    let flags = try cursor.read(UInt16.self, "the flags")
    let method = try cursor.read(UInt16.self, "the method")
    try cursor.skip(4, "the date")
    let checksum = try cursor.read(UInt32.self, "the checksum")
    let packed = try cursor.read(UInt32.self, "the size")
    let size = try cursor.read(UInt32.self, "the size")
    let nameLength = Int(try cursor.read(UInt16.self, "the name's length"))
    let extraLength = Int(try cursor.read(UInt16.self, "the length of the extra fields"))
    let commentLength = Int(try cursor.read(UInt16.self, "the comment's length"))
    let disk = try cursor.read(UInt16.self, "the disk")
    try cursor.skip(6, "file attributes")
    let start = try cursor.read(UInt32.self, "the offset")
    let name = try name(cursor.readSlice(nameLength, "the name"), at: at)
    let extra = try cursor.readSlice(extraLength, "the extra fields")
    try cursor.skip(commentLength, "the comment")
    guard flags & 0x41 == 0 else { throw WireError(.unsupported, at: at, "the entry '\(name)' is encrypted") }
    guard method == 0 || method == 8 else {
      throw WireError(.unsupported, at: at, "the entry '\(name)' is compressed by method \(method), expected 0 or 8")
    }
    guard disk == 0 else { throw WireError(.unsupported, at: at, "an archive on several disks") }
    let wide = try Zip64Sizes(extra, base: at, size: size, packed: packed, start: start)
    let data = try local(bytes, wide.start, before: directory, name: name, flags: flags, method: method, sizes: wide)
    guard method == 8 || wide.packed == wide.size else {
      throw WireError(.malformed, at: at, "the stored entry '\(name)' has \(wide.packed) bytes, and says \(wide.size)")
    }
    return Entry(name: name, isDeflated: method == 8, checksum: checksum, range: data, size: wide.size)
  }

  /// Where the bytes of an entry lie, from the header before them.
  private static func local(
    _ bytes: ByteSlice, _ start: Int, before directory: Int, name: String, flags: UInt16, method: UInt16,
    sizes: Zip64Sizes
  ) throws(WireError) -> Range<Int> {
    guard start <= directory - localSize else {
      throw WireError(.truncated, at: directory, "the entry '\(name)' begins at byte \(start), past the entries")
    }
    var cursor = ByteCursor(bytes[start..<directory], base: start)
    guard try cursor.read(UInt32.self, "an entry") == Signature.local else {
      throw WireError(.malformed, at: start, "expected the header of '\(name)'")
    }
    try cursor.skip(2, "the version")
    let localFlags = try cursor.read(UInt16.self, "the flags")
    let localMethod = try cursor.read(UInt16.self, "the method")
    try cursor.skip(8, "the date and checksum")
    let packed = try cursor.read(UInt32.self, "the size")
    let size = try cursor.read(UInt32.self, "the size")
    let nameLength = Int(try cursor.read(UInt16.self, "the name's length"))
    let extraLength = Int(try cursor.read(UInt16.self, "the length of the extra fields"))
    let localName = try self.name(cursor.readSlice(nameLength, "the name"), at: start)
    let extra = try cursor.readSlice(extraLength, "the extra fields")
    guard localName == name, localFlags == flags, localMethod == method else {
      throw WireError(.malformed, at: start, "the header of '\(name)' disagrees with the directory")
    }
    // Sizes that were not known when the header was written follow the data; the directory has them.
    if flags & 8 == 0 {
      let wide = try Zip64Sizes(extra, base: start, size: size, packed: packed, start: 0)
      guard wide.size == sizes.size, wide.packed == sizes.packed else {
        throw WireError(.malformed, at: start, "the sizes of '\(name)' disagree with the directory")
      }
    }
    return try checkedRange(cursor.offset, sizes.packed, end: directory, at: start)
  }

  /// A name that leads nowhere: relative, no `..`, no backslash, no control characters.
  private static func name(_ slice: ByteSlice, at offset: Int) throws(WireError) -> String {
    let bytes = unsafe slice.bytes.withUnsafeBytes { unsafe Array($0) }
    guard let name = String(validating: bytes, as: UTF8.self), !name.isEmpty else {
      throw WireError(.malformed, at: offset, "the name of an entry is not UTF-8")
    }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard !bytes.contains(where: { $0 < 32 || $0 == 127 || $0 == UInt8(ascii: "\\") }),
      parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
    else { throw WireError(.malformed, at: offset, "the name of an entry is a path that leads elsewhere") }
    return name
  }

  private static func signature(_ bytes: ByteSlice, at offset: Int) throws(WireError) -> UInt32 {
    var cursor = ByteCursor(bytes[offset..<bytes.count], base: offset)
    return try cursor.read(UInt32.self, "a signature")
  }

  private static func checkedRange(_ start: Int, _ count: Int, end: Int, at: Int) throws(WireError) -> Range<Int> {
    guard start >= 0, count >= 0, start <= end, count <= end - start else {
      throw WireError(.truncated, at: at, "\(count) bytes at byte \(start) end past byte \(end)")
    }
    return start..<start + count
  }
}

/// The sizes of an entry, from the extra field that has them where 32 bits are too few.
struct Zip64Sizes {
  let size: Int
  let packed: Int
  let start: Int

  init(_ extra: ByteSlice, base: Int, size: UInt32, packed: UInt32, start: UInt32) throws(WireError) {
    var wide: [Int] = []
    var cursor = ByteCursor(extra, base: base)
    // Some writers pad with fewer bytes than a field's head.
    while cursor.remaining >= 4 {
      let kind = try cursor.read(UInt16.self, "an extra field")
      let length = Int(try cursor.read(UInt16.self, "an extra field"))
      let content = try cursor.readSlice(length, "an extra field")
      guard kind == 1 else { continue }
      var values = ByteCursor(content, base: base)
      while values.remaining >= 8, wide.count < 3 { wide.append(try values.readSize("a zip64 size")) }
    }
    func pick(_ narrow: UInt32, _ what: String) throws(WireError) -> Int {
      guard narrow == .max else { return Int(narrow) }
      guard !wide.isEmpty else { throw WireError(.malformed, at: base, "the zip64 \(what) is missing") }
      return wide.removeFirst()
    }
    self.size = try pick(size, "size")
    self.packed = try pick(packed, "size")
    self.start = try pick(start, "offset")
  }
}
