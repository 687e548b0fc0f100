import DecantBytes
import DecantIR
import FoundationEssentials
import Testing

import DecantBundle

/// A folder of its own for one test, removed at the end.
final class TemporaryFolder {
  let path = "/tmp/decant-test-\(UInt64.random(in: .min ... .max))"

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }
  func bytes(_ name: String) -> [UInt8] { FileManager.default.contents(atPath: file(name)).map(Array.init) ?? [] }
}

/// Reproducible bytes of several kinds.
enum Sample {
  static func random(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
  }

  /// Floats like weights: normally distributed, as little-endian bytes.
  static func weights(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    let noise = random(count * 8, seed: seed)
    var bytes: [UInt8] = []
    for index in 0..<count {
      var sum: Float = 0
      for byte in noise[index * 8..<index * 8 + 8] { sum += Float(byte) / 256 }
      let bits = ((sum - 4) * 0.05).bitPattern
      for shift in [UInt32(0), 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    }
    return bytes
  }

  /// The upper halves of ``weights(_:seed:)``.
  static func brainWeights(_ count: Int) -> [UInt8] {
    let bytes = weights(count)
    return (0..<count * 2).map { bytes[$0 / 2 * 4 + 2 + $0 % 2] }
  }

  static let text = Array(String(repeating: "{\"token\": 17, \"piece\": \"▁the\"},\n", count: 3000).utf8)
}

@Suite struct BundleContainerTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  struct Part {
    var kind: BundleEntry.Kind
    var name: String
    var bytes: [UInt8]
    var content: ChunkContent
  }

  static let parts: [Part] = {
    let rows = Array(repeating: Sample.weights(64, seed: 9), count: 3000).flatMap { $0 }
    return [
      Part(kind: .graph(format: "test"), name: "graph", bytes: Sample.text, content: .general),
      Part(
        kind: .tensor(.float32, shape: [300_001]), name: "w", bytes: Sample.weights(300_001),
        content: .numbers(width: 4)),
      Part(
        kind: .tensor(.bfloat16, shape: [70_000]), name: "b", bytes: Sample.brainWeights(70_000),
        content: .numbers(width: 2)),
      Part(
        kind: .tensor(.uint8, shape: [100_000]), name: "noise", bytes: Sample.random(100_000),
        content: .numbers(width: 1)),
      Part(kind: .tensor(.int8, shape: [9]), name: "tiny", bytes: Sample.random(9), content: .numbers(width: 1)),
      Part(kind: .tensor(.float32, shape: [0, 4]), name: "nothing", bytes: [], content: .numbers(width: 4)),
      Part(kind: .tensor(.float32, shape: [3000, 64]), name: "rows", bytes: rows, content: .numbers(width: 4)),
      Part(
        kind: .tensor(.float32, shape: [400_000]), name: "zeros", bytes: [UInt8](repeating: 0, count: 1_600_000),
        content: .numbers(width: 4)),
      Part(kind: .file, name: "labels/en.txt", bytes: Array("cat\ndog\n".utf8), content: .general),
    ]
  }()

  @discardableResult func write(_ parts: [Part] = BundleContainerTests.parts, to name: String = "m.decant") throws
    -> SHA256Digest
  {
    let writer = try BundleWriter(folder.file(name))
    for part in parts {
      try writer.add(part.kind, name: part.name, bytes: ByteSlice(copying: part.bytes), as: part.content)
    }
    return try writer.commit()
  }

  @Test func readsBackWhatWasWritten() throws {
    let digest = try write()
    let reader = try BundleReader(folder.file("m.decant"))
    #expect(reader.digest == digest)
    #expect(reader.manifest.entries.map(\.name) == BundleContainerTests.parts.map(\.name))
    for (entry, part) in zip(reader.manifest.entries, BundleContainerTests.parts) {
      #expect(entry.kind == part.kind && entry.size == part.bytes.count)
      #expect(try reader.read(entry) == ByteSlice(copying: part.bytes), "\(part.name)")
    }
    try reader.verify()
  }

  @Test func choosesTheCodec() throws {
    try write()
    let entries = try BundleReader(folder.file("m.decant")).manifest.entries
    let codecs = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, Set($0.chunks.map(\.codec))) })
    #expect(codecs["graph"] == [.zstd])
    #expect(codecs["w"] == [.planes(width: 4)] && codecs["b"] == [.planes(width: 2)])
    #expect(codecs["noise"] == [.stored] && codecs["tiny"] == [.stored] && codecs["nothing"] == [])
    #expect(codecs["rows"] == [.zstd] && codecs["zeros"] == [.zstd])
  }

  @Test func theSameEntriesGiveTheSameBytes() throws {
    #expect(try write(to: "a") == write(to: "b"))
    #expect(folder.bytes("a") == folder.bytes("b"))
  }

  @Test func anEmptyBundle() throws {
    try write([])
    let reader = try BundleReader(folder.file("m.decant"))
    #expect(reader.manifest.entries.isEmpty)
    try reader.verify()
  }

  @Test func anyFlippedByteIsFound() throws {
    let parts = BundleContainerTests.parts.filter { $0.bytes.count < 500_000 }
    try write(parts)
    let bytes = folder.bytes("m.decant")
    let noise = Sample.random(4 * 1000, seed: 77)
    for index in 0..<1000 {
      var place = 0
      for byte in noise[index * 4..<index * 4 + 3] { place = place << 8 | Int(byte) }
      // The ends, where everything is dense, and places all over.
      let position = index < 100 ? index % 80 : index < 400 ? bytes.count - 1 - (index - 100) : place % bytes.count
      var flipped = bytes
      flipped[position] ^= max(noise[index * 4 + 3], 1)
      #expect(throws: DecantError.self, "byte \(position)") {
        try BundleReader(ByteSlice(copying: flipped), path: "x").verify()
      }
    }
  }

  @Test func anyTruncationIsFound() throws {
    try write(BundleContainerTests.parts.filter { $0.bytes.count < 10 })
    let bytes = folder.bytes("m.decant")
    for count in 0..<bytes.count {
      #expect(throws: DecantError.self) { try BundleReader(ByteSlice(copying: bytes[..<count]), path: "x").verify() }
    }
    #expect(throws: DecantError.self) { try BundleReader(ByteSlice(copying: bytes + [0]), path: "x") }
  }
}

@Suite struct EntryNameTests {
  @Test(arguments: [
    "", "/etc/passwd", "..", "../x", "a/../b", "a//b", "a/", "./a", "a\0b", "a\\b", "C:x", "nul", "NUL.txt", "x/com1",
    "lpt9.json",
    "a.", "a ", " a", "a\u{202E}b", "a\u{1B}[31m", "a\nb", String(repeating: "x", count: 256),
  ])
  func refusesDangerousPaths(_ path: String) {
    var names = EntryNames()
    let error = #expect(throws: DecantError.self) { try names.add(path, kind: 3, place: []) }
    #expect(error?.kind == .refused)
  }

  @Test(arguments: ["a", "a/b.json", "tokenizer.json", "é/ü.txt", "...a", "console", "com10", ".hidden"])
  func acceptsOrdinaryPaths(_ path: String) throws {
    var names = EntryNames()
    try names.add(path, kind: 3, place: [])
  }

  @Test(arguments: [["A.txt", "a.TXT"], ["a", "a/b"], ["a/b", "A"], ["\u{E9}", "e\u{301}"]])
  func refusesCollisions(_ pair: [String]) throws {
    var names = EntryNames()
    try names.add(pair[0], kind: 3, place: [])
    #expect(throws: DecantError.self) { try names.add(pair[1], kind: 3, place: []) }
  }

  @Test func tensorsMayHaveAnyNameOnce() throws {
    var names = EntryNames()
    for name in ["../x", "a", "A", "\u{E9}", "e\u{301}"] { try names.add(name, kind: 2, place: []) }
    let error = #expect(throws: DecantError.self) { try names.add("a", kind: 2, place: []) }
    #expect(error?.kind == .malformed)
  }
}
