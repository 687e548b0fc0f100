import CProtobufC
import CSchemas
import DecantBytes
import DecantWire
import Testing

/// Our reader against protobuf-c's own unpacking, on the same bytes.
@Suite struct OracleTests {
  @Test(arguments: 0..<200) func agreesOnRandomTensors(_ seed: Int) throws {
    var random = Generator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1)
    let bytes = random.tensor()
    let ours = try Tensor.read(bytes, Schema.tensor)
    let theirs = unsafe try #require(onnx__tensor_proto__unpack(nil, bytes.count, bytes))
    defer { unsafe onnx__tensor_proto__free_unpacked(theirs, nil) }
    let proto = unsafe theirs.pointee
    #expect(unsafe ours.dims == Array(UnsafeBufferPointer(start: proto.dims, count: proto.n_dims)))
    #expect(unsafe ours.type == (proto.has_data_type != 0 ? proto.data_type : nil))
    #expect(unsafe ours.name == proto.name.map { unsafe String(cString: $0) })
    #expect(unsafe ours.raw?.count == (proto.has_raw_data != 0 ? proto.raw_data.len : nil))
    var ints: [Int32] = []
    try ours.ints.forEachVarint { (value) throws(WireError) in ints.append(Int32(truncatingIfNeeded: value)) }
    #expect(unsafe ints == Array(UnsafeBufferPointer(start: proto.int32_data, count: proto.n_int32_data)))
    let floats = unsafe UnsafeRawBufferPointer(start: proto.float_data, count: proto.n_float_data * 4)
    #expect(unsafe try ours.floats.joined() == ByteSlice(copying: Array(floats)))
    #expect(unsafe ours.strings.count == proto.n_string_data)
  }

  /// Whatever protobuf-c refuses, we refuse too.
  @Test(arguments: 0..<100) func refusesWhatTheOracleRefuses(_ seed: Int) throws {
    var random = Generator(state: UInt64(seed) &* 0xD134_2543_DE82_EF95 &+ 1)
    for _ in 0..<20 {
      var bytes = random.tensor()
      guard !bytes.isEmpty else { continue }
      bytes[random.below(bytes.count)] ^= UInt8(1 << random.below(8))
      let theirs = unsafe onnx__tensor_proto__unpack(nil, bytes.count, bytes)
      if let theirs = unsafe theirs {
        unsafe onnx__tensor_proto__free_unpacked(theirs, nil)
      } else {
        #expect(throws: WireError.self, "\(bytes)") {
          let whole = try WholeTensor.read(bytes, Schema.tensor)
          try whole.tensor.ints.forEachVarint { (_: UInt64) throws(WireError) in }
        }
      }
    }
  }
}

/// A tensor whose nested messages are read as well.
struct WholeTensor: WireRecord {
  var tensor = Tensor()
  var segment: Entry?
  var external: [Entry] = []
  var metadata: [Entry] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try tensor.visit(&visitor)
    try visitor.message(3, &segment)
    try visitor.messages(13, &external)
    try visitor.messages(16, &metadata)
  }

  /// A message of which only the encoding is looked at.
  struct Entry: WireRecord {
    var unknown: [ByteSlice] = []
    mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {}
  }
}

/// Makes random tensors, the same for the same seed.
struct Generator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 29) ^ state
  }

  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

  mutating func tensor() -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<below(12) {
      switch below(9) {
      case 0: bytes += Spell.field(1, varint: next() >> UInt64(below(64)))
      case 1: bytes += Spell.field(1, Spell.varint(next() >> 8) + Spell.varint(1))
      case 2: bytes += Spell.field(2, varint: next())
      case 3: bytes += Spell.field(4, (0..<below(4)).flatMap { _ in Spell.little(UInt32(truncatingIfNeeded: next())) })
      case 4: bytes += Spell.field(5, (0..<below(5)).flatMap { _ in Spell.varint(next() >> UInt64(below(64))) })
      case 5: bytes += Spell.field(6, (0..<below(9)).map { _ in UInt8(truncatingIfNeeded: next()) })
      case 6: bytes += Spell.field(8, "name\(below(100))")
      case 7: bytes += Spell.field(9, (0..<below(50)).map { _ in UInt8(truncatingIfNeeded: next()) })
      default: bytes += Spell.field(UInt64(20 + below(1000)), [1, 2, 3])
      }
    }
    return bytes
  }
}
