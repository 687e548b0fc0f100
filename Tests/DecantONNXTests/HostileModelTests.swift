import DecantBytes
import DecantIR
import DecantWire
import Dispatch
import Foundation
import Testing

@testable import DecantONNX

/// Models that break ONNX, by their number in the catalogue of bad input, family C.
@Suite struct HostileModelTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let id: String
    let model: ModelProto
    let kind: DecantError.Kind
    let says: String
    var testDescription: String { id }

    init(_ id: String, _ kind: DecantError.Kind, _ says: String, _ model: ModelProto) {
      self.id = id
      self.model = model
      self.kind = kind
      self.says = says
    }
  }

  static let relu = Make.graph([Make.node("Relu", ["x"], ["y"])])

  static func importing(_ opsets: [OperatorSetIdProto], _ node: NodeProto? = nil) -> ModelProto {
    var model = Make.model(node.map { Make.graph([$0]) } ?? relu)
    model.opsetImport = opsets
    return model
  }

  static func holding(_ tensor: TensorProto) -> ModelProto {
    Make.model(Make.graph([Make.node("Add", ["x", "w"], ["y"])], [tensor]))
  }

  static func constant(_ attribute: AttributeProto) -> ModelProto {
    Make.model(Make.graph([Make.node("Constant", [], ["y"], [attribute])]))
  }

  static func altered(_ tensor: TensorProto, _ change: (inout TensorProto) -> Void) -> TensorProto {
    var tensor = tensor
    change(&tensor)
    return tensor
  }

  static func functions(_ functions: [FunctionProto], calling name: String) -> ModelProto {
    var model = Make.model(Make.graph([Make.node(name, ["x"], ["y"], domain: "local")]))
    model.opsetImport.append(Make.opset(1, "local"))
    model.functions = functions
    return model
  }

  static let versions = [
    Case("C01 missing", .malformed, "expected an IR version", Make.model(relu, ir: nil)),
    Case("C01 zero", .malformed, "IR version expected to be positive, got 0", Make.model(relu, ir: 0)),
    Case("C01 negative", .malformed, "got -1", Make.model(relu, ir: -1)),
    Case("C01 newer", .unsupported, "14 is the newest known", Make.model(relu, ir: 1_000_000_000)),
    Case("C02 none", .malformed, "at least one operator set", importing([])),
    Case("C02 twice", .malformed, "imported twice", importing([Make.opset(17), Make.opset(16, "ai.onnx")])),
    Case("C02 newer", .unsupported, "28 is the newest known", importing([Make.opset(29)])),
    Case("C02 zero", .malformed, "expected to be positive", importing([Make.opset(0)])),
    Case(
      "C02 domain", .unsupported, "the domain 'nobody'",
      importing([Make.opset(17), Make.opset(1, "nobody")], Make.node("Foo", ["x"], ["y"], domain: "nobody"))),
    Case(
      "C02 not imported", .malformed, "not imported",
      importing([Make.opset(17)], Make.node("F", ["x"], ["y"], domain: "d"))
    ),
    Case("C03", .malformed, "expected a graph", Make.model(nil)),
    Case("unknown op", .unsupported, "'Foo' is not known", Make.model("Foo", opset: 17)),
    Case("op too new", .malformed, "exists from version 20", Make.model("Gelu", opset: 17)),
    Case("op gone", .malformed, "gone from version 10", Make.model("Upsample", opset: 17)),
  ]

  static let graphs = [
    Case(
      "C04", .malformed, "'a' → 'b' → 'a'",
      Make.model(
        Make.graph([Make.node("Add", ["x", "q"], ["p"], name: "a"), Make.node("Relu", ["p"], ["q"], name: "b")], []))),
    Case(
      "C04 self", .malformed, "'a' → 'a'", Make.model(Make.graph([Make.node("Add", ["x", "y"], ["y"], name: "a")]))),
    Case(
      "C06 twice", .malformed, "produced once",
      Make.model(Make.graph([Make.node("Relu", ["x"], ["y"]), Make.node("Abs", ["x"], ["y"])]))),
    Case("C06 input again", .malformed, "produced once", Make.model(Make.graph([Make.node("Relu", ["x"], ["x"])]))),
    Case("C06 nobody", .malformed, "output 'y'", Make.model(Make.graph([Make.node("Relu", ["x"], ["z"])]))),
    Case(
      "C06 unknown operand", .malformed, "nothing produces", Make.model(Make.graph([Make.node("Relu", ["q"], ["y"])]))),
    Case(
      "C06 shadow", .malformed, "defines 'x' again",
      Make.model(
        Make.graph([
          Make.node(
            "If", ["x"], ["y"],
            [
              Make.attribute(
                "then_branch", graph: Make.graph([Make.node("Constant", [], ["x"])], input: [], output: ["x"])),
              Make.attribute("else_branch", graph: Make.graph([], input: [], output: ["x"])),
            ])
        ]))),
    Case(
      "C07 self", .malformed, "f → f",
      functions([Make.function("f", [Make.node("f", ["x"], ["y"], domain: "local")])], calling: "f")
    ),
    Case(
      "C07 ring", .malformed, "f → g → f",
      functions(
        [
          Make.function("f", [Make.node("g", ["x"], ["y"], domain: "local")]),
          Make.function("g", [Make.node("f", ["x"], ["y"], domain: "local")]),
        ], calling: "f")),
    Case(
      "C08 expansion", .overBudget, "expand to more than",
      functions(
        (0..<60).map { level in
          Make.function(
            "f\(level)",
            level == 0
              ? [Make.node("Relu", ["x"], ["y"])]
              : [
                Make.node("f\(level - 1)", ["x"], ["t"], domain: "local"),
                Make.node("f\(level - 1)", ["t"], ["y"], domain: "local"),
              ])
        }, calling: "f59")),
    Case(
      "C08 depth", .overBudget, "deep",
      functions(
        (0..<102).map { level in
          Make.function(
            "f\(level)",
            [Make.node(level == 0 ? "Relu" : "f\(level - 1)", ["x"], ["y"], domain: level == 0 ? nil : "local")])
        }, calling: "f101")),
    Case(
      "C08 count", .overBudget, "10001 functions",
      functions((0..<10_001).map { Make.function("f\($0)", [Make.node("Relu", ["x"], ["y"])]) }, calling: "f0")),
  ]

  static let tensors = [
    Case("C10", .malformed, "not to be negative", holding(Make.tensor("w", .float32, [-2]))),
    Case("C11", .malformed, "2^63", holding(Make.tensor("w", .float32, [1 << 40, 1 << 40]))),
    Case("C12", .malformed, "2^63", holding(Make.tensor("w", .float64, [1 << 61]))),
    Case("C13", .malformed, "expected 12 bytes for f32[3], got 8", holding(Make.tensor("w", .float32, [3]))),
    Case(
      "C14 both", .malformed, "raw_data alone",
      holding(altered(Make.tensor("w")) { $0.stringData = [ByteSlice(copying: [1])] })),
    Case(
      "C14 wrong list", .malformed, "expected in float_data, got string_data",
      holding(altered(Make.tensor("w", raw: nil)) { $0.stringData = [ByteSlice(copying: [1])] })),
    Case("C14 string in raw", .malformed, "strings expected in string_data", holding(Make.tensor("w", .string))),
    Case("C15 short", .malformed, "expected 2 bytes for i4[3], got 1", holding(Make.tensor("w", .int4, [3], raw: [1]))),
    Case("C16", .malformed, "expected 0 bytes", holding(Make.tensor("w", .float32, [0]))),
    Case("C17 zero", .malformed, "expected an element type", holding(altered(Make.tensor("w")) { $0.dataType = 0 })),
    Case("C17 27", .unsupported, "element type 27", holding(altered(Make.tensor("w")) { $0.dataType = 27 })),
    Case("C17 2^31", .malformed, "got -2147483648", holding(altered(Make.tensor("w")) { $0.dataType = .min })),
    Case(
      "segment", .unsupported, "segments",
      holding(altered(Make.tensor("w")) { $0.segment = Box(TensorProto.Segment()) })),
    Case("no name", .malformed, "expected a name", holding(altered(Make.tensor("w")) { $0.name = nil })),
  ]

  static let attributes = [
    Case(
      "C29 tag", .malformed, "expected a value of type int alone, got float",
      constant(Make.attribute("value_int", .int) { $0.f = 1 })),
    Case(
      "C29 two", .malformed, "alone",
      constant(
        Make.attribute("value_int", .int) {
          $0.i = 1
          $0.f = 1
        })),
    Case("C29 type", .malformed, "expected in 1...14", constant(Make.attribute("v", .int) { $0.type = 99 })),
    Case("C29 none", .malformed, "expected a value", constant(Make.attribute("value", .tensor) { _ in })),
    Case(
      "C29 reference", .malformed, "stands in none", constant(Make.attribute("value", .int) { $0.refAttrName = "v" })),
    Case("C29 sparse order", .malformed, "sparse index", constant(sparse([3, 1], shape: [4]))),
    Case("C29 sparse range", .malformed, "sparse index", constant(sparse([1, 4], shape: [4]))),
  ]

  static let quantization = [
    Case("C30 zero", .malformed, "positive and finite, got 0.0 at 1", quantized([1, 0])),
    Case("C30 NaN", .malformed, "got nan", quantized([.nan, 1])),
    Case("C30 infinite", .malformed, "got inf", quantized([.infinity, 1])),
    Case("C30 negative", .malformed, "got -1.0", quantized([-1, 1])),
    Case("C30 length", .malformed, "expected to have 2 elements along axis 0, got 3", quantized([1, 1, 1])),
    Case("C30 axis", .malformed, "'axis' expected in -1..<1, got 3", quantized([1, 1], axis: 3)),
    Case("C30 block", .malformed, "block_size expected not to be negative, got -4", quantized([1, 1], block: -4)),
    Case("C30 blocks", .malformed, "expected to have 1 elements along axis 0, got 2", quantized([1, 1], block: 2)),
    Case("C30 type", .malformed, "expected of type u8, got i8", quantized([1, 1], zeroPoint: .int8)),
    Case("C30 zero points", .malformed, "like the scale, got [3]", quantized([1, 1], zeroPoints: 3)),
  ]

  static func quantized(
    _ scales: [Float], axis: Int64 = 0, block: Int64 = 0, zeroPoint: DataType = .uint8, zeroPoints: Int? = nil
  ) -> ModelProto {
    let raw = scales.flatMap { scale in (0..<4).map { UInt8(truncatingIfNeeded: scale.bitPattern >> UInt32(8 * $0)) } }
    let count = zeroPoints ?? scales.count
    let attributes = [Make.attribute("axis", int: axis), Make.attribute("block_size", int: block)]
    return Make.model(
      Make.graph(
        [Make.node("DequantizeLinear", ["q", "s", "z"], ["y"], attributes)],
        [
          Make.tensor("q", .uint8, [2], raw: [1, 2]), Make.tensor("s", .float32, [Int64(scales.count)], raw: raw),
          Make.tensor("z", zeroPoint, [Int64(count)], raw: [UInt8](repeating: 0, count: count)),
        ]), opset: 21, ir: 10)
  }

  static func sparse(_ indices: [Int64], shape: [Int64]) -> AttributeProto {
    Make.attribute("sparse_value", .sparse) { attribute in
      var sparse = SparseTensorProto()
      sparse.values = Make.tensor("v")
      let raw = indices.flatMap { index in (0..<8).map { UInt8(truncatingIfNeeded: index >> Int64(8 * $0)) } }
      sparse.indices = Make.tensor("i", .int64, [2], raw: raw)
      sparse.dims = shape
      attribute.sparseTensor = Box(sparse)
    }
  }

  @Test(arguments: versions + graphs + tensors + attributes + quantization) func refuses(_ hostile: Case) throws {
    let bytes = try Make.bytes(hostile.model)
    let error = #expect(throws: DecantError.self) { try ONNXReader().read(bytes, name: "m.onnx") }
    #expect(error?.kind == hostile.kind, "\(error?.description ?? "")")
    #expect(error?.description.contains(hostile.says) == true, "\(error?.description ?? "")")
    #expect(error?.place.first == "m.onnx")
  }

  /// C09: subgraphs nested deeper than the wire allows.
  @Test func nestedSubgraphs() throws {
    var graph = Make.graph([Make.node("Identity", ["x"], ["z0"])], input: [], output: ["z0"])
    for level in 1...40 {
      let branch = Make.attribute("then_branch", graph: graph)
      graph = Make.graph(
        [Make.node("If", ["x"], ["z\(level)"], [branch])], input: level == 40 ? ["x"] : [], output: ["z\(level)"])
    }
    let bytes = try Make.bytes(Make.model(graph))
    let error = #expect(throws: DecantError.self) { try ONNXReader().read(bytes) }
    #expect(error?.description.contains("nested deeper than 100") == true)
  }

  /// B07: as deep as the limit allows on a small stack.
  @Test func smallStacks() throws {
    var graph = Make.graph([Make.node("Identity", ["x"], ["z0"])], input: [], output: ["z0"])
    for level in 1...31 {
      let branch = Make.attribute("then_branch", graph: graph)
      graph = Make.graph(
        [Make.node("If", ["x"], ["z\(level)"], [branch])], input: level == 31 ? ["x"] : [], output: ["z\(level)"])
    }
    let bytes = try Make.bytes(Make.model(graph))
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      if let model = try? ONNXReader().read(bytes) { _ = try? ONNXWriter().bytes(of: model) }
      done.signal()
    }
    #if DEBUG
      thread.stackSize = 4 << 20
    #else
      thread.stackSize = 512 << 10
    #endif
    thread.start()
    done.wait()
  }

  /// C05: sorted, with a warning; strictly, refused.
  @Test func unsortedGraphs() throws {
    let graph = Make.graph([
      Make.node("Relu", ["t"], ["y"], name: "late"), Make.node("Abs", ["x"], ["t"], name: "early"),
    ])
    let bytes = try Make.bytes(Make.model(graph))
    let reporter = Recorder()
    let model = try ONNXReader(reporter: reporter).read(bytes)
    #expect(model.graph.order.map { model.graph[$0].name } == ["early", "late"])
    #expect(reporter.messages.contains { $0.contains("topological order") })
    var options = ONNXReader.Options()
    options.isStrict = true
    #expect(throws: DecantError.self) { try ONNXReader(options: options).read(bytes) }
  }

  /// C18 and C15: read, with a warning.
  @Test func oddBits() throws {
    let reporter = Recorder()
    let bools = Self.holding(Make.tensor("w", .bool, [2], raw: [2, 0]))
    let model = try ONNXReader(reporter: reporter).read(try Make.bytes(bools))
    let value = try #require(model.graph.value(named: "w"))
    #expect(model.graph[value].data?.bytes == ByteSlice(copying: [1, 0]))
    _ = try ONNXReader(reporter: reporter).read(try Make.bytes(Self.holding(Make.tensor("w", .int4, [1], raw: [0xF1]))))
    #expect(reporter.messages.count == 2)
  }

  /// B19 and B20, A01: other formats and nothing at all.
  @Test(
    arguments: [
      ([], DecantError.Kind.malformed, "empty"), ([0x1F, 0x8B, 8, 0], .malformed, "gzip"),
      ([0x50, 0x4B, 3, 4], .malformed, "ZIP"), (Array("ir_version: 8\n".utf8), .unsupported, "text"),
    ] as [([UInt8], DecantError.Kind, String)])
  func wrappers(_ bytes: [UInt8], _ kind: DecantError.Kind, _ says: String) throws {
    let error = #expect(throws: DecantError.self) { try ONNXReader().read(ByteSlice(copying: bytes)) }
    #expect(error?.kind == kind)
    #expect(error?.message.contains(says) == true)
  }

  /// B12: what the schema does not know comes out as it came in.
  @Test func unknownFields() throws {
    var proto = Make.model(Self.relu)
    let strange = ByteSlice(copying: [0xF2, 0x3F, 2, 9, 9])
    proto.unknown = [strange]
    proto.graph?.unknown = [strange]
    proto.graph?.node[0].unknown = [strange]
    proto.graph?.input[0].unknown = [strange]
    let bytes = try Make.bytes(proto)
    let model = try ONNXReader().read(bytes)
    let again = try ONNXReader().read(ByteSlice(copying: try ONNXWriter().bytes(of: model)))
    #expect(again == model)
    #expect(again.annotations.unknownFields.count == 5)
    let input = again.graph.inputs[0]
    #expect(again.graph[input].annotations?.unknownFields.count == 5)
  }

  /// A02 and R2: every prefix and every flipped bit of a small model is read or refused.
  @Test func everyPrefixAndBitFlip() throws {
    let branch = Make.graph([Make.node("Mul", ["x", "w"], ["z"])], input: [], output: ["z"])
    let nodes = [
      Make.node("Unsqueeze", ["x"], ["u"], [Make.attribute("axes", ints: [0])]),
      Make.node("Softmax", ["u"], ["s"], [Make.attribute("axis", int: 1)]),
      Make.node(
        "If", ["c"], ["y"],
        [Make.attribute("then_branch", graph: branch), Make.attribute("else_branch", graph: branch)]),
    ]
    let proto = Make.model(Make.graph(nodes, input: ["x", "c"], output: ["y"], [Make.tensor("w")]), opset: 11)
    let whole = try Make.bytes(proto)
    let bytes = unsafe whole.bytes.withUnsafeBytes { unsafe Array($0) }
    _ = try ONNXWriter().bytes(of: ONNXReader().read(whole))
    for count in bytes.indices { attempt(Array(bytes[..<count])) }
    for bit in 0..<bytes.count * 8 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      attempt(flipped)
    }
  }

  private func attempt(_ bytes: [UInt8]) {
    guard let model = try? ONNXReader().read(ByteSlice(copying: bytes)) else { return }
    _ = try? ONNXWriter().bytes(of: model)
  }
}
