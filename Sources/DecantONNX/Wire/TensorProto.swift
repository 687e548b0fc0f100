internal import DecantBytes
internal import DecantWire

/// A tensor as the file holds it: its elements are left where they are.
struct TensorProto: WireRecord {
  var dims: [Int64] = []
  var dataType: Int32?
  var segment: Box<Segment>?
  var floatData = WireScalars()
  var int32Data = WireScalars()
  var stringData: [ByteSlice] = []
  var int64Data = WireScalars()
  var name: String?
  var rawData: ByteSlice?
  var doubleData = WireScalars()
  var uint64Data = WireScalars()
  var docString: String?
  var externalData: [StringStringEntryProto] = []
  var dataLocation: Int32?
  var metadata: [StringStringEntryProto] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.int64s(1, &dims)
    try visitor.int32(2, &dataType)
    try visitor.message(3, &segment)
    try visitor.scalars(4, &floatData)
    try visitor.scalars(5, &int32Data)
    try visitor.byteLists(6, &stringData)
    try visitor.scalars(7, &int64Data)
    try visitor.string(8, &name)
    try visitor.bytes(9, &rawData)
    try visitor.scalars(10, &doubleData)
    try visitor.scalars(11, &uint64Data)
    try visitor.text(12, &docString)
    try visitor.messages(13, &externalData)
    try visitor.int32(14, &dataLocation)
    try visitor.messages(16, &metadata)
  }

  /// A part of a tensor that several messages hold: practically unused.
  struct Segment: WireRecord {
    var begin: Int64?
    var end: Int64?
    var unknown: [ByteSlice] = []

    mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
      try visitor.int64(1, &begin)
      try visitor.int64(2, &end)
    }
  }
}

/// A tensor of mostly zeros: the other values, and where they stand.
struct SparseTensorProto: WireRecord {
  var values: TensorProto?
  var indices: TensorProto?
  var dims: [Int64] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.message(1, &values)
    try visitor.message(2, &indices)
    try visitor.int64s(3, &dims)
  }
}
