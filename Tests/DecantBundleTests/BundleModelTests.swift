import DecantBundle
import DecantBytes
import DecantIR
import FoundationEssentials
import Testing

@Suite struct BundleModelTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static func tensor(_ type: DataType, _ shape: [Int], _ bytes: [UInt8]) throws -> Tensor {
    try Tensor(type, shape: shape, bytes: ByteSlice(copying: bytes))
  }

  /// A model with data everywhere: initializers of several types, an equal pair, attributes, a subgraph, strings.
  static func model() throws -> Model {
    let weights = try tensor(.float32, [100, 7], Sample.weights(700))
    let inner = try Graph.build(name: "then") { (rewriter: inout Rewriter) throws in
      let data = rewriter.addInitializer("w", try tensor(.bfloat16, [50], Sample.brainWeights(50)))
      rewriter.addOutput("y", data)
    }
    let graph = try Graph.build(name: "main") { (rewriter: inout Rewriter) throws in
      let x = rewriter.addInput("x", .tensor(.float32, Shape([100, 7])))
      let a = rewriter.addInitializer("w", weights)
      let b = rewriter.addInitializer("same as w", weights)
      let small = rewriter.addInitializer("small", Tensor([1, 2, .nan] as [Float]))
      _ = rewriter.addInitializer("odd", try tensor(.int4, [301], Sample.random(151)))
      _ = rewriter.addInitializer("empty", try tensor(.float32, [0, 5], []))
      _ = rewriter.addInitializer("indices", try tensor(.int64, [100], Sample.random(800)))
      _ = rewriter.addInitializer("words", try Tensor(strings: (0..<99).map { ByteString("word \($0)") }, shape: [99]))
      let sum = rewriter.add("Add", [x, a], name: "sum", type: .tensor(.float32, Shape([100, 7])))
      let next = rewriter.add("Add", [sum, b], name: "next", type: .tensor(.float32, Shape([100, 7])))
      let constant = rewriter.add(
        "Constant", [], ["value": .tensor(try tensor(.int8, [200], Sample.random(200)))], name: "c",
        type: .tensor(.int8, Shape([200])))
      let choice = rewriter.add(
        "If", [small], ["then_branch": .graph(inner), "else_branch": .graph(inner)], name: "if",
        type: .tensor(.bfloat16, Shape([50])))
      for (name, value) in [("y", next), ("z", constant), ("v", choice)] { rewriter.addOutput(name, value) }
    }
    return Model(graph: graph)
  }

  @Test func theModelComesBack() throws {
    let model = try BundleModelTests.model()
    let path = folder.file("m.decant")
    try Bundle.create(
      model, files: [BundledFile(name: "labels.txt", bytes: ByteSlice(copying: "cat\n".utf8))], at: path)
    let bundle = try Bundle.open(path)
    try bundle.verify()
    #expect(try bundle.model() == model)
    let tensors = bundle.entries.compactMap { if case .tensor = $0.kind { $0.name } else { nil } }
    #expect(Set(tensors) == ["w", "odd", "indices", "c/value", "if/else_branch/w"])
    #expect(try bundle.tensor(named: "w")?.bytes == ByteSlice(copying: Sample.weights(700)))
    #expect(try bundle.tensor(named: "nobody") == nil)
    #expect(try bundle.file(named: "labels.txt") == ByteSlice(copying: "cat\n".utf8))
    #expect(Bundle.matches(try MappedFile.open(path).bytes))
  }

  @Test func theSameModelGivesTheSameBytes() throws {
    let model = try BundleModelTests.model()
    let first = try Bundle.create(model, at: folder.file("a"))
    let second = try Bundle.create(try Bundle.open(folder.file("a")).model(), at: folder.file("b"))
    #expect(first == second && folder.bytes("a") == folder.bytes("b"))
  }

  @Test func absentDataIsRefused() throws {
    let absent = Tensor(
      .float32, shape: [2], absent: AbsentData(digest: [UInt8](repeating: 1, count: 32), byteCount: 8))
    var model = try BundleModelTests.model()
    model.graph.edit { _ = $0.addInitializer("gone", absent) }
    let error = #expect(throws: DecantError.self) { try Bundle.create(model, at: folder.file("m")) }
    #expect(error?.kind == .unsupported && error?.message == "the data of 'gone' is absent")
    #expect(!FileManager.default.fileExists(atPath: folder.file("m")))
  }

  @Test func extractsFiles() throws {
    let files = ["labels.txt", "tokenizer/vocab.json"].map { BundledFile(name: $0, bytes: ByteSlice(copying: $0.utf8)) }
    try Bundle.create(try BundleModelTests.model(), files: files, at: folder.file("m.decant"))
    let bundle = try Bundle.open(folder.file("m.decant"))
    try bundle.extractFiles(to: folder.file("out"))
    #expect(folder.bytes("out/labels.txt") == Array("labels.txt".utf8))
    #expect(folder.bytes("out/tokenizer/vocab.json") == Array("tokenizer/vocab.json".utf8))
    let error = #expect(throws: DecantError.self) { try bundle.extractFiles(to: folder.file("out")) }
    #expect(error?.kind == .cannotCreate)
    try bundle.extractFiles(to: folder.file("out"), replacing: true)
  }

  @Test(arguments: ["labels.txt", "tokenizer"]) func neverFollowsALinkOutOfTheFolder(_ link: String) throws {
    let files = ["labels.txt", "tokenizer/vocab.json"].map { BundledFile(name: $0, bytes: ByteSlice(copying: $0.utf8)) }
    try Bundle.create(try BundleModelTests.model(), files: files, at: folder.file("m.decant"))
    let manager = FileManager.default
    for name in ["out", "secret"] {
      try manager.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
    }
    try manager.createSymbolicLink(atPath: folder.file("out/" + link), withDestinationPath: "../secret")
    let bundle = try Bundle.open(folder.file("m.decant"))
    let error = #expect(throws: DecantError.self) { try bundle.extractFiles(to: folder.file("out"), replacing: true) }
    #expect(error?.kind == .refused)
    #expect(try manager.contentsOfDirectory(atPath: folder.file("secret")).isEmpty)
    #expect(
      try manager.contentsOfDirectory(atPath: folder.file("out")).filter { $0 != link && $0 != "tokenizer" }.isEmpty)
  }

  @Test func namesThatEscapeAreRefusedOnWriting() throws {
    let file = BundledFile(name: "../x", bytes: ByteSlice())
    let error = #expect(throws: DecantError.self) {
      try Bundle.create(try BundleModelTests.model(), files: [file], at: folder.file("m"))
    }
    #expect(error?.kind == .refused)
  }
}
