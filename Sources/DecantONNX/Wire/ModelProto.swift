internal import DecantBytes
internal import DecantWire

/// The root of an `.onnx` file.
struct ModelProto: WireRecord {
  var irVersion: Int64?
  var producerName: String?
  var producerVersion: String?
  var domain: String?
  var modelVersion: Int64?
  var docString: String?
  var graph: GraphProto?
  var opsetImport: [OperatorSetIdProto] = []
  var metadata: [StringStringEntryProto] = []
  var trainingInfo: [TrainingInfoProto] = []
  var functions: [FunctionProto] = []
  var configuration: [DeviceConfigurationProto] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.int64(1, &irVersion)
    try visitor.text(2, &producerName)
    try visitor.text(3, &producerVersion)
    try visitor.text(4, &domain)
    try visitor.int64(5, &modelVersion)
    try visitor.text(6, &docString)
    try visitor.message(7, &graph)
    try visitor.messages(8, &opsetImport)
    try visitor.messages(14, &metadata)
    try visitor.messages(20, &trainingInfo)
    try visitor.messages(25, &functions)
    try visitor.messages(26, &configuration)
  }
}

/// A version of an operator domain that a model or function uses.
struct OperatorSetIdProto: WireRecord {
  var domain: String?
  var version: Int64?
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.string(1, &domain)
    try visitor.int64(2, &version)
  }
}

/// A key and a value.
struct StringStringEntryProto: WireRecord {
  var key: String?
  var value: String?
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.string(1, &key)
    try visitor.text(2, &value)
  }
}

/// How the model is trained.
struct TrainingInfoProto: WireRecord {
  var initialization: Box<GraphProto>?
  var algorithm: Box<GraphProto>?
  var initializationBinding: [StringStringEntryProto] = []
  var updateBinding: [StringStringEntryProto] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.message(1, &initialization)
    try visitor.message(2, &algorithm)
    try visitor.messages(3, &initializationBinding)
    try visitor.messages(4, &updateBinding)
  }
}

/// An operator that the model itself defines.
struct FunctionProto: WireRecord {
  var name: String?
  var input: [String] = []
  var output: [String] = []
  var attribute: [String] = []
  var node: [NodeProto] = []
  var docString: String?
  var opsetImport: [OperatorSetIdProto] = []
  var domain: String?
  var attributeProto: [AttributeProto] = []
  var valueInfo: [ValueInfoProto] = []
  var overload: String?
  var metadata: [StringStringEntryProto] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.string(1, &name)
    try visitor.strings(4, &input)
    try visitor.strings(5, &output)
    try visitor.strings(6, &attribute)
    try visitor.messages(7, &node)
    try visitor.text(8, &docString)
    try visitor.messages(9, &opsetImport)
    try visitor.string(10, &domain)
    try visitor.messages(11, &attributeProto)
    try visitor.messages(12, &valueInfo)
    try visitor.string(13, &overload)
    try visitor.messages(14, &metadata)
  }
}
