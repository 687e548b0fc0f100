import DecantBytes
import DecantIR
import Foundation
import Testing

@testable import DecantONNX

/// Real models: what is written reads back as the same model, and nothing of the file is lost.
@Suite struct ModelRoundTripTests {
  /// The ONNX files in the folders of `DECANT_MODELS`, separated by colons.
  static let models: [String] = {
    let folders = ProcessInfo.processInfo.environment["DECANT_MODELS"]?.split(separator: ":").map(String.init) ?? []
    return folders.flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".onnx") }.sorted().map { "\(folder)/\($0)" }
    }
  }()

  @Test(arguments: models) func readWriteRead(_ path: String) throws {
    let model = try ONNXReader().read(path)
    #expect(Verifier.problem(in: model.graph) == nil)
    let reporter = Recorder()
    let bytes = try ONNXWriter(reporter: reporter).bytes(of: model)
    #expect(reporter.messages == [])
    let again = try ONNXReader().read(ByteSlice(copying: bytes))
    #expect(again.source == model.source)
    #expect(again.graph.nodeCount == model.graph.nodeCount)
    #expect(again == model)
    #expect(try ONNXWriter().bytes(of: again) == bytes)
    if let folder = ProcessInfo.processInfo.environment["DECANT_WRITTEN"] {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(path.split(separator: "/").last ?? "")"))
    }
  }
}

@Suite struct OpenExtentTests {
  /// Symbols for what only a run decides have no meaning outside of one inference.
  @Test func openExtentsAreNotWritten() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, [.symbol("N")]))
      let y = rewriter.add("NonZero", [x], name: "y", type: .tensor(.int64, [1, .open("y", "1")]))
      let z = rewriter.add("Abs", [y], name: "z", type: .tensor(.int64, [1, .open("y", "1")]))
      rewriter.addOutput("z", z)
    }
    let bytes = try ONNXWriter().bytes(of: Model(graph: graph))
    let again = try ONNXReader().read(ByteSlice(copying: bytes)).graph
    #expect(again.value(named: "y").map { again[$0].type } == .tensor(.int64, [1, .unknown]))
    #expect(again.outputs[0].declaredType == .tensor(.int64, [1, .unknown]))
  }
}

/// Keeps what is reported.
final class Recorder: Reporter, @unchecked Sendable {
  private let lock = NSLock()
  private var kept: [String] = []

  var messages: [String] { lock.withLock { kept } }

  func report(_ event: Event) {
    guard case .diagnostic(let diagnostic) = event else { return }
    lock.withLock { kept.append((diagnostic.place + [diagnostic.message]).joined(separator: ": ")) }
  }
}
