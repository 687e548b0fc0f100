import CSchemas
import DecantBytes
import DecantWire

/// Schemas that the tests read by.
enum Schema {
  static let model = unsafe WireSchema.read(decant_schema_onnx_model())
  static let tensor = unsafe WireSchema.read(decant_schema_onnx_tensor())
  static let optional = unsafe WireSchema.read(decant_schema_onnx_optional())
}

/// A tensor with the fields that the tests need.
struct Tensor: WireRecord {
  var dims: [Int64] = []
  var type: Int32?
  var floats = WireScalars()
  var ints = WireScalars()
  var strings: [ByteSlice] = []
  var name: String?
  var raw: ByteSlice?
  var doc: String?
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.int64s(1, &dims)
    try visitor.int32(2, &type)
    try visitor.scalars(4, &floats)
    try visitor.scalars(5, &ints)
    try visitor.byteLists(6, &strings)
    try visitor.string(8, &name)
    try visitor.bytes(9, &raw)
    try visitor.text(12, &doc)
  }
}

/// An optional that may hold itself: the deepest nesting with the fewest bytes.
struct Nest: WireRecord {
  var name: String?
  var tensor: Tensor?
  var inner: Box<Nest>?
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.text(1, &name)
    try visitor.message(3, &tensor)
    try visitor.message(7, &inner)
  }
}

extension WireRecord {
  /// Reads `bytes` within `limits`, or those that suit their count.
  static func read(
    _ bytes: [UInt8], _ schema: WireSchema, limits: Budget.Limits? = nil
  ) throws(WireError) -> Self {
    let budget = Budget(limits ?? .metadata(ofInput: bytes.count))
    return try WireSource(ByteSlice(copying: bytes), budget: budget).message(schema).decoded(as: Self.self)
  }

  func written() throws -> [UInt8] { try WireWriter.write(self, to: MemorySink()).bytes }
}
