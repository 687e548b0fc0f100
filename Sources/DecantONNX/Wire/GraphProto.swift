internal import DecantBytes
internal import DecantWire

/// A graph: nodes, the values it takes and gives, and constants.
struct GraphProto: WireRecord {
  var node: [NodeProto] = []
  var name: String?
  var initializer: [TensorProto] = []
  var docString: String?
  var input: [ValueInfoProto] = []
  var output: [ValueInfoProto] = []
  var valueInfo: [ValueInfoProto] = []
  var quantizationAnnotation: [TensorAnnotation] = []
  var sparseInitializer: [SparseTensorProto] = []
  var metadata: [StringStringEntryProto] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.messages(1, &node)
    try visitor.text(2, &name)
    try visitor.messages(5, &initializer)
    try visitor.text(10, &docString)
    try visitor.messages(11, &input)
    try visitor.messages(12, &output)
    try visitor.messages(13, &valueInfo)
    try visitor.messages(14, &quantizationAnnotation)
    try visitor.messages(15, &sparseInitializer)
    try visitor.messages(16, &metadata)
  }
}

/// The tensors that hold a value's quantization parameters.
struct TensorAnnotation: WireRecord {
  var tensorName: String?
  var parameters: [StringStringEntryProto] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.string(1, &tensorName)
    try visitor.messages(2, &parameters)
  }
}

/// The name and type of a value.
struct ValueInfoProto: WireRecord {
  var name: String?
  var type: TypeProto?
  var docString: String?
  var metadata: [StringStringEntryProto] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.string(1, &name)
    try visitor.message(2, &type)
    try visitor.text(3, &docString)
    try visitor.messages(4, &metadata)
  }
}
