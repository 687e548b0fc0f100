import DecantBundle
import DecantBytes
import Testing

/// Family J of the catalogue of bad input.
@Suite struct HostileBundleTests {
  typealias Chunk = HostileBundle.Chunk
  typealias Entry = HostileBundle.Entry

  static let plain = Array("abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc".utf8)
  static let chunk = Chunk(size: plain.count, stored: plain)
  static let frame = HostileBundle.frame(plain)

  func expect(
    _ kind: DecantError.Kind, _ bundle: HostileBundle, _ message: String = "", budget: Budget = Budget(),
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: DecantError.self, sourceLocation: sourceLocation) { try bundle.verify(budget: budget) }
    #expect(error?.kind == kind, sourceLocation: sourceLocation)
    #expect(
      error?.description.contains(message) == true, "\(String(describing: error))", sourceLocation: sourceLocation)
  }

  @Test func theBuilderBuildsWhatTheReaderReads() throws {
    try HostileBundle(HostileBundleTests.chunk).verify()
    try HostileBundle(Chunk(codec: 1, size: HostileBundleTests.plain.count, stored: HostileBundleTests.frame)).verify()
    let zeros = HostileBundle.frame([UInt8](repeating: 0, count: 65536))
    try HostileBundle(
      Chunk(
        codec: 4, size: 4 * 65536, stored: zeros + zeros + zeros + zeros,
        frames: [Int](repeating: zeros.count, count: 4))
    ).verify()
  }

  // J01, J02, J03, J15: zstd frames.

  @Test func framesWithoutOrWithAnotherSize() {
    let plain = HostileBundleTests.plain
    let silent = HostileBundle.frame(plain, statesSize: false)
    expect(.malformed, HostileBundle(Chunk(codec: 1, size: plain.count, stored: silent)), "got no size")
    expect(
      .malformed, HostileBundle(Chunk(codec: 1, size: plain.count + 1, stored: HostileBundleTests.frame)),
      "expected to state a size of 67 bytes, got 66")
  }

  @Test func framesWithALargeWindow() {
    // Descriptor: 4-byte size; window: 2^24; size 2^16; one empty last block.
    let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x80, 14 << 3, 0, 0, 1, 0, 1, 0, 0]
    expect(.malformed, HostileBundle(Chunk(codec: 1, size: 1 << 16, stored: frame)), "window")
  }

  @Test func bombs() {
    let bomb = HostileBundle.frame([UInt8](repeating: 0, count: 64 << 20))
    #expect(bomb.count < 10_000)
    expect(.malformed, HostileBundle(Chunk(codec: 1, size: 10 << 20, stored: bomb)), "got 67108864")
    // The frame lies about its size as well: decompression stops there.
    var liar = bomb
    let size = 10 << 20
    let place = 6
    #expect(liar[4] >> 6 == 2 && liar[place + 3] == 4)
    for byte in 0..<4 { liar[place + byte] = UInt8(truncatingIfNeeded: size >> (8 * byte)) }
    expect(.malformed, HostileBundle(Chunk(codec: 1, size: size, stored: liar)), "zstd frame")
    expect(.malformed, HostileBundle(Chunk(codec: 1, size: 64 << 20, stored: [1, 2, 3])), "cannot hold")
  }

  @Test func framesThatAreNoOrdinaryFrame() {
    let (plain, frame) = (HostileBundleTests.plain, HostileBundleTests.frame)
    let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 7]
    var dictionary = frame
    dictionary[4] |= 1
    var reserved = frame
    reserved[4] |= 8
    for stored in [
      skippable + frame, frame + skippable, frame + frame, frame + [0], Array(frame.dropLast()), dictionary, reserved,
      plain,
    ] {
      expect(.malformed, HostileBundle(Chunk(codec: 1, size: plain.count, stored: stored)), "zstd frame")
    }
    expect(.malformed, HostileBundle(Chunk(codec: 2, size: 65536, stored: frame, frames: [frame.count])), "zstd frame")
  }

  // J04: more than the budget allows.

  @Test func entriesOverTheBudget() {
    let zeros = [UInt8](repeating: 0, count: 60 << 20)
    let bundle = HostileBundle(Chunk(codec: 1, size: zeros.count, stored: HostileBundle.frame(zeros)))
    expect(.overBudget, bundle, "entry 'a.bin'", budget: Budget(.init(bytes: 10 << 20)))
  }

  // J05: digests.

  @Test func digestsThatDoNotMatch() {
    var chunk = HostileBundleTests.chunk
    chunk.digest = [UInt8](repeating: 0, count: 32)
    expect(.malformed, HostileBundle(chunk), "x: entry 'a.bin', chunk 0: byte 16: the chunk does not match its digest")
    chunk.digest = [1, 2, 3]
    expect(.malformed, HostileBundle(chunk), "expected a digest of 32 bytes, got 3")
  }

  // J06: lists of chunks and entries.

  @Test func chunksThatDoNotFillTheFile() {
    var bundle = HostileBundle(HostileBundleTests.chunk)
    bundle.extraBytes = [0]
    expect(.malformed, bundle, "expected chunks up to byte 83, got chunks up to byte 82")
    var chunk = HostileBundleTests.chunk
    chunk.storedSize = chunk.size + 1
    expect(.malformed, HostileBundle(chunk), "expected a stored size in 1...66, got 67")
    let twice = Chunk(
      size: chunk.size, stored: [], storedSize: chunk.size,
      digest: SHA256.digest(of: ByteSlice(copying: chunk.stored)).bytes)
    expect(.malformed, HostileBundle([Entry(chunks: [HostileBundleTests.chunk, twice])]), "stored size in 1...0")
  }

  @Test(arguments: [0, -1, (64 << 20) + 1, Int.max, Int.min]) func chunkSizesOutOfRange(_ size: Int) {
    expect(.malformed, HostileBundle(Chunk(size: size, stored: [1])), "expected a size in 1...67108864")
    expect(.malformed, HostileBundle(Chunk(size: 1, stored: [1], storedSize: size)), "expected a stored size in 1...1")
  }

  @Test func entrySizesThatDoNotMatch() {
    for size in [0, 65, -1, Int.max] {
      expect(.malformed, HostileBundle([Entry(size: size, chunks: [HostileBundleTests.chunk])]), "bytes in the chunks")
    }
  }

  @Test func frameListsThatDoNotMatch() {
    let zeros = HostileBundle.frame([UInt8](repeating: 0, count: 65536))
    func bundle(_ codec: Int, _ size: Int, _ frames: [Int]) -> HostileBundle {
      HostileBundle(Chunk(codec: codec, size: size, stored: zeros, frames: frames))
    }
    expect(.malformed, bundle(2, 65536, []), "expected 1 frames, got 0")
    expect(.malformed, bundle(2, 65536, [zeros.count - 1]), "bytes in the frames")
    expect(.malformed, bundle(2, 65536, [zeros.count, 1]), "expected 1 frames, got 2")
    expect(.malformed, bundle(2, 65536, [0]), "expected a frame of 1...65536 bytes, got 0")
    expect(.malformed, bundle(2, 65536, [Int.min]), "expected a frame")
    expect(.malformed, bundle(3, 65537, [1]), "expected elements of 2 bytes")
    expect(.malformed, bundle(4, 64 << 20, [zeros.count]), "expected 1024 frames")
    expect(.malformed, bundle(1, 65536, [zeros.count]), "expected no list of frames")
    expect(.malformed, bundle(0, 65536, []), "expected 65536 stored bytes")
    expect(.unsupported, bundle(5, 65536, [zeros.count]), "expected a codec in 0...4, got 5")
  }

  @Test func entriesThatAreWrong() {
    let chunk = HostileBundleTests.chunk
    expect(.malformed, HostileBundle([Entry(kind: 0, chunks: [chunk])]), "expected a kind in 1...3, got 0")
    expect(.malformed, HostileBundle([Entry(chunks: [chunk]), Entry(chunks: [chunk])]), "twice")
    func tensor(_ type: String?, _ shape: [Int]) -> HostileBundle {
      HostileBundle([Entry(kind: 2, name: "w", type: type, shape: shape, chunks: [chunk])])
    }
    for type in [nil, "", "f33", "string"] { expect(.malformed, tensor(type, [66]), "expected an element type") }
    for shape in [[], [65], [-66], [1 << 62, 4], [Int.max, Int.max], [0]] {
      expect(.malformed, tensor("u8", shape), "expected the bytes of u8")
    }
  }

  // J07: paths.

  @Test(arguments: ["/x", "../x", "a/../../x", "a\\..\\x", "CON", "x\0y", "C:\\x", String(repeating: "a", count: 300)])
  func pathsThatEscape(_ path: String) {
    expect(.refused, HostileBundle([Entry(name: path, chunks: [HostileBundleTests.chunk])]), "the path")
  }

  @Test func pathsThatCollide() {
    let entries = ["Labels.txt", "labels.TXT"].map { Entry(name: $0, chunks: [HostileBundleTests.chunk]) }
    expect(.refused, HostileBundle(entries), "differs only in case")
  }

  @Test func namesNeverReachTheTerminalRaw() {
    let entry = Entry(kind: 2, name: "\u{1B}[31m\u{202E}", type: "u8", shape: [1], chunks: [HostileBundleTests.chunk])
    let error = #expect(throws: DecantError.self) { try HostileBundle([entry]).verify() }
    #expect(error?.description.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E } == false)
  }

  // The header and the trailer.

  @Test func headersAndTrailersThatLie() {
    var bundle = HostileBundle(HostileBundleTests.chunk)
    bundle.version = 2
    expect(.unsupported, bundle, "expected version 1 of the bundle format, got 2")
    bundle = HostileBundle(HostileBundleTests.chunk)
    for (offset, size) in [
      (UInt64.max, 1), (0, UInt64.max), (82, 0), (UInt64(Int64.max), UInt64(Int64.max)), (15, 200),
    ] {
      (bundle.manifestOffset, bundle.manifestSize) = (offset, size)
      expect(.malformed, bundle)
    }
    bundle = HostileBundle(HostileBundleTests.chunk)
    bundle.fileSize = 7
    expect(.malformed, bundle, "expected a bundle of 7 bytes")
    bundle.fileSize = .max
    expect(.malformed, bundle)
  }

  @Test func bytesThatAreNoBundle() {
    for bytes in [
      [], [0], Array("model \"x\"".utf8), [UInt8](repeating: 0, count: 1000), [UInt8](repeating: 0xFF, count: 1000),
    ] {
      let error = #expect(throws: DecantError.self) { try BundleReader(ByteSlice(copying: bytes), path: "x") }
      #expect(error?.kind == .malformed)
    }
  }

  @Test func manyEmptyEntriesTakeLinearTime() throws {
    let bundle = HostileBundle((0..<50_000).map { Entry(name: "f\($0)", chunks: []) })
    try BundleReader(ByteSlice(copying: bundle.bytes), path: "x").verify()
  }

  @Test func everyFlippedBitOfAManifestEndsWell() throws {
    // The digest is made to match, so that the checks behind it are reached.
    let bundle = HostileBundle([
      Entry(kind: 2, name: "w", type: "u8", shape: [66], chunks: [HostileBundleTests.chunk]),
      Entry(chunks: [Chunk(codec: 1, size: HostileBundleTests.plain.count, stored: HostileBundleTests.frame)]),
    ]).bytes
    let start = 16 + HostileBundleTests.plain.count + HostileBundleTests.frame.count
    let manifest = start..<bundle.count - 64
    for bit in 0..<manifest.count * 8 {
      var bytes = bundle
      bytes[start + bit / 8] ^= 1 << UInt8(bit % 8)
      let digest = SHA256.digest(of: ByteSlice(copying: bytes[manifest])).bytes
      bytes.replaceSubrange(bytes.count - 48..<bytes.count - 16, with: digest)
      do throws(DecantError) {
        let reader = try BundleReader(ByteSlice(copying: bytes), path: "x")
        try reader.verify()
        for entry in reader.manifest.entries { _ = try reader.read(entry) }
      } catch {
        #expect([.malformed, .unsupported, .refused, .overBudget].contains(error.kind))
      }
    }
  }
}
