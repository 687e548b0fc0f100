import DecantBytes
import Testing

@Suite struct BudgetTests {
  @Test func refusesWhatDoesNotFit() throws {
    let budget = Budget(.init(bytes: 100, objects: 2, depth: 3))
    try budget.take(bytes: 60, for: "a", at: 0)
    let error = #expect(throws: WireError.self) { try budget.take(bytes: 41, for: "tensor 'x'", at: 7) }
    #expect(error?.within("m.onnx").description.hasPrefix("m.onnx: byte 7: tensor 'x' needs 41 bytes, and 40") == true)
    #expect(error?.within("m.onnx").kind == .overBudget)
    budget.giveBack(bytes: 60)
    try budget.take(10, of: 10, for: "a", at: 0)
    #expect(budget.bytes == 100)
    try budget.count(objects: 2, for: "node", at: 0)
    #expect(throws: WireError.self) { try budget.count(for: "node", at: 0) }
    try budget.check(depth: 3, for: "graph", at: 0)
    #expect(throws: WireError.self) { try budget.check(depth: 4, for: "graph", at: 0) }
  }

  @Test func overflowIsRefused() throws {
    let budget = Budget(.init(bytes: .max))
    try budget.take(bytes: .max, for: "a", at: 0)
    #expect(throws: WireError.self) { try budget.take(bytes: 1, for: "a", at: 0) }
    #expect(throws: WireError.self) { try Budget().take(.max, of: 2, for: "a", at: 0) }
    #expect(throws: WireError.self) { try Budget().take(-1, of: 2, for: "a", at: 0) }
  }

  @Test func smallInputsGetSmallBudgets() {
    let limits = Budget.Limits.metadata(ofInput: 1 << 20)
    #expect(limits.bytes < 256 << 20 && limits.objects < 1 << 20)
    #expect(Budget.Limits.metadata(ofInput: .max).bytes == Budget.Limits().bytes)
  }
}

@Suite struct ByteCursorTests {
  @Test func readsLittleEndian() throws {
    var cursor = ByteCursor(ByteSlice(copying: [1, 2, 0, 0xFF, 0xFF, 0xFF, 0xFF, 9, 8]), base: 100)
    #expect(try cursor.read(UInt8.self, "a") == 1)
    #expect(try cursor.read(UInt16.self, "b") == 2)
    #expect(try cursor.read(Int32.self, "c") == -1)
    #expect(try cursor.readSlice(1, "d") == ByteSlice(copying: [9]))
    let error = #expect(throws: WireError.self) { _ = try cursor.read(UInt16.self, "length") }
    #expect(error?.description == "byte 108: length needs 2 bytes, and 1 are left")
    try cursor.skip(1, "e")
    #expect(cursor.isAtEnd)
  }

  @Test func refusesSizesThatCannotBe() throws {
    var cursor = ByteCursor(ByteSlice(copying: [UInt8](repeating: 0xFF, count: 8)))
    #expect(throws: WireError.self) { _ = try cursor.readSize("size") }
    try cursor.seek(to: 0, "start")
    #expect(throws: WireError.self) { _ = try cursor.readCount(UInt32.self, limit: 10, "count") }
    #expect(throws: WireError.self) { _ = try cursor.readSlice(-1, "slice") }
    #expect(throws: WireError.self) { try cursor.seek(to: 9, "start") }
  }
}

@Suite struct DigestTests {
  @Test func knownDigests() {
    let abc = ByteSlice(copying: "abc".utf8)
    #expect(
      SHA256.digest(of: abc).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.digest(of: ByteSlice()).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(SHA1.hex(of: abc.bytes) == "a9993e364706816aba3e25717850c26c9cd0d89d")
    var pieces = SHA256()
    pieces.update(abc[0..<1])
    pieces.update(abc[1..<3])
    #expect(pieces.finish() == SHA256.digest(of: abc))
  }

  @Test(arguments: [0, 1, 5, 16, 17, 40]) func manyAtOnce(_ count: Int) {
    let bytes = ByteSlice(copying: (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) })
    let even = (0..<count).map { $0 * 7..<$0 * 7 + 3000 }
    let uneven = (0..<count).map { $0..<$0 + ($0 * 131) % 700 }
    for ranges in [even, uneven] {
      #expect(SHA256.digests(of: ranges, in: bytes.bytes) == ranges.map { SHA256.digest(of: bytes[$0]) })
    }
  }
}
