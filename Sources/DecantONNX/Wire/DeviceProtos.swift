internal import DecantBytes
internal import DecantWire

/// A set of devices that nodes may be spread over.
struct DeviceConfigurationProto: WireRecord {
  var name: String?
  var deviceCount: Int32?
  var device: [String] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.text(1, &name)
    try visitor.int32(2, &deviceCount)
    try visitor.strings(3, &device)
  }
}

/// How one node runs on several devices.
struct NodeDeviceConfigurationProto: WireRecord {
  var configurationID: String?
  var shardingSpec: [ShardingSpecProto] = []
  var pipelineStage: Int32?
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.text(1, &configurationID)
    try visitor.messages(2, &shardingSpec)
    try visitor.int32(3, &pipelineStage)
  }
}

/// How one value of a node is split over devices.
struct ShardingSpecProto: WireRecord {
  var tensorName: String?
  var device: [Int64] = []
  var deviceGroups: [IntIntListEntryProto] = []
  var shardedDim: [ShardedDimProto] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.string(1, &tensorName)
    try visitor.int64s(2, &device)
    try visitor.messages(3, &deviceGroups)
    try visitor.messages(4, &shardedDim)
  }
}

/// A number and a list of numbers.
struct IntIntListEntryProto: WireRecord {
  var key: Int64?
  var value: [Int64] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.int64(1, &key)
    try visitor.int64s(2, &value)
  }
}

/// How one axis is split.
struct ShardedDimProto: WireRecord {
  var axis: Int64?
  var simpleSharding: [SimpleShardedDimProto] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.int64(1, &axis)
    try visitor.messages(2, &simpleSharding)
  }
}

/// One factor of a split axis.
struct SimpleShardedDimProto: WireRecord {
  var dimValue: Int64?
  var dimParam: String?
  var shardCount: Int64?
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.int64(1, &dimValue)
    try visitor.string(2, &dimParam)
    try visitor.int64(3, &shardCount)
    if visitor.reading == 1 { dimParam = nil }
    if visitor.reading == 2 { dimValue = nil }
  }
}
