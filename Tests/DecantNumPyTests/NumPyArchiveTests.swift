import DecantBytes
import DecantIR
import DecantNumPy
import FoundationEssentials
import Testing

@Suite struct NumPyArchiveTests {
  private func write(_ arrays: [(name: String, tensor: Tensor)]) throws -> (bytes: [UInt8], notes: [String]) {
    let path = "/tmp/decant-numpy-\(UInt64.random(in: .min ... .max)).npz"
    let notes = try NumPyArchive.write(arrays, to: path)
    let bytes = try #require(FileManager.default.contents(atPath: path))
    try FileManager.default.removeItem(atPath: path)
    return (Array(bytes), notes)
  }

  private func read(_ bytes: [UInt8]) throws -> [String: Tensor] {
    let archive = try NumPyArchive(ByteSlice(copying: bytes))
    var arrays: [String: Tensor] = [:]
    for name in archive.names { arrays[name] = try archive.array(name) }
    return arrays
  }

  @Test func arraysComeBackAndTheBytesAreTheSameEachTime() throws {
    let arrays: [(name: String, tensor: Tensor)] = [
      ("a", Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])), ("b/c", Tensor([-1, 2] as [Int64])),
      ("scalar", Tensor(scalar: Double(0.5))), ("empty", Tensor([UInt8]())),
      ("flags", Tensor([Boolean(true), Boolean(false)])),
    ]
    let (bytes, notes) = try write(arrays)
    let back = try read(bytes)
    #expect(back.count == arrays.count)
    for (name, tensor) in arrays { #expect(back[name] == tensor) }
    #expect(back.values.filter(\.isAligned).count == arrays.count)
    #expect(notes.isEmpty)
    #expect(try write(arrays).bytes == bytes)
  }

  @Test func whatNumPyWroteIsRead() throws {
    let arrays = try read(Fixtures.compressed)
    #expect(arrays["a"] == Tensor((0..<40).map { Float($0 / 8) }, shape: [5, 8]))
    #expect(arrays["b/c"] == Tensor(scalar: Int64(-3)))
  }

  @Test func typesThatNumPyLacksAreWrittenAsTheirBits() throws {
    let packed = try Tensor(.int4, shape: [3], bytes: ByteSlice(copying: [0xf1, 0x07]))
    let (bytes, notes) = try write([("h", Tensor([BFloat16(1)])), ("n", packed)])
    #expect(try read(bytes) == ["h": Tensor([0x3f80] as [UInt16]), "n": Tensor([1, -1, 7] as [Int8])])
    #expect(notes == ["'h': NumPy has no bf16: written as the bits, u16", "'n': NumPy has no i4: written as i8"])
  }

  @Test func namesStandOnce() throws {
    #expect(throws: DecantError.self) { try write([("a", Tensor([1] as [Float])), ("a", Tensor([1] as [Float]))]) }
  }

  /// Replaces bytes of a small archive wherever they stand.
  private func replacing(_ old: String, _ new: String) throws -> [UInt8] {
    var bytes = try write([("aaaa", Tensor([1] as [Float])), ("bbbb", Tensor([2] as [Float]))]).bytes
    let (from, to) = (Array(old.utf8), Array(new.utf8))
    for start in 0...(bytes.count - from.count) where Array(bytes[start..<start + from.count]) == from {
      bytes.replaceSubrange(start..<start + from.count, with: to)
    }
    return bytes
  }

  @Test(arguments: [
    ("bbbb.npy", "aaaa.npy"), ("bbbb.npy", "../b.npy"), ("bbbb.npy", "/bbb.npy"), ("bbbb.npy", "b\\bb.npy"),
    ("bbbb.npy", "b//b.npy"), ("bbbb.npy", "bbbb.exe"), ("bbbb.npy", "bb\0b.npy"),
  ])
  func oddNamesAreRefused(old: String, new: String) throws {
    let bytes = try replacing(old, new)
    #expect(throws: DecantError.self) { try read(bytes) }
  }

  /// A deflated entry that says it inflates to far more than it could is refused before anything is allocated.
  @Test func aSizeThatCannotBeIsRefused() throws {
    var bytes = Fixtures.compressed
    let directory = try #require(bytes.lastRange(of: "PK\u{1}\u{2}".utf8))
    for start in [directory.lowerBound + 24, 0x85 + 4 + 30] { bytes[start + 3] = 0x7f }
    #expect(throws: DecantError.self) { try read(bytes) }
  }

  /// Every prefix and every flipped bit of small archives: an error or the arrays, never a trap.
  @Test(arguments: [false, true])
  func damagedArchivesAreSurvived(deflated: Bool) throws {
    let whole = deflated ? Fixtures.compressed : try write([("a", Tensor([1, 2] as [Float]))]).bytes
    let expected = try read(whole)
    for length in whole.indices { #expect(throws: DecantError.self) { try read(Array(whole[..<length])) } }
    for bit in 0..<whole.count * 8 {
      var damaged = whole
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      guard let arrays = try? read(damaged) else { continue }
      // What the checksum covers is not changed; a date or a version may be.
      #expect(Set(arrays.values) == Set(expected.values))
    }
  }
}

extension [UInt8] {
  /// The last place where `pattern` stands.
  fileprivate func lastRange(of pattern: some Collection<UInt8>) -> Range<Int>? {
    let pattern = Array(pattern)
    return indices.dropLast(pattern.count - 1).last { Array(self[$0..<$0 + pattern.count]) == pattern }
      .map { $0..<$0 + pattern.count }
  }
}
