import FoundationEssentials
import Testing

import DecantBytes

/// A folder of its own for one test, removed at the end.
final class TemporaryFolder {
  let path = "/tmp/decant-test-\(UInt64.random(in: .min ... .max))"

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }
  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
  func text(_ name: String) -> String? {
    FileManager.default.contents(atPath: file(name)).map { String(decoding: $0, as: UTF8.self) }
  }
}

@Suite struct AtomicFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func appearsOnlyWhenCommitted() throws {
    let file = try AtomicFile(folder.file("a"), expecting: 1000)
    try file.write("hello")
    #expect(folder.names.count == 1 && folder.names[0].hasPrefix(".a.decant-"))
    try file.pad(to: 8)
    #expect(file.offset == 8)
    try file.commit()
    #expect(folder.names == ["a"] && folder.text("a") == "hello\0\0\0")
  }

  @Test func leavesNothingWithoutCommit() throws {
    do {
      let file = try AtomicFile(folder.file("a"))
      try file.write([1, 2, 3])
    }
    #expect(folder.names.isEmpty)
  }

  @Test func largeAndSmallPiecesKeepTheirOrder() throws {
    let file = try AtomicFile(folder.file("a"))
    var expected: [UInt8] = []
    for (index, count) in [3, 100_000, 5, 300_000, 1, 65_536, 70_000, 1 << 20, 2].enumerated() {
      let piece = [UInt8](repeating: UInt8(index), count: count)
      expected += piece
      try file.write(ByteSlice(copying: piece))
    }
    #expect(file.offset == expected.count)
    try file.commit()
    #expect(FileManager.default.contents(atPath: folder.file("a")).map(Array.init) == expected)
  }

  @Test func replacesOnlyWhenAsked() throws {
    for (text, force) in [("one", false), ("two", true)] {
      let file = try AtomicFile(folder.file("a"), replacing: force)
      try file.write(text)
      try file.commit()
    }
    #expect(folder.text("a") == "two")
    let error = #expect(throws: DecantError.self) { _ = try AtomicFile(folder.file("a")) }
    #expect(error?.kind == .cannotCreate && error?.note?.contains("--force") == true)
  }

  @Test func aFileThatAppearsMeanwhileIsKept() throws {
    let file = try AtomicFile(folder.file("a"))
    try file.write("mine")
    try Data("theirs".utf8).write(to: URL(filePath: folder.file("a")))
    #expect(throws: DecantError.self) { try file.commit() }
    file.discard()
    #expect(folder.names == ["a"] && folder.text("a") == "theirs")
  }

  @Test func replacingALinkLeavesItsTargetAlone() throws {
    try Data("source".utf8).write(to: URL(filePath: folder.file("source")))
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "source")
    let input = try MappedFile.open(folder.file("source"))
    let file = try AtomicFile(folder.file("link"), replacing: true)
    try file.write("new ")
    try file.write(input.bytes)
    try file.commit()
    #expect(folder.text("source") == "source" && folder.text("link") == "new source")
  }

  @Test(arguments: ["missing/a", "file/a", "", "x/", ".", "..", "a\0b"]) func refusesPaths(_ name: String) throws {
    try Data().write(to: URL(filePath: folder.file("file")))
    let error = #expect(throws: DecantError.self) { _ = try AtomicFile(folder.file(name)) }
    #expect(error?.kind == .cannotCreate)
    #expect(folder.names == ["file"])
  }

  @Test func refusesToReplaceADevice() {
    let error = #expect(throws: DecantError.self) { _ = try AtomicFile("/dev/null", replacing: true) }
    #expect(error?.kind == .cannotCreate)
  }

  @Test func aFullDiskIsAnInputOutputError() throws {
    let error = #expect(throws: DecantError.self) { _ = try AtomicFile(folder.file("a"), expecting: 1 << 60) }
    #expect(error?.kind == .inputOutput)
    #expect(folder.names.isEmpty)
  }

  @Test func aSetAppearsTogetherOrNotAtAll() throws {
    try Data("old".utf8).write(to: URL(filePath: folder.file("m.data")))
    func make(_ name: String, _ force: Bool) throws -> AtomicFile {
      let file = try AtomicFile(folder.file(name), replacing: force)
      try file.write("new")
      return file
    }
    let (data, model) = (try make("m.data", true), try make("m", false))
    try Data("theirs".utf8).write(to: URL(filePath: folder.file("m")))
    #expect(throws: DecantError.self) { try AtomicFileSet.commit([data, model]) }
    #expect(folder.names == ["m", "m.data"])
    #expect(folder.text("m.data") == "old" && folder.text("m") == "theirs")
    try AtomicFileSet.commit([make("m.data", true), make("m", true)])
    #expect(folder.text("m.data") == "new" && folder.text("m") == "new" && folder.names.count == 2)
  }
}
