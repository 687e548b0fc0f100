import DecantBytes
import DecantWire
import Testing

/// Measuring and writing.
@Suite struct WireWritingTests {
  @Test func writesWhatItReads() throws {
    let tensor =
      Spell.field(1, varint: 3) + Spell.field(1, varint: 1 << 40) + Spell.field(2, varint: 1)
      + Spell.field(4, Spell.little(Float.pi.bitPattern)) + Spell.field(5, Spell.varint(7)) + Spell.field(6, "s")
      + Spell.field(6, "") + Spell.field(8, "π") + Spell.field(9, [UInt8](repeating: 3, count: 70_000))
    let bytes = Spell.field(1, "") + Spell.field(3, tensor) + Spell.nested(7, 60, Spell.field(3, tensor))
    let nest = try Nest.read(bytes, Schema.optional)
    #expect(WireSizer(measuring: nest).total == bytes.count)
    #expect(try nest.written() == bytes)
  }

  @Test func negativeNumbersTakeTenBytes() throws {
    var tensor = Tensor()
    tensor.type = -1
    #expect(try tensor.written() == Spell.field(2, varint: .max))
    #expect(WireSizer(measuring: tensor).total == 11)
  }
}
