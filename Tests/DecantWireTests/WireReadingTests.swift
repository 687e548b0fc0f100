import DecantBytes
import DecantWire
import Testing

/// Reading well-formed bytes in all the ways that the encoding allows.
@Suite struct WireReadingTests {
  @Test func packedAndUnpackedListsAreOne() throws {
    let unpacked = Spell.field(1, varint: 2) + Spell.field(1, varint: 300)
    let packed = Spell.field(1, Spell.varint(2) + Spell.varint(300))
    let split = Spell.field(1, Spell.varint(2)) + Spell.field(1, varint: 300)
    for bytes in [unpacked, packed, split] {
      #expect(try Tensor.read(bytes, Schema.tensor).dims == [2, 300])
    }
  }

  @Test func packedFloatsAreOneSliceOfTheInput() throws {
    let values = Spell.little(Float(1.5).bitPattern) + Spell.little(UInt32(0x7FC0_1234))
    let tensor = try Tensor.read(Spell.field(4, values), Schema.tensor)
    #expect(tensor.floats.contiguous == ByteSlice(copying: values))
    let loose = Spell.tag(4, 5) + values[..<4] + Spell.tag(4, 5) + values[4...]
    let unpacked = try Tensor.read(loose, Schema.tensor)
    #expect(unpacked.floats.contiguous == nil)
    #expect(try unpacked.floats.joined() == ByteSlice(copying: values))
  }

  @Test func varintListsAreDecodedOnDemand() throws {
    let values: [Int64] = [0, 1, -1, 127, 128, .max, .min]
    let run = values.flatMap { Spell.varint(UInt64(bitPattern: $0)) }
    let tensor = try Tensor.read(Spell.field(5, run) + Spell.field(5, varint: 9), Schema.tensor)
    var read: [Int64] = []
    try tensor.ints.forEachVarint { (value) throws(WireError) in read.append(Int64(bitPattern: value)) }
    #expect(read == values + [9])
    #expect(tensor.ints.varintCount() == 8)
  }

  @Test func lastScalarWinsAndMessagesMerge() throws {
    let first = Spell.field(3, Spell.field(8, "a") + Spell.field(1, varint: 1))
    let second = Spell.field(3, Spell.field(8, "b") + Spell.field(1, varint: 2))
    let nest = try Nest.read(first + second, Schema.optional)
    #expect(nest.tensor?.name == "b")
    #expect(nest.tensor?.dims == [1, 2])
  }

  @Test func unknownFieldsAreKeptByteForByte() throws {
    let group = Spell.tag(90, 3) + Spell.field(1, varint: 1) + Spell.tag(91, 3) + Spell.tag(91, 4) + Spell.tag(90, 4)
    let strange = [
      Spell.field(77, varint: 5), Spell.field(500, [1, 2, 3]), Spell.tag(78, 1) + Spell.little(UInt64(7)), group,
      Spell.tag(79, 5) + Spell.little(UInt32(7)),
    ]
    let bytes = Spell.field(8, "x") + strange.joined()
    let tensor = try Tensor.read(bytes, Schema.tensor)
    #expect(tensor.unknown == strange.map { ByteSlice(copying: $0) })
    #expect(try tensor.written() == bytes)
  }

  @Test func textThatIsNotUTF8Survives() throws {
    let bytes = Spell.field(8, "x") + Spell.field(12, [0xFF, 0xFE])
    let tensor = try Tensor.read(bytes, Schema.tensor)
    #expect(tensor.doc == nil)
    #expect(try tensor.written() == bytes)
  }

  @Test func largeFieldsAreNotCopied() throws {
    let bytes = ByteSlice(copying: Spell.field(9, [UInt8](repeating: 7, count: 100_000)))
    let budget = Budget(Budget.Limits(bytes: 1000))
    let tensor = try WireSource(bytes, budget: budget).message(Schema.tensor).decoded(as: Tensor.self)
    #expect(tensor.raw.map { $0.isIdentical(to: bytes[bytes.count - 100_000..<bytes.count]) } == true)
  }

  @Test func pathNamesTheWayToAByte() throws {
    let attribute = Spell.field(1, "value") + Spell.field(5, Spell.field(9, [1, 2]))
    let node = Spell.field(4, "Constant") + Spell.field(5, attribute)
    let graph = Spell.field(1, Spell.field(4, "Relu")) + Spell.field(1, node)
    let bytes = Spell.field(1, varint: 8) + Spell.field(7, graph)
    let root = WireSource(ByteSlice(copying: bytes), budget: Budget()).message(Schema.model)
    #expect(WirePath(of: bytes.count - 1, in: root).description == "graph.node[1].attribute[0].t.raw_data")
    #expect(WirePath(of: 0, in: root).description == "ir_version")
    #expect(root.path == "ir_version")
  }
}
