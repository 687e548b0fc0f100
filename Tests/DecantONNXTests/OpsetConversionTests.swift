import DecantBytes
import DecantIR
import Testing

@testable import DecantONNX

/// Nodes brought to the pinned opset, and back to the form in which they came.
@Suite struct OpsetConversionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let op: String
    let opset: Int64
    var inputs = ["x"]
    var attributes: [AttributeProto] = []
    var initializers: [TensorProto] = []
    /// What the node looks like at the pinned opset.
    let pinned: String
    var testDescription: String { "\(op)-\(opset)" }
  }

  static let cases = [
    Case(op: "Squeeze", opset: 11, attributes: [Make.attribute("axes", ints: [0])], pinned: "Squeeze(x, axes_0) {}"),
    Case(
      op: "Unsqueeze", opset: 7, attributes: [Make.attribute("axes", ints: [0, 2])], pinned: "Unsqueeze(x, axes_0_2) {}"
    ),
    Case(
      op: "ReduceMean", opset: 17,
      attributes: [Make.attribute("axes", ints: [-1]), Make.attribute("keepdims", int: 0)],
      pinned: "ReduceMean(x, axes_-1) {keepdims}"),
    Case(
      op: "ReduceSum", opset: 12, attributes: [Make.attribute("axes", ints: [1])], pinned: "ReduceSum(x, axes_1) {}"),
    Case(op: "ReduceMax", opset: 9, pinned: "ReduceMax(x) {}"),
    Case(
      op: "Slice", opset: 9,
      attributes: [
        Make.attribute("starts", ints: [1]), Make.attribute("ends", ints: [2]), Make.attribute("axes", ints: [0]),
      ],
      pinned: "Slice(x, starts_1, ends_2, axes_0) {}"),
    Case(
      op: "Slice", opset: 7, attributes: [Make.attribute("starts", ints: [1]), Make.attribute("ends", ints: [2])],
      pinned: "Slice(x, starts_1, ends_2) {}"),
    Case(op: "TopK", opset: 9, attributes: [Make.attribute("k", int: 3)], pinned: "TopK(x, k_3) {}"),
    Case(
      op: "Clip", opset: 7,
      attributes: [Make.attribute("max", .float) { $0.f = 6 }, Make.attribute("min", .float) { $0.f = 0 }],
      pinned: "Clip(x, min_limit, max_limit) {}"),
    Case(
      op: "Clip", opset: 7, attributes: [Make.attribute("max", .float) { $0.f = 6 }], pinned: "Clip(x, , max_limit) {}"),
    Case(op: "Clip", opset: 7, pinned: "Clip(x) {}"),
    Case(
      op: "Pad", opset: 7,
      attributes: [Make.attribute("pads", ints: [1, 1]), Make.attribute("value", .float) { $0.f = 2 }],
      pinned: "Pad(x, pads_1_1, pad_value) {}"),
    Case(
      op: "Dropout", opset: 10, attributes: [Make.attribute("ratio", .float) { $0.f = 0.25 }],
      pinned: "Dropout(x, ratio) {}"),
    Case(op: "Dropout", opset: 7, pinned: "Dropout(x) {}"),
    Case(op: "Split", opset: 11, attributes: [Make.attribute("split", ints: [2])], pinned: "Split(x, split_2) {}"),
    Case(op: "Split", opset: 13, pinned: "Split(x) {}"),
    Case(
      op: "Upsample", opset: 7, attributes: [Make.attribute("scales", .floats) { $0.floats = [2] }],
      pinned: "Resize(x, , scales) {coordinate_transformation_mode, nearest_mode}"),
    Case(
      op: "Upsample", opset: 9, inputs: ["x", "s"],
      initializers: [Make.tensor("s", .float32, [1], raw: [0, 0, 0, 64])],
      pinned: "Resize(x, , s) {coordinate_transformation_mode, nearest_mode}"),
    Case(
      op: "Resize", opset: 10, inputs: ["x", "s"], initializers: [Make.tensor("s", .float32, [1], raw: [0, 0, 0, 64])],
      pinned: "Resize(x, , s) {coordinate_transformation_mode, nearest_mode}"),
    Case(
      op: "Resize", opset: 11, inputs: ["x", "no_roi", "s"],
      initializers: [
        Make.tensor("no_roi", .float32, [0], raw: []), Make.tensor("s", .float32, [1], raw: [0, 0, 0, 64]),
      ],
      pinned: "Resize(x, , s) {}"),
    Case(
      op: "Scatter", opset: 9, inputs: ["x", "i", "x"], initializers: [Make.tensor("i", .int64, [1])],
      pinned: "ScatterElements(x, i, x) {}"),
    Case(op: "Softmax", opset: 12, attributes: [Make.attribute("axis", int: 0)], pinned: "Softmax(x) {axis}"),
    Case(op: "LogSoftmax", opset: 12, attributes: [Make.attribute("axis", int: -1)], pinned: "LogSoftmax(x) {axis}"),
    Case(
      op: "GridSample", opset: 16, inputs: ["x", "x"],
      attributes: [Make.attribute("mode", .string) { $0.s = ByteSlice(copying: "bicubic".utf8) }],
      pinned: "GridSample(x, x) {mode}"),
    Case(
      op: "RoiAlign", opset: 10, inputs: ["x", "x", "i"], initializers: [Make.tensor("i", .int64, [1])],
      pinned: "RoiAlign(x, x, i) {coordinate_transformation_mode}"),
    Case(
      op: "DFT", opset: 17, inputs: ["x"], attributes: [Make.attribute("axis", int: 1)], pinned: "DFT(x, , axis_1) {}"),
    Case(
      op: "BatchNormalization", opset: 7, inputs: ["x", "x", "x", "x", "x"],
      pinned: "BatchNormalization(x, x, x, x, x) {}"),
  ]

  @Test(arguments: cases) func thereAndBack(_ test: Case) throws {
    let proto = Make.model(test.op, opset: test.opset, test.attributes, test.inputs, test.initializers)
    let model = try ONNXReader().read(try Make.bytes(proto))
    let node = try #require(model.graph.firstNode)
    #expect(describe(node, in: model.graph) == test.pinned)
    #expect(Verifier.problem(in: model.graph) == nil)
    let reporter = Recorder()
    let bytes = try ONNXWriter(reporter: reporter).bytes(of: model)
    #expect(reporter.messages == [])
    let written = try WireMessageReader.model(bytes)
    #expect(written.graph?.node.map(\.opType) == [test.op])
    #expect(written.graph?.node[0].input == test.inputs)
    #expect(written.graph?.node[0].attribute.compactMap(\.name) == test.attributes.compactMap(\.name).sorted())
    #expect(written.graph?.initializer.map(\.name) == test.initializers.map(\.name))
    #expect(written.opsetImport.first?.version == test.opset)
  }

  /// Forms of the first versions, which are read and not written.
  static let early = [
    Case(
      op: "Cast", opset: 5, attributes: [Make.attribute("to", .string) { $0.s = ByteSlice(copying: "INT64".utf8) }],
      pinned: "Cast(x) {to}"),
    Case(op: "Concat", opset: 3, inputs: ["x", "x"], pinned: "Concat(x, x) {axis}"),
    Case(op: "Relu", opset: 5, attributes: [Make.attribute("consumed_inputs", ints: [0])], pinned: "Relu(x) {}"),
    Case(op: "Pad", opset: 1, attributes: [Make.attribute("paddings", ints: [1, 1])], pinned: "Pad(x, pads_1_1) {}"),
    Case(op: "Reshape", opset: 4, attributes: [Make.attribute("shape", ints: [-1])], pinned: "Reshape(x, shape_-1) {}"),
    Case(op: "Selu", opset: 1, pinned: "Selu(x) {alpha, gamma}"),
    Case(op: "Dropout", opset: 6, attributes: [Make.attribute("is_test", int: 1)], pinned: "Dropout(x) {}"),
    Case(
      op: "Add", opset: 6, inputs: ["x", "x"],
      attributes: [Make.attribute("broadcast", int: 1), Make.attribute("axis", int: 0)], pinned: "Add(x, x) {}"),
  ]

  @Test(arguments: early) func earlyForms(_ test: Case) throws {
    let proto = Make.model(test.op, opset: test.opset, test.attributes, test.inputs, test.initializers)
    let model = try ONNXReader().read(try Make.bytes(proto))
    let node = try #require(model.graph.firstNode)
    #expect(describe(node, in: model.graph) == test.pinned)
    #expect(Verifier.problem(in: model.graph) == nil)
    let written = try WireMessageReader.model(try ONNXWriter().bytes(of: model))
    #expect(written.opsetImport.first?.version == 7)
  }

  private func describe(_ id: NodeID, in graph: Graph) -> String {
    let node = graph[id]
    let operands = node.operands.map { $0.map { graph[$0].name } ?? "" }.joined(separator: ", ")
    return "\(node.op)(\(operands)) {\(node.attributes.map(\.name).joined(separator: ", "))}"
  }

  /// Softmax over several axes is flattened and reshaped, and comes back as one node.
  @Test func softmaxOverSeveralAxes() throws {
    var proto = Make.model("Softmax", opset: 11, [Make.attribute("axis", int: 1)])
    proto.graph?.input = [Make.value("x", 1, [2, 3, 4])]
    let model = try ONNXReader().read(try Make.bytes(proto))
    #expect(model.graph.order.map { model.graph[$0].op.type } == ["Shape", "Flatten", "Softmax", "Reshape"])
    #expect(Verifier.problem(in: model.graph) == nil)
    let written = try WireMessageReader.model(try ONNXWriter().bytes(of: model))
    #expect(written.graph?.node.map(\.opType) == ["Softmax"])
    #expect(written.graph?.node[0].attribute.first?.i == 1)
    #expect(written.graph?.node[0].output == ["y"])
  }

  /// Other domains have versions of their own: the first `LabelEncoder` is a `CategoryMapper` now, and the second is as it was.
  @Test(arguments: [(1, "CategoryMapper"), (2, "LabelEncoder")] as [(Int64, String)])
  func classicalLabels(_ version: Int64, _ op: String) throws {
    let names = Make.attribute("classes_strings", .strings) {
      $0.strings = ["a", "b"].map { ByteSlice(copying: Array($0.utf8)) }
    }
    var proto = Make.model(Make.graph([Make.node("LabelEncoder", ["x"], ["y"], domain: "ai.onnx.ml", [names])], []))
    // skl2onnx repeats what it imports.
    proto.opsetImport += [Make.opset(version, "ai.onnx.ml"), Make.opset(17)]
    let model = try ONNXReader().read(try Make.bytes(proto))
    let node = try #require(model.graph.order.first { _ in true })
    #expect(model.graph[node].op == OpName(op, domain: "ai.onnx.ml"))
    #expect(model.graph[node].attributes.ints("cats_int64s") == (version == 1 ? [0, 1] : nil))
    #expect(model.graph[node].attributes.strings(version == 1 ? "cats_strings" : "classes_strings") == ["a", "b"])
    let written = try WireMessageReader.model(try ONNXWriter().bytes(of: model))
    #expect(written.opsetImport.map(\.version) == [17, version])
  }

  /// A node that the model's own version cannot express raises it, aloud.
  @Test func raising() throws {
    var model = try ONNXReader().read(try Make.bytes(Make.model("Gelu", opset: 20)))
    model.source.setOpset(17)
    let reporter = Recorder()
    let written = try WireMessageReader.model(try ONNXWriter(reporter: reporter).bytes(of: model))
    #expect(written.opsetImport.first?.version == 20)
    #expect(reporter.messages.contains { $0.contains("opset 20 instead of 17") && $0.contains("Gelu") })
  }

  /// A version that was asked for is never raised: the refusal names the node and the lowest version that can.
  @Test func refusing() throws {
    let model = try ONNXReader().read(try Make.bytes(Make.model("NonZero", opset: 13)))
    var options = ONNXWriter.Options()
    options.opset = 8
    let error = #expect(throws: DecantError.self) { try ONNXWriter(options: options).bytes(of: model) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("(NonZero)") == true)
    #expect(error?.note == "opset 9 is the lowest that can express it")
  }

  /// The format version follows what the model has.
  @Test func formatVersions() throws {
    let graph = Make.graph(
      [Make.node("Cast", ["w"], ["y"], [Make.attribute("to", int: 1)])], [Make.tensor("w", .int4, [2], raw: [1])])
    let model = try ONNXReader().read(try Make.bytes(Make.model(graph, opset: 21, ir: 8)))
    #expect(try WireMessageReader.model(try ONNXWriter().bytes(of: model)).irVersion == 10)
    var options = ONNXWriter.Options()
    options.opset = 99
    #expect(throws: DecantError.self) { try ONNXWriter(options: options).bytes(of: model) }
  }

  /// Before IR version 4 initializers are listed as inputs, and are constants all the same.
  @Test func oldInterfaces() throws {
    var proto = Make.model(Make.graph([Make.node("Add", ["x", "w"], ["y"])], [Make.tensor("w")]), opset: 7, ir: 3)
    proto.graph?.input.append(Make.value("w"))
    let model = try ONNXReader().read(try Make.bytes(proto))
    #expect(model.graph.inputs.count == 1)
    let written = try WireMessageReader.model(try ONNXWriter().bytes(of: model))
    #expect(written.graph?.input.compactMap(\.name) == ["x", "w"])
    #expect(written.irVersion == 3)
  }
}
