internal import DecantBytes
internal import DecantWire

/// A sequence in test data, whose elements stand in the list that `elemType` names.
struct SequenceProto: WireRecord {
  var name: String?
  var elemType: Int32?
  var tensorValues: [TensorProto] = []
  var sparseTensorValues: [SparseTensorProto] = []
  var sequenceValues: [SequenceProto] = []
  var mapValues: [MapProto] = []
  var optionalValues: [OptionalProto] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.text(1, &name)
    try visitor.int32(2, &elemType)
    try visitor.messages(3, &tensorValues)
    try visitor.messages(4, &sparseTensorValues)
    try visitor.messages(5, &sequenceValues)
    try visitor.messages(6, &mapValues)
    try visitor.messages(7, &optionalValues)
  }
}

/// A map in test data.
struct MapProto: WireRecord {
  var name: String?
  var keyType: Int32?
  var keys: [Int64] = []
  var stringKeys: [ByteSlice] = []
  var values: Box<SequenceProto>?
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.text(1, &name)
    try visitor.int32(2, &keyType)
    try visitor.int64s(3, &keys)
    try visitor.byteLists(4, &stringKeys)
    try visitor.message(5, &values)
  }
}

/// An optional value in test data.
struct OptionalProto: WireRecord {
  var name: String?
  var elemType: Int32?
  var tensorValue: Box<TensorProto>?
  var sparseTensorValue: Box<SparseTensorProto>?
  var sequenceValue: Box<SequenceProto>?
  var mapValue: Box<MapProto>?
  var optionalValue: Box<OptionalProto>?
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.text(1, &name)
    try visitor.int32(2, &elemType)
    try visitor.message(3, &tensorValue)
    try visitor.message(4, &sparseTensorValue)
    try visitor.message(5, &sequenceValue)
    try visitor.message(6, &mapValue)
    try visitor.message(7, &optionalValue)
  }
}
