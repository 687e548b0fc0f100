public import DecantBytes
public import DecantIR

extension NumPyArchive {
  /// Writes `arrays` to `path`, stored, in this order; the same arrays always make the same bytes.
  ///
  /// The elements of each begin at a multiple of 64 bytes, so that reading them back copies nothing.
  ///
  /// - Returns: what had to be written otherwise than asked, because NumPy lacks its type, for the user.
  /// - Throws: `cannotCreate`, `inputOutput`; `unsupported` for strings and absent data.
  @discardableResult
  public static func write(
    _ arrays: [(name: String, tensor: Tensor)], to path: String, replacing: Bool = false
  ) throws(DecantError) -> [String] {
    var notes: [String] = []
    var stored: [(name: String, array: StorableArray)] = []
    var names: Set<String> = []
    for (name, tensor) in arrays {
      guard names.insert(name).inserted, name.utf8.count < 60_000 else {
        throw DecantError(.unsupported, "two arrays are called '\(name)', or the name is too long", at: [path])
      }
      let array = try StorableArray.make(tensor, for: path, "'\(name)'")
      if let note = array.note { notes.append("'\(name)': \(note)") }
      stored.append((name, array))
    }
    let file = try AtomicFile(path, replacing: replacing)
    var directory = ZipRecord()
    for (name, array) in stored {
      let entry = ZipWriterEntry(name: name + ".npy", array: array, offset: file.offset)
      try file.write(entry.localHeader)
      try file.write(array.header)
      try file.write(array.elements)
      entry.describe(in: &directory)
    }
    let start = file.offset
    try file.write(directory.bytes)
    try file.write(ZipWriterEntry.end(count: stored.count, start: start, size: directory.bytes.count))
    try file.commit()
    return notes
  }
}

/// Little-endian numbers, one after the other.
struct ZipRecord {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ values: [UInt16]) {
    for value in values { bytes += [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)] }
  }

  mutating func add(_ value: UInt32) {
    add([UInt16(truncatingIfNeeded: value), UInt16(truncatingIfNeeded: value >> 16)])
  }

  mutating func add(_ value: UInt64) {
    add(UInt32(truncatingIfNeeded: value))
    add(UInt32(truncatingIfNeeded: value >> 32))
  }

  mutating func append(_ content: [UInt8]) { bytes += content }
}

/// An entry that is written.
struct ZipWriterEntry {
  let name: [UInt8]
  let offset: Int
  let size: Int
  let checksum: UInt32
  private let headerSize: Int

  /// 1 January 1980, midnight: ZIP's first.
  private static let date: [UInt16] = [0, 33]
  /// Names are UTF-8.
  private static let flags: UInt16 = 0x800
  private static let limit = Int(UInt32.max)
  private static let alignment = 64

  init(name: String, array: StorableArray, offset: Int) {
    self.name = Array(name.utf8)
    self.offset = offset
    size = array.header.count + array.elements.count
    checksum = Zlib.checksum(array.elements, from: Zlib.checksum(array.header))
    headerSize = array.header.count
  }

  private var needsWideSize: Bool { size >= ZipWriterEntry.limit }
  private var needsWideOffset: Bool { offset >= ZipWriterEntry.limit }
  private var version: UInt16 { needsWideSize || needsWideOffset ? 45 : 20 }

  /// The header before the entry, with an extra field that aligns what follows. The array's own header is a multiple of 64.
  var localHeader: [UInt8] {
    var record = ZipRecord()
    record.add(UInt32(0x0403_4b50))
    record.add([version, ZipWriterEntry.flags, 0] + ZipWriterEntry.date)
    record.add(checksum)
    let narrow = needsWideSize ? UInt32.max : UInt32(size)
    record.add(narrow)
    record.add(narrow)
    var extra = ZipRecord()
    if needsWideSize {
      extra.add([1, 16])
      extra.add(UInt64(size))
      extra.add(UInt64(size))
    }
    // An unknown field of zeros: readers pass over it.
    let unpadded = offset + record.bytes.count + 4 + name.count + extra.bytes.count + 4
    let padding = (ZipWriterEntry.alignment - unpadded % ZipWriterEntry.alignment) % ZipWriterEntry.alignment
    extra.add([0xd935, UInt16(padding)])
    extra.append([UInt8](repeating: 0, count: padding))
    record.add([UInt16(name.count), UInt16(extra.bytes.count)])
    record.append(name)
    record.append(extra.bytes)
    return record.bytes
  }

  /// Adds the entry to the directory.
  func describe(in record: inout ZipRecord) {
    var extra = ZipRecord()
    if needsWideSize || needsWideOffset {
      extra.add([1, (needsWideSize ? 16 : 0) + (needsWideOffset ? 8 : 0)])
      if needsWideSize {
        extra.add(UInt64(size))
        extra.add(UInt64(size))
      }
      if needsWideOffset { extra.add(UInt64(offset)) }
    }
    record.add(UInt32(0x0201_4b50))
    record.add([version, version, ZipWriterEntry.flags, 0] + ZipWriterEntry.date)
    record.add(checksum)
    let narrow = needsWideSize ? UInt32.max : UInt32(size)
    record.add(narrow)
    record.add(narrow)
    record.add([UInt16(name.count), UInt16(extra.bytes.count), 0, 0, 0, 0, 0])
    record.add(needsWideOffset ? UInt32.max : UInt32(offset))
    record.append(name)
    record.append(extra.bytes)
  }

  /// What ends the archive: with zip64 records only where numbers need them.
  static func end(count: Int, start: Int, size: Int) -> [UInt8] {
    var record = ZipRecord()
    let isWide = count >= Int(UInt16.max) || start >= limit || size >= limit
    if isWide {
      record.add(UInt32(0x0606_4b50))
      record.add(UInt64(44))
      record.add([45, 45])
      record.add(UInt32(0))
      record.add(UInt32(0))
      for value in [count, count, size, start] { record.add(UInt64(value)) }
      record.add(UInt32(0x0706_4b50))
      record.add(UInt32(0))
      record.add(UInt64(start + size))
      record.add(UInt32(1))
    }
    record.add(UInt32(0x0605_4b50))
    let narrow = isWide ? UInt16.max : UInt16(count)
    record.add([0, 0, narrow, narrow])
    record.add(isWide ? UInt32.max : UInt32(size))
    record.add(isWide ? UInt32.max : UInt32(start))
    record.add([0])
    return record.bytes
  }
}
