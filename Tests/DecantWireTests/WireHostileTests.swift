import DecantBytes
import DecantWire
import Testing

/// Bytes that break the encoding, by their number in the catalogue of bad input, family B.
@Suite struct WireHostileTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let id: String
    let bytes: [UInt8]
    var code = WireError.Code.malformed
    let says: String
    var testDescription: String { id }
  }

  static let cases = [
    Case(id: "B01 eleven bytes", bytes: Spell.tag(2, 0) + [UInt8](repeating: 0x80, count: 10) + [1], says: "64 bits"),
    Case(id: "B01 high bits", bytes: Spell.tag(2, 0) + [UInt8](repeating: 0xFF, count: 9) + [2], says: "64 bits"),
    Case(id: "B01 cut", bytes: [0x10, 0x80], code: .truncated, says: "varint"),
    Case(id: "B02", bytes: Spell.tag(9, 2) + [5, 1], code: .truncated, says: "5 bytes long, and 1 are left"),
    Case(
      id: "B03", bytes: Spell.tag(9, 2) + Spell.varint(1 << 63) + [1], code: .truncated,
      says: "9223372036854775808 bytes long"),
    Case(id: "B04 number 0", bytes: [0x00, 1], says: "field number"),
    Case(id: "B04 number 2^29", bytes: Spell.tag(1 << 29, 0) + [1], says: "field number"),
    Case(id: "B04 type 6", bytes: [0x0E, 1], says: "wire type expected in 0...5, got 6"),
    Case(id: "B04 type 7", bytes: [0x0F, 1], says: "wire type expected in 0...5, got 7"),
    Case(
      id: "B05 name", bytes: Spell.field(8, varint: 1),
      says: "TensorProto.name: wire type delimited expected, got varint"),
    Case(id: "B05 dims", bytes: Spell.tag(1, 5) + [0, 0, 0, 0], says: "TensorProto.dims"),
    Case(id: "B05 type", bytes: Spell.field(2, [1]), says: "TensorProto.data_type"),
    Case(id: "B06 open", bytes: Spell.tag(90, 3), code: .truncated, says: "never ends"),
    Case(id: "B06 closed", bytes: Spell.tag(90, 4), says: "never started"),
    Case(id: "B06 crossed", bytes: Spell.tag(90, 3) + Spell.tag(91, 4), says: "expected to end"),
    Case(
      id: "B06 100,000 deep", bytes: (0..<100_000).flatMap { _ in Spell.tag(90, 3) }, says: "nested deeper than 100"),
    Case(id: "B08", bytes: Spell.field(4, [0, 0, 0, 0, 0]), says: "multiple of 4 bytes long, got 5"),
    Case(id: "B08 varint cut", bytes: Spell.field(1, [0x80]), code: .truncated, says: "varint"),
    Case(id: "B15", bytes: Spell.field(8, [0xC0, 0x80]), says: "TensorProto.name expected to be UTF-8"),
  ]

  @Test(arguments: cases) func refuses(_ hostile: Case) throws {
    let error = #expect(throws: WireError.self) { try Tensor.read(hostile.bytes, Schema.tensor) }
    #expect(error?.code == hostile.code)
    #expect(error?.message.contains(hostile.says) == true, "\(error?.message ?? "")")
    #expect((error?.offset ?? -1) <= hostile.bytes.count)
  }

  /// B07: depth is refused before the stack ends, also on a small one.
  @Test(arguments: [101, 10_000]) func nesting(_ depth: Int) throws {
    let bytes = Spell.nested(7, depth)
    let error = #expect(throws: WireError.self) { try Nest.read(bytes, Schema.optional) }
    #expect(error?.message.contains("nested deeper than 100") == true)
  }

  @Test func nestingWithinTheLimit() throws {
    var nest: Nest? = try Nest.read(Spell.nested(7, 100), Schema.optional)
    var depth = 0
    while let inner = nest?.inner {
      nest = inner.value
      depth += 1
    }
    #expect(depth == 100)
  }

  /// B14: a small file of very many messages.
  @Test func objects() throws {
    let bytes = [[UInt8]](repeating: [0x1A, 0x00], count: 500_000).flatMap { $0 }
    let error = #expect(throws: WireError.self) { try Nest.read(bytes, Schema.optional) }
    #expect(error?.code == .overBudget)
  }

  /// A02: every prefix is refused or read, and never more than that.
  @Test func everyPrefixAndBitFlip() throws {
    let tensor = Spell.field(1, varint: 2) + Spell.field(2, varint: 1) + Spell.field(9, [UInt8](repeating: 1, count: 8))
    let bytes = Spell.field(1, "name") + Spell.nested(7, 3, Spell.field(3, tensor + Spell.field(8, "w")))
    for count in 0..<bytes.count {
      _ = try? Nest.read(Array(bytes[..<count]), Schema.optional)
    }
    for bit in 0..<bytes.count * 8 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      _ = try? Nest.read(flipped, Schema.optional).written()
    }
  }
}
