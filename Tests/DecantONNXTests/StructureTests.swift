import DecantBytes
import DecantIR
import DecantWire
import Testing

@testable import DecantONNX

/// Subgraphs, functions, names and everything else that a model carries.
@Suite struct StructureTests {
  static let branches = Make.node(
    "If", ["c"], ["y"], name: "choose",
    [
      Make.attribute(
        "then_branch", graph: Make.graph([Make.node("Add", ["b", "a"], ["t"])], input: [], output: ["t"])),
      Make.attribute(
        "else_branch", graph: Make.graph([Make.node("Mul", ["a", "w"], ["e"])], input: [], output: ["e"])),
    ])

  @Test func capturesAreOperands() throws {
    let proto = Make.model(
      Make.graph([Self.branches], input: ["a", "b", "c"], output: ["y"], [Make.tensor("w")]))
    let model = try ONNXReader().read(try Make.bytes(proto))
    let node = model.graph[try #require(model.graph.firstNode)]
    #expect(node.captureCount == 3)
    #expect(node.operands.map { $0.map { model.graph[$0].name } } == ["c", "a", "w", "b"])
    for (_, subgraph) in node.subgraphs { #expect(subgraph.inputs.map { subgraph[$0].name } == ["a", "w", "b"]) }
    #expect(Verifier.problem(in: model.graph) == nil)
    let written = try WireMessageReader.model(try ONNXWriter().bytes(of: model))
    let branch = written.graph?.node[0].attribute.first { $0.name == "then_branch" }?.g?.value
    #expect(branch?.input.isEmpty == true)
    #expect(branch?.node[0].input == ["b", "a"])
    #expect(written.graph?.node[0].input == ["c"])
  }

  /// A captured value that was replaced outside is read by its new name; inner names that would hide outer ones change.
  @Test func renamesReachSubgraphs() throws {
    let nodes = [Make.node("Relu", ["a"], ["t2"]), Self.branches]
    let proto = Make.model(Make.graph(nodes, input: ["a", "b", "c"], output: ["y"], [Make.tensor("w")]))
    var model = try ONNXReader().read(try Make.bytes(proto))
    let (a, t2) = (try #require(model.graph.value(named: "a")), try #require(model.graph.value(named: "t2")))
    let choose = try #require(model.graph.node(named: "choose"))
    model.graph.edit { rewriter in
      for (index, operand) in rewriter.graph[choose].operands.enumerated() where operand == a {
        rewriter.setOperand(index, of: choose, to: t2)
      }
      rewriter.rename(t2, to: "t")
    }
    let bytes = try ONNXWriter().bytes(of: model)
    let written = try WireMessageReader.model(bytes)
    let branch = written.graph?.node[1].attribute.first { $0.name == "then_branch" }?.g?.value
    #expect(branch?.node[0].input == ["b", "t"])
    #expect(branch?.node[0].output == ["t_1"])
    #expect(branch?.output.map(\.name) == ["t_1"])
    _ = try ONNXReader().read(ByteSlice(copying: bytes))
  }

  /// Outputs keep their names when another value takes their place.
  @Test func outputsKeepTheirNames() throws {
    let nodes = [Make.node("Relu", ["x"], ["r"]), Make.node("Identity", ["r"], ["y"])]
    var model = try ONNXReader().read(try Make.bytes(Make.model(Make.graph(nodes))))
    let (r, y) = (try #require(model.graph.value(named: "r")), try #require(model.graph.value(named: "y")))
    model.graph.edit { rewriter in
      rewriter.replaceAllUses(of: y, with: r)
      if let node = rewriter.graph.lastNode { rewriter.erase(node) }
    }
    let written = try WireMessageReader.model(try ONNXWriter().bytes(of: model))
    #expect(written.graph?.node.map(\.output) == [["y"]])
    let input = try #require(model.graph.value(named: "x"))
    model.graph.edit { $0.replaceAllUses(of: r, with: input) }
    let direct = try WireMessageReader.model(try ONNXWriter().bytes(of: model))
    #expect(direct.graph?.node.last?.opType == "Identity")
    #expect(direct.graph?.node.last?.output == ["y"])
  }

  @Test func functionsAreKept() throws {
    let body = [
      Make.node("LeakyRelu", ["x"], ["t"], [Make.attribute("alpha", .float) { $0.refAttrName = "slope" }]),
      Make.node("ReduceSum", ["t"], ["y"], [Make.attribute("keepdims", int: 1)]),
    ]
    var function = Make.function("leak", body)
    function.attribute = ["slope"]
    function.attributeProto = [Make.attribute("bias", int: 3)]
    function.docString = "why"
    var proto = Make.model(Make.graph([Make.node("leak", ["x"], ["y"], domain: "local")]), ir: 9)
    proto.functions = [function]
    proto.opsetImport.append(Make.opset(1, "local"))
    let model = try ONNXReader().read(try Make.bytes(proto))
    let read = try #require(model.functions.first)
    #expect(read.attributes == ["slope"])
    #expect(read.defaults.int("bias") == 3)
    let leaky = read.graph[try #require(read.graph.firstNode)]
    #expect(leaky.attributes["alpha"] == .reference(name: "slope", kind: .float))
    let bytes = try ONNXWriter().bytes(of: model)
    let again = try ONNXReader().read(ByteSlice(copying: bytes))
    #expect(again.graph == model.graph)
    #expect(again.source == model.source)
    #expect(again.functions.first?.graph == read.graph)
    #expect(again.functions.first?.opsets == read.opsets)
    #expect(again.functions.first?.defaults == read.defaults)
    #expect(again.functions.first?.annotations == read.annotations)
    #expect(again == model)
    #expect(try WireMessageReader.model(bytes).functions.first?.docString == "why")
  }

  @Test func whatIsSaidOfThingsIsKept() throws {
    var entry = StringStringEntryProto()
    (entry.key, entry.value) = ("who", "me")
    var proto = Make.model(Make.graph([Make.node("Add", ["x", "w"], ["y"], name: "n")], [Make.tensor("w")]))
    proto.docString = "model"
    proto.metadata = [entry]
    proto.producerName = "torch"
    proto.modelVersion = 7
    proto.graph?.docString = "graph"
    proto.graph?.node[0].docString = "node"
    proto.graph?.node[0].metadata = [entry]
    proto.graph?.node[0].attribute = [Make.attribute("a", int: 1)]
    proto.graph?.node[0].attribute[0].docString = "attribute"
    proto.graph?.initializer[0].docString = "tensor"
    proto.graph?.input[0].docString = "input"
    proto.graph?.input[0].type?.denotation = "TENSOR"
    proto.graph?.input[0].type?.tensor?.shape?.dim[0].denotation = "DATA_BATCH"
    proto.graph?.output[0].metadata = [entry]
    var annotation = TensorAnnotation()
    annotation.tensorName = "w"
    annotation.parameters = [entry]
    proto.graph?.quantizationAnnotation = [annotation]
    var training = TrainingInfoProto()
    training.algorithm = Box(Make.graph([], input: [], output: []))
    proto.trainingInfo = [training]
    let model = try ONNXReader().read(try Make.bytes(proto))
    let bytes = try ONNXWriter().bytes(of: model)
    #expect(try ONNXReader().read(ByteSlice(copying: bytes)) == model)
    let written = try WireMessageReader.model(bytes)
    #expect(written.docString == "model")
    #expect(written.trainingInfo.count == 1)
    #expect(written.graph?.quantizationAnnotation.first?.tensorName == "w")
    #expect(written.graph?.node[0].attribute[0].docString == "attribute")
    #expect(written.graph?.node[0].metadata.count == 1)
    #expect(written.graph?.initializer[0].docString == "tensor")
    #expect(written.graph?.input[0].type?.denotation == "TENSOR")
    #expect(written.graph?.input[0].type?.tensor?.shape?.dim[0].denotation == "DATA_BATCH")
  }

  @Test func sparseInitializersStaySparse() throws {
    var sparse = SparseTensorProto()
    sparse.values = Make.tensor("w")
    sparse.indices = Make.tensor("i", .int64, [2], raw: [1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0])
    sparse.dims = [4]
    var graph = Make.graph([Make.node("Add", ["x", "w"], ["y"])])
    graph.sparseInitializer = [sparse]
    let model = try ONNXReader().read(try Make.bytes(Make.model(graph)))
    let bytes = try ONNXWriter().bytes(of: model)
    let written = try WireMessageReader.model(bytes)
    #expect(written.graph?.sparseInitializer.first?.values?.name == "w")
    #expect(written.graph?.node.count == 1)
    #expect(try ONNXReader().read(ByteSlice(copying: bytes)) == model)
  }

  /// Every element type, from raw data and from its list, gives the same tensor.
  @Test(arguments: DataType.allCases) func elementTypes(_ type: DataType) throws {
    let value: RuntimeValue
    if type == .string {
      value = .tensor(try Tensor(strings: ["a", ByteString(bytes: [0xFF])], shape: [2]))
    } else {
      let count = try Tensor.byteCount(type, shape: [3])
      let spare: UInt8 = type == .bool ? 1 : type.isPacked ? 0x09 : 0x7F
      let bytes = (0..<count).map { index in index == count - 1 && type.isPacked ? spare & 3 : spare }
      value = .tensor(try Tensor(type, shape: [3], bytes: ByteSlice(copying: bytes)))
      #expect(try listed(type, bytes) == value)
    }
    #expect(try ONNXTestValue.read(ByteSlice(copying: ONNXTestValue.bytes(of: value, name: "t"))) == value)
  }

  /// The same elements read from the typed list of their type.
  private func listed(_ type: DataType, _ bytes: [UInt8]) throws -> RuntimeValue {
    let numbers: [String: UInt8] = [
      "float_data": 4, "int32_data": 5, "int64_data": 7, "double_data": 10, "uint64_data": 11,
    ]
    let list = TypedLists.name(for: type)
    let number = try #require(numbers[list])
    var payload = bytes
    if !list.hasPrefix("float"), !list.hasPrefix("double") {
      let width = max(type.bitWidth / 8, 1)
      payload = stride(from: 0, to: bytes.count, by: width).flatMap { start -> [UInt8] in
        var rest = bytes[start..<start + width].enumerated().reduce(UInt64(0)) {
          $0 | UInt64($1.element) << UInt64(8 * $1.offset)
        }
        var spelled: [UInt8] = []
        while rest >= 0x80 {
          spelled.append(UInt8(rest & 0x7F) | 0x80)
          rest >>= 7
        }
        return spelled + [UInt8(rest)]
      }
    }
    let header: [UInt8] = [0x08, 3, 0x10, type.rawValue]
    let field: [UInt8] = [number << 3 | 2, UInt8(payload.count)]
    return try ONNXTestValue.read(ByteSlice(copying: header + field + payload))
  }

  @Test func sequencesAndOptionals() throws {
    let tensor = RuntimeValue.tensor(Tensor([Float(1), 2]))
    let sequence = RuntimeValue.sequence([tensor, tensor])
    let type = ValueType.sequence(.tensor(.float32, nil))
    #expect(try ONNXTestValue.read(ByteSlice(copying: ONNXTestValue.bytes(of: sequence)), type: type) == sequence)
    for value in [RuntimeValue.optional(nil), .optional(tensor), .optional(sequence)] {
      #expect(
        try ONNXTestValue.read(ByteSlice(copying: ONNXTestValue.bytes(of: value)), type: .optional(type)) == value)
    }
    let words = try Tensor(strings: ["a", "b"], shape: [2])
    for map in [
      RuntimeValue.map(keys: words, values: [tensor, tensor]), .map(keys: Tensor([Int64(7)]), values: [tensor]),
    ] {
      let type = ValueType.map(key: .string, value: .tensor(.float32, nil))
      #expect(try ONNXTestValue.read(ByteSlice(copying: ONNXTestValue.bytes(of: map)), type: type) == map)
    }
  }
}
