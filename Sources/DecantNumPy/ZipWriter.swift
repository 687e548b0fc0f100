internal import DecantBytes

/// Writes a ZIP archive of stored files: no times, no attributes, 64-bit sizes where needed.
struct ZipWriter {
  private let file: AtomicFile
  private var directory: [UInt8] = []
  private var count = 0

  init(_ file: AtomicFile) { self.file = file }

  /// Adds a file whose contents are `pieces`, one after the other.
  mutating func add(_ name: String, _ pieces: [ByteSlice]) throws(DecantError) {
    let contents = pieces.count == 1 ? pieces[0] : ByteSlice(joining: pieces)
    let (offset, size) = (file.offset, contents.count)
    let checksum = Inflate.checksum(contents)
    let isWide = size >= 0xFFFF_FFFF || offset >= 0xFFFF_FFFF
    let extra = isWide ? little(UInt16(1)) + little(UInt16(24)) + wide(size) + wide(size) + wide(offset) : []
    let shortSize = isWide ? 0xFFFF_FFFF : UInt32(size)
    var common = little(UInt16(isWide ? 45 : 20)) + little(UInt16(0x0800)) + little(UInt16(0))
    common += little(UInt16(0)) + little(UInt16(0x21)) + little(checksum) + little(shortSize) + little(shortSize)
    common += little(UInt16(name.utf8.count))
    let localExtra = isWide ? little(UInt16(1)) + little(UInt16(16)) + wide(size) + wide(size) : []
    try file.write(
      little(UInt32(0x0403_4B50)) + common + little(UInt16(localExtra.count)) + Array(name.utf8) + localExtra)
    try file.write(contents)
    directory += little(UInt32(0x0201_4B50)) + little(UInt16(isWide ? 45 : 20)) + common
    directory += little(UInt16(extra.count)) + [UInt8](repeating: 0, count: 10)
    directory += little(isWide ? 0xFFFF_FFFF : UInt32(offset)) + Array(name.utf8) + extra
    count += 1
  }

  /// Writes the directory.
  mutating func finish() throws(DecantError) {
    let (start, size) = (file.offset, directory.count)
    try file.write(directory)
    let isWide = count >= 0xFFFF || start >= 0xFFFF_FFFF || size >= 0xFFFF_FFFF
    if isWide {
      let place = file.offset
      var end = little(UInt32(0x0606_4B50)) + wide(44) + little(UInt16(45)) + little(UInt16(45))
      end += little(UInt32(0)) + little(UInt32(0)) + wide(count) + wide(count) + wide(size) + wide(start)
      end += little(UInt32(0x0706_4B50)) + little(UInt32(0)) + wide(place) + little(UInt32(1))
      try file.write(end)
    }
    let short = UInt16(isWide ? 0xFFFF : count)
    var end = little(UInt32(0x0605_4B50)) + little(UInt32(0)) + little(short) + little(short)
    end += little(isWide ? 0xFFFF_FFFF : UInt32(size)) + little(isWide ? 0xFFFF_FFFF : UInt32(start))
    try file.write(end + little(UInt16(0)))
  }

  private func little<T: FixedWidthInteger & UnsignedInteger>(_ value: T) -> [UInt8] {
    (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> T($0 * 8)) }
  }

  private func wide(_ value: Int) -> [UInt8] { little(UInt64(value)) }
}
