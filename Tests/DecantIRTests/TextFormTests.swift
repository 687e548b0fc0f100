import DecantBytes
import DecantIR
import Testing

@Suite struct TextFormTests {
  /// Prints, parses, compares, and prints again.
  private func comesBack(_ model: Model, _ options: TextForm.Options = TextForm.Options()) throws {
    let text = try TextForm.print(model, options)
    let parsed = try TextForm.parse(text)
    #expect(parsed == model, "\(text)")
    #expect(try TextForm.print(parsed, options) == text)
    #expect(Verifier.problem(in: parsed.graph) == nil)
  }

  private func model(_ body: (inout Rewriter) throws -> Void) throws -> Model {
    Model(graph: try Graph.build(body))
  }

  @Test func looksAsDocumented() throws {
    let text = """
      model "onnx" opset 17 opset "com.microsoft" 1
        ir_version 8
        producer "pytorch" "2.9"
        doc "a \\"small\\" model\\n"
      graph @main(%image: f32[N,3,224,224]) -> (%logits: f32[N,2*N-1]) {
        %w0: f32[2] = initializer [0.1, -0.0]
        %c0: f32[N,32,112,112] = Conv(%image, %w0) {pads: [1, 1, 1, 1], ratio: 0.5} @main/features/0/Conv
        %d0, _ = com.microsoft.Gelu(%c0, _) @"a b" doc "b"
        return %d0
      }

      """
    let model = try TextForm.parse(text)
    #expect(try TextForm.print(model) == text)
    #expect(model.source.opset == 17)
    #expect(TextForm.matches(ByteSlice(copying: text.utf8)))
  }

  @Test func openExtents() throws {
    let text = "graph @main(%x: f32[4]) -> (%y: f32[%a/b-1.0,%\"a/b-1.0\"-1]) {\n  return %x\n}\n"
    let graph = try TextForm.parseGraph(text)
    let open = Dimension.open("a/b-1", "0")
    #expect(graph.outputs[0].declaredType == .tensor(.float32, Shape([open, open - 1])))
    #expect(try TextForm.print(graph) == text)
  }

  @Test func terseGraphs() throws {
    let text = "graph @main(%x: f32[4]) -> (%y) {\n  %a = Relu(%x)\n  return %a\n}\n"
    #expect(try TextForm.print(try TextForm.parseGraph(text)) == text)
  }

  @Test func commentsAndBlanksDoNotMatter() throws {
    let plain = try TextForm.parseGraph("graph @main(%x: f32[4]) -> (%y) {%a = Relu(%x)return %a}")
    let airy = """
      ; a comment
      graph @main ( %x : f32 [ 4 ] )
      ->(%y) {   ; "another"
        %a=Relu(%x);
        return %a
      } ;
      """
    #expect(try TextForm.parseGraph(airy) == plain)
  }

  @Test(arguments: DataType.allCases)
  func everyPatternOfEveryType(type: DataType) throws {
    guard type != .string else { return }
    let bytes = (0..<256).map { UInt8(($0 * 37 + 11) % 256) } + (0..<256).map { UInt8($0) }
    let count = bytes.count * 8 / type.bitWidth
    let tensor = try Tensor(type, shape: [count], bytes: ByteSlice(copying: bytes))
    let model = try model { rewriter in _ = rewriter.addInitializer("w", tensor) }
    try comesBack(model, TextForm.Options(inlineLimit: .max))
  }

  @Test func notANumberKeepsItsBits() throws {
    let patterns: [UInt32] = [0x7fc0_0000, 0xffc0_0000, 0x7f80_0001, 0x7fc0_0123, 0xff80_0000, 0x7f80_0000, 1]
    let floats = patterns.map(Float.init(bitPattern:))
    let model = try model { rewriter in
      _ = rewriter.addInitializer("w", Tensor(floats))
      rewriter.addNode("Op", [], ["f": .floats(floats), "n": .float(floats[1])], resultNames: [])
    }
    try comesBack(model)
  }

  @Test func oddPaddingComesBackAsBytes() throws {
    let tensor = try Tensor(.int4, shape: [3], bytes: ByteSlice(copying: [0x21, 0xf3]))
    let odd = try Tensor(.bool, shape: [2], bytes: ByteSlice(copying: [1, 2]))
    let model = try model { rewriter in
      _ = rewriter.addInitializer("a", tensor)
      _ = rewriter.addInitializer("b", odd)
    }
    #expect(try TextForm.print(model).contains("initializer 0x21f3\n"))
    try comesBack(model)
  }

  @Test func everyAttribute() throws {
    let inner = try TextForm.parseGraph("graph @then(%c: i64[]) -> (%o: i64[]) doc \"d\" { return %c }")
    let sparse = SparseTensor(values: Tensor([Float(1)]), indices: Tensor([Int64(4)]), shape: [2, 3])
    let text = ByteString(bytes: [0, 255, 10, 0x22, 0x5c, 0xc3, 0xa9, 0x80])
    let types: [ValueType] = [
      .unknown, .sequence(.tensor(.string, nil)), .optional(.tensor(TensorType(nil, []))),
      .map(key: .int64, value: .opaque(domain: "a\"b", name: "")), .sparseTensor(TensorType(.float32, [.unknown, -3])),
    ]
    let attributes: Attributes = [
      "int": .int(.min), "float": .float(1e-5), "whole": .float(3), "string": .string(text),
      "tensor": .tensor(Tensor(scalar: Float16(0.1))), "graph": .graph(inner), "type": .type(.tensor(.bool, [])),
      "sparse": .sparse(sparse), "ints": .ints([1, -2]), "floats": .floats([-.infinity, .nan]),
      "strings": .strings([text, "plain"]), "tensors": .tensors([try Tensor(strings: ["a", ""], shape: [1, 2])]),
      "graphs": .graphs([inner, inner]), "types": .types(types), "sparses": .sparses([sparse, sparse]),
      "ref": .reference(name: "any name", kind: .sparses), "no ints": .ints([]), "no floats": .floats([]),
      "no strings": .strings([]), "no tensors": .tensors([]), "no graphs": .graphs([]), "no types": .types([]),
      "no sparses": .sparses([]), "": .int(0), "ints2": .ints([]), "true": .string("true"),
    ]
    try comesBack(
      try model { rewriter in
        let c = rewriter.addInput("c", .tensor(.int64, []))
        rewriter.addNode("If", [nil, c], attributes, resultNames: [nil], captureCount: 1)
      })
  }

  @Test func everyLevelKeepsWhatIsSaidOfIt() throws {
    var notes = Annotations()
    notes.documentation = "tab\tand \u{202e}direction\u{7f} \u{e9}"
    notes.properties = [
      Annotations.Property(key: "k", value: ""), Annotations.Property(key: "k", value: "\"\\"),
    ]
    notes.unknownFields = [0, 255, 16]
    let graph = Graph.build(name: "torch-jit export") { rewriter in
      let x = rewriter.addInput("a/b:0", .tensor(.float32, [2]), default: Tensor([Float(1), 2]))
      rewriter.addInput("", .tensor(.float32, [.symbol("batch size") * 2 - 1]), default: Tensor([Float(1)]))
      rewriter.addInput("%", .unknown)
      rewriter.addInput("-", .tensor(.string, nil))
      let w = rewriter.addInitializer("w", Tensor(scalar: Int8(-1)))
      let node = rewriter.addNode(
        OpName("a.b", domain: "x y"), [x, nil, w, nil], name: "n\n", resultNames: ["r", nil, "-a>"],
        resultTypes: [.tensor(.float32, [])], overload: "o")
      rewriter.addNode("initializer", [], resultNames: ["i"])
      guard let r = rewriter.graph[node].result(0) else { return }
      rewriter.addOutput("y", r, declaredType: .unknown)
      rewriter.addOutput("again", r, declaredType: .tensor(.float32, [.symbol("N") * .symbol("M") + 3]))
      rewriter.annotate(notes)
      rewriter.annotate(x, notes)
      rewriter.annotate(w, notes)
      rewriter.annotate(node, notes)
      rewriter.annotate(r, notes)
      rewriter.annotate(output: 1, notes)
      rewriter.setType(w, .unknown)
    }
    var model = Model(graph: graph)
    model.annotations = notes
    model.source.format = "onnx"
    model.source.irVersion = 10
    model.source.opsets = [OpsetImport(domain: "ai.x", version: 1), OpsetImport(domain: "", version: 17)]
    model.source.producerVersion = "1"
    model.source.domain = "d"
    model.source.modelVersion = -3
    var function = Function(
      name: OpName("F", domain: "local"), overload: "v", graph: graph, attributes: ["alpha", "be ta"],
      defaults: ["c": .int(1)], opsets: model.source.opsets)
    function.annotations = notes
    model.functions = [function, Function(name: "G", graph: Graph(name: ""))]
    try comesBack(model)
  }

  @Test func largeTensorsComeBackAsDigests() throws {
    let big = Tensor((0..<100).map(Float.init))
    let names = try Tensor(strings: (0..<20).map { ByteString("\($0)") }, shape: [20])
    let model = try model { rewriter in
      _ = rewriter.addInitializer("w", big)
      _ = rewriter.addInitializer("names", names)
    }
    let text = try TextForm.print(model)
    let parsed = try TextForm.parse(text)
    #expect(try TextForm.print(parsed) == text)
    guard case .absent(let data)? = parsed.graph.value(named: "w").flatMap({ parsed.graph[$0].data })?.storage else {
      Issue.record("expected absent data")
      return
    }
    #expect(data.byteCount == 400 && data.digest.count == 32)
  }
}
