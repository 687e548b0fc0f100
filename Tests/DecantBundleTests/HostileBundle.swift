import CZstd
import DecantBundle
import DecantBytes

/// Builds bundles that are right or wrong in exactly one place, from the documentation of the layout alone.
struct HostileBundle {
  struct Chunk {
    var codec = 0
    var size: Int
    var stored: [UInt8]
    var storedSize: Int?
    var digest: [UInt8]?
    var frames: [Int] = []
  }

  struct Entry {
    var kind = 3
    var name = "a.bin"
    var size: Int?
    var type: String?
    var shape: [Int] = []
    var format: String?
    var chunks: [Chunk]
  }

  var magic: [UInt8] = [0x89, 0x44, 0x43, 0x4E, 0x54, 0x0D, 0x0A, 0x1A]
  var version: UInt8 = 1
  var entries: [Entry]
  var extraBytes: [UInt8] = []
  var manifestOffset: UInt64?
  var manifestSize: UInt64?
  var fileSize: UInt64?

  init(_ entries: [Entry]) { self.entries = entries }

  init(_ chunk: Chunk) { entries = [Entry(chunks: [chunk])] }

  /// The file.
  var bytes: [UInt8] {
    var file = magic + [version, 0, 0, 0, 0, 0, 0, 0]
    for chunk in entries.flatMap(\.chunks) { file += chunk.stored }
    file += extraBytes
    let start = file.count
    let manifest = entries.flatMap { HostileBundle.field(1, HostileBundle.encode($0)) }
    file += manifest
    file += HostileBundle.fixed(manifestOffset ?? UInt64(start))
    file += HostileBundle.fixed(manifestSize ?? UInt64(manifest.count))
    file += SHA256.digest(of: ByteSlice(copying: manifest)).bytes
    file += HostileBundle.fixed(fileSize ?? UInt64(start + manifest.count + 64))
    return file + magic
  }

  /// Opens the bundle and checks everything.
  func verify(budget: Budget = Budget()) throws(DecantError) {
    let reader = try BundleReader(ByteSlice(copying: bytes), path: "x", budget: budget)
    try reader.verify()
    for entry in reader.manifest.entries { _ = try reader.read(entry) }
  }

  private static func encode(_ entry: Entry) -> [UInt8] {
    var bytes = field(1, entry.kind) + field(2, Array(entry.name.utf8))
    bytes += field(3, entry.size ?? entry.chunks.reduce(0) { $0 &+ $1.size })
    if let type = entry.type { bytes += field(4, Array(type.utf8)) }
    for extent in entry.shape { bytes += field(5, extent) }
    if let format = entry.format { bytes += field(6, Array(format.utf8)) }
    for chunk in entry.chunks { bytes += field(7, encode(chunk)) }
    return bytes
  }

  private static func encode(_ chunk: Chunk) -> [UInt8] {
    let digest = chunk.digest ?? SHA256.digest(of: ByteSlice(copying: chunk.stored)).bytes
    var bytes = field(1, chunk.codec) + field(2, chunk.size) + field(3, chunk.storedSize ?? chunk.stored.count)
    bytes += field(4, digest)
    for frame in chunk.frames { bytes += field(5, frame) }
    return bytes
  }

  private static func field(_ number: Int, _ value: Int) -> [UInt8] {
    varint(UInt64(number << 3)) + varint(UInt64(bitPattern: Int64(value)))
  }

  private static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    varint(UInt64(number << 3 | 2)) + varint(UInt64(bytes.count)) + bytes
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
  }

  private static func fixed(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }

  /// One zstd frame of `content`, with its size unless told otherwise.
  static func frame(_ content: [UInt8], statesSize: Bool = true, level: Int32 = 3) -> [UInt8] {
    guard let context = unsafe ZSTD_createCCtx() else { return [] }
    defer { unsafe ZSTD_freeCCtx(context) }
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, statesSize ? 1 : 0)
    var bytes = [UInt8](repeating: 0, count: ZSTD_compressBound(content.count))
    let size = unsafe ZSTD_compress2(context, &bytes, bytes.count, content, content.count)
    return Array(bytes.prefix(size))
  }
}
