import DecantBytes
import DecantIR
import FoundationEssentials
import Testing

@Suite final class TextWeightTests {
  private let folder = "/tmp/decant-test-\(UInt64.random(in: .min ... .max))"

  init() throws {
    try FileManager.default.createDirectory(atPath: folder + "/w/x", withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private var model: Model {
    Model(
      graph: Graph.build { rewriter in
        _ = rewriter.addInitializer("a", Tensor((0..<100).map { Float($0) }))
        _ = rewriter.addInitializer("b", Tensor((0..<100).map { Float($0) }))
        if let names = try? Tensor(strings: (0..<20).map { ByteString("\($0)") }, shape: [20]) {
          _ = rewriter.addInitializer("names", names)
        }
      })
  }

  private func write(_ model: Model, weights: String? = nil) throws -> String {
    let path = folder + "/m.txt"
    let file = try AtomicFile(path, replacing: true)
    let weights = TextForm.Weights.directory(weights ?? folder + "/w/x/")
    try TextForm.write(model, to: file, TextForm.Options(weights: weights))
    try file.commit()
    return path
  }

  private var binaries: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder + "/w/x").sorted() }
  }

  @Test func comesBackFromTheFolder() throws {
    let path = try write(model)
    let text = try MappedFile.open(path).bytes
    #expect(try TextForm.parse(text, path: path) == model)
    #expect(try binaries.count == 2)
    // A text without a path, or one moved with the user's word for the folder.
    #expect(try TextForm.print(try TextForm.parse(text)) == TextForm.print(model))
    #expect(try TextForm.parse(text, path: "/elsewhere/m", .init(weights: folder + "/w/x")) == model)
    #expect(try TextForm.parse(text, path: path, .init(verifiesDigests: false)) == model)
  }

  @Test func absentWeightsAreNotLost() throws {
    _ = try write(model)
    let absent = try TextForm.parse(try TextForm.print(model))
    let path = try write(absent)
    #expect(try TextForm.parse(try MappedFile.open(path).bytes, path: path) == model)
    #expect(throws: DecantError.self) { try write(absent, weights: folder + "/empty") }
  }

  @Test func damagedWeightsAreRefused() throws {
    let path = try write(model)
    let text = try MappedFile.open(path).bytes
    let victim = folder + "/w/x/" + (try #require(try binaries.first))
    try Data([1, 2]).write(to: URL(filePath: victim))
    #expect(throws: DecantError.self) { try TextForm.parse(text, path: path) }
    try FileManager.default.removeItem(atPath: victim)
    let error = #expect(throws: DecantError.self) { try TextForm.parse(text, path: path) }
    #expect(error?.kind == .unreadable)
    _ = try write(model)
    #expect(try TextForm.parse(text, path: path) == model)
  }

  @Test func changedWeightsAreRefused() throws {
    let path = try write(model)
    let text = try MappedFile.open(path).bytes
    for name in try binaries {
      let victim = folder + "/w/x/" + name
      var bytes = try #require(FileManager.default.contents(atPath: victim))
      bytes[0] ^= 1
      try bytes.write(to: URL(filePath: victim))
    }
    let error = #expect(throws: DecantError.self) { try TextForm.parse(text, path: path) }
    #expect(error?.kind == .malformed)
  }

  @Test(arguments: ["/etc", "..", "w/../..", "", ".", "w/", "w//x", "w\\x", "a\\x00b"])
  func foldersOutsideAreRefused(name: String) throws {
    let spelled = name.hasSuffix("x00b") ? name : name.replacing("\\", with: "\\\\")
    let text = "model \"\" weights \"\(spelled)\" graph @m() -> () { return }"
    let error = #expect(throws: DecantError.self) {
      try TextForm.parse(ByteSlice(copying: text.utf8), path: folder + "/m.txt")
    }
    #expect(error?.kind == .refused)
  }
}
