import DecantBytes
import DecantIR
import Foundation
import Testing

@testable import DecantONNX

/// Weights outside the model: what is followed, what is refused (catalogue C19 to C28), and how they are written.
@Suite struct ExternalDataTests {
  let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "decant-external-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder + "/sub", withIntermediateDirectories: true)
    try Data((0..<64).map { UInt8($0) }).write(to: URL(fileURLWithPath: folder + "/w.bin"))
    try Data((0..<64).map { UInt8($0) }).write(to: URL(fileURLWithPath: folder + "/sub/w.bin"))
  }

  func read(
    _ pairs: [(String, String)], options: ONNXReader.Options = .init(), reporter: any Reporter = SilentReporter()
  ) throws -> Model {
    let graph = Make.graph([Make.node("Add", ["x", "w"], ["y"])], [Make.external("w", pairs)])
    let bytes = try Make.bytes(Make.model(graph))
    let path = folder + "/m.onnx"
    try Data(unsafe bytes.bytes.withUnsafeBytes { unsafe Array($0) }).write(to: URL(fileURLWithPath: path))
    return try ONNXReader(options: options, reporter: reporter).read(path)
  }

  func data(_ model: Model) -> ByteSlice? { model.graph.value(named: "w").flatMap { model.graph[$0].data?.bytes } }

  @Test func slicesTheMappedFile() throws {
    let model = try read([("location", "w.bin"), ("offset", "5"), ("length", "8")])
    #expect(data(model) == ByteSlice(copying: Array(5..<13)))
    #expect(data(model)?.isMapped == true)
    #expect(try data(read([("location", "./sub/w.bin"), ("offset", "56")])) == ByteSlice(copying: Array(56..<64)))
  }

  @Test(arguments: [
    "/etc/passwd", "../w.bin", "sub/../../w.bin", "sub\\..\\w.bin", "", ".", "sub/", "w\0.bin", "file://w.bin",
    "http://host/w.bin",
  ]) func locationsOutside(_ location: String) throws {
    let error = #expect(throws: DecantError.self) { try read([("location", location)]) }
    #expect(error?.kind == .refused, "\(error?.description ?? "")")
  }

  @Test(
    arguments: [
      (["offset": "-1"], "decimal"), (["offset": "1e9"], "decimal"), (["offset": "0x10"], "decimal"),
      (["offset": " 5"], "decimal"), (["length": "99999999999999999999"], "decimal"), (["offset": ""], "decimal"),
      (["offset": "60", "length": "8"], "the file has 64"), (["offset": "65"], "within the file"),
      (["offset": "9223372036854775807", "length": "8"], "within the file"),
      (["offset": "8", "length": "9223372036854775807"], "the file has 64"),
      (["length": "12"], "expected 8 bytes for f32[2], got 12"),
      (["length": "8", "checksum": "00"], "SHA-1"),
    ] as [([String: String], String)])
  func numbers(_ pairs: [String: String], _ says: String) throws {
    let error = #expect(throws: DecantError.self) {
      try read([("location", "w.bin")] + pairs.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }
    #expect(error?.kind == .malformed)
    #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
  }

  @Test func linksOutOfTheTree() throws {
    let outside = folder + "-outside"
    try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
    try Data(repeating: 0, count: 8).write(to: URL(fileURLWithPath: outside + "/w.bin"))
    try FileManager.default.createSymbolicLink(atPath: folder + "/link.bin", withDestinationPath: outside + "/w.bin")
    try FileManager.default.createSymbolicLink(atPath: folder + "/linked", withDestinationPath: outside)
    for location in ["link.bin", "linked/w.bin"] {
      let error = #expect(throws: DecantError.self) { try read([("location", location)]) }
      #expect(error?.kind == .refused, "\(error?.description ?? "")")
    }
  }

  /// C20: a Hugging Face cache, where model and data are links into one folder of blobs.
  @Test func cachesOfLinks() throws {
    let blobs = folder + "/blobs"
    let snapshot = folder + "/snapshots/1"
    for path in [blobs, snapshot] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    let graph = Make.graph(
      [Make.node("Add", ["x", "w"], ["y"])], [Make.external("w", [("location", "model.onnx_data")])])
    let bytes = try Make.bytes(Make.model(graph))
    try Data(unsafe bytes.bytes.withUnsafeBytes { unsafe Array($0) }).write(to: URL(fileURLWithPath: blobs + "/aa"))
    try Data(repeating: 7, count: 8).write(to: URL(fileURLWithPath: blobs + "/bb"))
    for (name, blob) in [("model.onnx", "aa"), ("model.onnx_data", "bb")] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(snapshot)/\(name)", withDestinationPath: "../../blobs/\(blob)")
    }
    #expect(
      data(try ONNXReader().read(snapshot + "/model.onnx")) == ByteSlice(copying: [UInt8](repeating: 7, count: 8)))
  }

  @Test func otherKindsOfFiles() throws {
    try FileManager.default.linkItem(atPath: folder + "/sub/w.bin", toPath: folder + "/hard.bin")
    let error = #expect(throws: DecantError.self) { try read([("location", "hard.bin"), ("length", "8")]) }
    #expect(error?.kind == .refused)
    #expect(error?.note?.contains("--allow-hardlinks") == true)
    var options = ONNXReader.Options()
    options.allowsHardLinks = true
    #expect(data(try read([("location", "hard.bin"), ("length", "8")], options: options)) != nil)
    _ = unsafe mkfifo(folder + "/pipe", 0o600)
    for location in ["pipe", "sub"] {
      let error = #expect(throws: DecantError.self) { try read([("location", location)]) }
      #expect(error?.kind == .refused, "\(error?.description ?? "")")
    }
    let missing = #expect(throws: DecantError.self) { try read([("location", "none.bin")]) }
    #expect(missing?.kind == .unreadable)
  }

  @Test func unknownKeysAreIgnoredAloud() throws {
    let reporter = Recorder()
    _ = try read([("location", "w.bin"), ("length", "8"), ("__class__", "x")], reporter: reporter)
    #expect(reporter.messages.contains { $0.contains("__class__") })
  }

  @Test func withoutAFolderThereIsNone() throws {
    let graph = Make.graph([Make.node("Add", ["x", "w"], ["y"])], [Make.external("w", [("location", "w.bin")])])
    #expect(throws: DecantError.self) { try ONNXReader().read(try Make.bytes(Make.model(graph))) }
  }

  /// C27: many tensors over one range are written once.
  @Test func sharedRangesAreWrittenOnce() throws {
    try Data(repeating: 1, count: 8192).write(to: URL(fileURLWithPath: folder + "/big.bin"))
    let names = (0..<50).map { "w\($0)" }
    let graph = Make.graph(
      [Make.node("Sum", names, ["y"])],
      names.map { Make.external($0, [("location", "big.bin"), ("length", "8192")], dims: [2048]) })
    let bytes = try Make.bytes(Make.model(graph))
    try Data(unsafe bytes.bytes.withUnsafeBytes { unsafe Array($0) }).write(
      to: URL(fileURLWithPath: folder + "/m.onnx"))
    let model = try ONNXReader().read(folder + "/m.onnx")
    var options = ONNXWriter.Options()
    options.externalData = .from(bytes: 1024)
    try ONNXWriter(options: options).write(model, to: folder + "/out.onnx")
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/out.onnx.data")).count == 8192)
    #expect(try ONNXReader().read(folder + "/out.onnx") == model)
  }

  /// An older opset changes nodes, and no byte of the weights, which stay mapped until they are written.
  @Test func olderOpsetsKeepWeights() throws {
    let weight = [UInt8](repeating: 63, count: 4096)
    try Data(weight).write(to: URL(fileURLWithPath: folder + "/big.bin"))
    let graph = Make.graph(
      [Make.node("Add", ["x", "w"], ["sum"]), Make.node("Squeeze", ["sum", "axes"], ["y"])],
      [
        Make.external("w", [("location", "big.bin"), ("length", "4096")], dims: [1, 1024]),
        Make.tensor("axes", .int64, [1], raw: [UInt8](repeating: 0, count: 8)),
      ])
    let bytes = try Make.bytes(Make.model(graph, opset: 24, ir: 12))
    try Data(unsafe bytes.bytes.withUnsafeBytes { unsafe Array($0) }).write(
      to: URL(fileURLWithPath: folder + "/m.onnx"))
    let model = try ONNXReader().read(folder + "/m.onnx")
    #expect(data(model)?.isMapped == true)
    var options = ONNXWriter.Options()
    options.opset = 9
    options.externalData = .from(bytes: 1024)
    try ONNXWriter(options: options).write(model, to: folder + "/old.onnx")
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/old.onnx.data")) == Data(weight))
    let old = try ONNXReader().read(folder + "/old.onnx")
    #expect(old.source.opset == 9)
    #expect(data(old) == data(model))
  }

  /// Beyond the limit of protobuf, weights go beside the model by themselves.
  @Test func tooLargeModelsAreSplit() throws {
    let graph = Make.graph(
      [Make.node("Sum", ["a", "b"], ["y"])],
      [
        Make.tensor("a", .uint8, [5000], raw: [UInt8](repeating: 1, count: 5000)),
        Make.tensor("b", .uint8, [5000], raw: [UInt8](repeating: 2, count: 5000)),
      ])
    let model = try ONNXReader().read(try Make.bytes(Make.model(graph)))
    let reporter = Recorder()
    var options = ONNXWriter.Options()
    options.sizeLimit = 8000
    try ONNXWriter(options: options, reporter: reporter).write(model, to: folder + "/split.onnx")
    #expect(reporter.messages.contains { $0.contains("split.onnx.data") })
    #expect(try ONNXReader().read(folder + "/split.onnx") == model)
    options.externalData = .never
    let error = #expect(throws: DecantError.self) {
      try ONNXWriter(options: options).write(model, to: folder + "/none.onnx")
    }
    #expect(error?.kind == .overBudget)
    #expect(!FileManager.default.fileExists(atPath: folder + "/none.onnx"))
  }
}
