internal import DecantBytes
internal import DecantWire

/// One application of an operator or function.
struct NodeProto: WireRecord {
  var input: [String] = []
  var output: [String] = []
  var name: String?
  var opType: String?
  var attribute: [AttributeProto] = []
  var docString: String?
  var domain: String?
  var overload: String?
  var metadata: [StringStringEntryProto] = []
  var deviceConfigurations: [NodeDeviceConfigurationProto] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.strings(1, &input)
    try visitor.strings(2, &output)
    try visitor.text(3, &name)
    try visitor.string(4, &opType)
    try visitor.messages(5, &attribute)
    try visitor.text(6, &docString)
    try visitor.string(7, &domain)
    try visitor.string(8, &overload)
    try visitor.messages(9, &metadata)
    try visitor.messages(10, &deviceConfigurations)
  }
}

/// A named constant of a node.
struct AttributeProto: WireRecord {
  var name: String?
  var f: Float?
  var i: Int64?
  var s: ByteSlice?
  var t: Box<TensorProto>?
  var g: Box<GraphProto>?
  var floats: [Float] = []
  var ints: [Int64] = []
  var strings: [ByteSlice] = []
  var tensors: [TensorProto] = []
  var graphs: [GraphProto] = []
  var docString: String?
  var tp: Box<TypeProto>?
  var typeProtos: [TypeProto] = []
  var type: Int32?
  var refAttrName: String?
  var sparseTensor: Box<SparseTensorProto>?
  var sparseTensors: [SparseTensorProto] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.string(1, &name)
    try visitor.float(2, &f)
    try visitor.int64(3, &i)
    try visitor.bytes(4, &s)
    try visitor.message(5, &t)
    try visitor.message(6, &g)
    try visitor.floats(7, &floats)
    try visitor.int64s(8, &ints)
    try visitor.byteLists(9, &strings)
    try visitor.messages(10, &tensors)
    try visitor.messages(11, &graphs)
    try visitor.text(13, &docString)
    try visitor.message(14, &tp)
    try visitor.messages(15, &typeProtos)
    try visitor.int32(20, &type)
    try visitor.string(21, &refAttrName)
    try visitor.message(22, &sparseTensor)
    try visitor.messages(23, &sparseTensors)
  }
}
