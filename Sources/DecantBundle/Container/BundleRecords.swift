internal import CSchemas
internal import DecantBytes
internal import DecantWire

/// The messages of `Schemas/bundle.proto` as they stand in the file, before they are checked.
struct ManifestRecord: WireRecord {
  static let schema = unsafe WireSchema.read(decant_schema_bundle_manifest())

  var entries: [EntryRecord] = []
  var compressor: String?
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.messages(1, &entries)
    try visitor.text(2, &compressor)
  }
}

/// One entry of the manifest.
struct EntryRecord: WireRecord {
  var kind: Int32?
  var name: String?
  var size: Int64?
  var type: String?
  var shape: [Int64] = []
  var format: String?
  var chunks: [ChunkRecord] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.int32(1, &kind)
    try visitor.string(2, &name)
    try visitor.int64(3, &size)
    try visitor.string(4, &type)
    try visitor.int64s(5, &shape)
    try visitor.string(6, &format)
    try visitor.messages(7, &chunks)
  }
}

/// One chunk of an entry.
struct ChunkRecord: WireRecord {
  var codec: Int32?
  var size: Int64?
  var stored: Int64?
  var digest: ByteSlice?
  var frames: [Int64] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.int32(1, &codec)
    try visitor.int64(2, &size)
    try visitor.int64(3, &stored)
    try visitor.bytes(4, &digest)
    try visitor.int64s(5, &frames)
  }
}
