import DecantBytes
import DecantIR
import DecantOps
import DecantRuntime
import DecantWire
import Foundation
import Testing

@testable import DecantONNX

/// Nodes written at an older opset: the operators that they become, and that they compute the same when they are read again.
@Suite struct DowngradeTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let op: String
    let opset: Int
    /// Operands that are given when the model runs; nil for one that is left out.
    let operands: [Tensor?]
    /// The first operand that the model stores.
    var stored = Int.max
    var attributes: Attributes = [:]
    var results = 1
    /// The operators that are written, in order.
    let written: [String]
    var testDescription: String { "\(op) at \(opset)" }
  }

  /// Numbers of both signs that do not repeat.
  private static func floats(_ shape: Int...) -> Tensor {
    let count = shape.reduce(1, *)
    let numbers = (0..<count).map { (index: Int) -> Float in Float((index * 7 + 3) % 11) / 4 - 1.25 }
    return Tensor(numbers, shape: shape)
  }

  private static func integers(_ numbers: Int64...) -> Tensor { Tensor(numbers) }

  private static let x = floats(2, 3)

  static let activations = [
    Case(
      op: "Celu", opset: 11, operands: [x], attributes: ["alpha": .float(0.5)],
      written: ["Div", "Exp", "Sub", "Mul", "Neg", "Relu", "Relu", "Sub"]),
    Case(op: "Gelu", opset: 13, operands: [x], written: ["Mul", "Erf", "Mul", "Add", "Mul"]),
    Case(
      op: "Gelu", opset: 7, operands: [x], attributes: ["approximate": .string("tanh")],
      written: ["Mul", "Mul", "Mul", "Add", "Mul", "Tanh", "Mul", "Add", "Mul"]),
    Case(op: "HardSwish", opset: 13, operands: [x], written: ["HardSigmoid", "Mul"]),
    Case(op: "Mish", opset: 17, operands: [x], written: ["Softplus", "Tanh", "Mul"]),
    Case(op: "Swish", opset: 23, operands: [x], attributes: ["alpha": .float(2)], written: ["Mul", "Sigmoid", "Mul"]),
    Case(op: "SwiGLU", opset: 27, operands: [x, x], written: ["Sigmoid", "Mul", "Mul"]),
    Case(
      op: "ThresholdedRelu", opset: 9, operands: [x], attributes: ["alpha": .float(0.5)], written: ["Greater", "Where"]),
    Case(
      op: "Softmax", opset: 12, operands: [x], attributes: ["axis": .int(0)],
      written: ["Transpose", "Softmax", "Transpose"]),
  ]

  static let comparisons = [
    Case(op: "LessOrEqual", opset: 11, operands: [x, x], written: ["Greater", "IsNaN", "IsNaN", "Or", "Or", "Not"]),
    Case(op: "GreaterOrEqual", opset: 9, operands: [integers(1, 2), integers(2, 1)], written: ["Less", "Not"]),
    Case(op: "Max", opset: 11, operands: [integers(1, 5), integers(3, 2)], written: ["Greater", "Where"]),
    Case(
      op: "Clip", opset: 10, operands: [x, Tensor(scalar: Float(-1)), Tensor(scalar: Float(0.5))],
      written: ["Max", "Min"]),
    Case(
      op: "IsInf", opset: 9, operands: [Tensor([1, .infinity, -.infinity] as [Float])],
      written: ["Greater", "Less", "Or"]),
    Case(op: "Pow", opset: 11, operands: [x, integers(2, 3, 2)], written: ["Cast", "Pow"]),
    Case(
      op: "Add", opset: 13, operands: [Tensor([100, -3] as [Int8]), Tensor([100, 5] as [Int8])],
      written: ["Cast", "Cast", "Add", "Cast"]),
    Case(op: "CastLike", opset: 14, operands: [x, integers(1)], written: ["Cast"]),
    Case(
      op: "IsNaN", opset: 8, operands: [Tensor([0, .nan, -.infinity, -0.5] as [Float])],
      written: ["Greater", "Less", "Or", "Not"]),
    Case(
      op: "Round", opset: 10, operands: [Tensor([0.5, 1.5, -0.5, -2.5, 0.7] as [Float])],
      written: [
        "Floor", "Sub", "Div", "Floor", "Mul", "Sub", "Greater", "Less", "Not", "And", "Greater", "Or", "Cast", "Add",
      ]),
    Case(
      op: "Bernoulli", opset: 14, operands: [Tensor([0, 1, 1, 0] as [Float])],
      written: ["RandomUniformLike", "Less", "Cast"]),
  ]

  static let layouts = [
    Case(
      op: "Shape", opset: 14, operands: [floats(2, 3, 4)], attributes: ["start": .int(1), "end": .int(-1)],
      written: ["Shape", "Slice"]),
    Case(
      op: "DepthToSpace", opset: 10, operands: [floats(1, 8, 1, 2)],
      attributes: ["blocksize": .int(2), "mode": .string("CRD")],
      written: ["Reshape", "Transpose", "Reshape"]),
    Case(
      op: "SpaceToDepth", opset: 27, operands: [floats(1, 2, 2, 4)],
      attributes: ["blocksize": .int(2), "mode": .string("CRD")],
      written: ["Reshape", "Transpose", "Reshape"]),
    Case(
      op: "TopK", opset: 10, operands: [floats(2, 4), integers(2)], attributes: ["largest": .int(0)], results: 2,
      written: ["Neg", "TopK", "Neg"]),
    Case(
      op: "Range", opset: 10, operands: [1, 8, 3].map { Tensor(scalar: Float($0)) },
      written: [
        "Sub", "Div", "Ceil", "Relu", "Cast", "Unsqueeze", "ConstantOfShape", "NonZero", "Squeeze", "Cast", "Mul",
        "Add",
      ]),
    Case(
      op: "ReduceSum", opset: 12, operands: [x], attributes: ["noop_with_empty_axes": .int(1)], written: ["Identity"]),
    Case(
      op: "Pad", opset: 17, operands: [x, integers(1, 2), nil, integers(-1)], stored: 1, written: ["Pad"]),
    Case(
      op: "Split", opset: 12, operands: [floats(5)], attributes: ["num_outputs": .int(2)], results: 2,
      written: ["Split"]),
    Case(op: "Flatten", opset: 8, operands: [integers(1, 2)], attributes: ["axis": .int(0)], written: ["Reshape"]),
    Case(
      op: "Einsum", opset: 11, operands: [x, floats(3, 2)], attributes: ["equation": .string("ij,jk->ki")],
      written: ["MatMul", "Transpose"]),
    Case(
      op: "Einsum", opset: 11, operands: [floats(2, 2, 3), floats(1, 3, 2)],
      attributes: ["equation": .string("...ij,...jk->...ik")], written: ["MatMul"]),
    Case(
      op: "Einsum", opset: 11, operands: [floats(3, 3)], attributes: ["equation": .string("ii->i")],
      written: ["Transpose", "Reshape", "Slice"]),
    Case(
      op: "CumSum", opset: 10, operands: [floats(2, 3), integers(1)], stored: 1,
      attributes: ["reverse": .int(1), "exclusive": .int(1)], written: ["ConstantOfShape", "Scan"]),
    Case(
      op: "CenterCropPad", opset: 17, operands: [floats(4, 3), integers(2, 5)], stored: 1, written: ["Slice", "Pad"]),
    Case(
      op: "CenterCropPad", opset: 17, operands: [floats(4, 3), integers(2, 5)],
      written: [
        "Shape", "Sub", "Max", "Div", "Add", "Slice", "Sub", "Max", "Div", "Sub", "Concat", "Pad",
      ]),
    Case(
      op: "AffineGrid", opset: 19, operands: [floats(1, 2, 3), integers(1, 1, 2, 3)], stored: 1,
      written: ["MatMul", "Transpose", "Reshape"]),
    Case(op: "Gemm", opset: 10, operands: [x, floats(3, 2)], written: ["Gemm"]),
    Case(
      op: "EyeLike", opset: 7, operands: [x], stored: 0, written: ["Identity"]),
  ]

  static let networks = [
    Case(
      op: "LayerNormalization", opset: 16, operands: [x, floats(3), floats(3)],
      written: ["ReduceMean", "Sub", "Mul", "ReduceMean", "Add", "Sqrt", "Reciprocal", "Mul", "Mul", "Add"]),
    Case(
      op: "RMSNormalization", opset: 22, operands: [x, floats(3)],
      written: ["Mul", "ReduceMean", "Add", "Sqrt", "Reciprocal", "Mul", "Mul"]),
    Case(
      op: "GroupNormalization", opset: 17, operands: [floats(1, 4, 3), floats(4), floats(4)],
      attributes: ["num_groups": .int(2)],
      written: [
        "Reshape", "ReduceMean", "Sub", "Mul", "ReduceMean", "Add", "Sqrt", "Reciprocal", "Mul", "Shape", "Reshape",
        "Unsqueeze", "Unsqueeze", "Mul", "Add",
      ]),
    Case(
      op: "RNN", opset: 13, operands: [floats(2, 3, 1), floats(1, 2, 1), floats(1, 2, 2)],
      attributes: ["hidden_size": .int(2), "layout": .int(1)], results: 2,
      written: ["Transpose", "RNN", "Transpose", "Transpose"]),
    Case(
      op: "DequantizeLinear", opset: 12,
      operands: [Tensor([1, 2, 3, 4] as [UInt8], shape: [2, 2]), floats(2), Tensor([1, 2] as [UInt8])],
      stored: 1, attributes: ["axis": .int(0)], written: ["Cast", "Unsqueeze", "Sub", "Unsqueeze", "Mul"]),
    Case(
      op: "QuantizeLinear", opset: 12, operands: [x, Tensor([0.5, 0.25] as [Float]), Tensor([1, 2] as [UInt8])],
      stored: 1,
      attributes: ["axis": .int(0)], written: ["Unsqueeze", "Div", "Round", "Unsqueeze", "Add", "Clip", "Cast"]),
    Case(
      op: "QuantizeLinear", opset: 20, operands: [x, Tensor(scalar: Float(0.5))], stored: 1,
      attributes: ["output_dtype": .int(3)],
      written: ["QuantizeLinear"]),
    Case(
      op: "NegativeLogLikelihoodLoss", opset: 11, operands: [floats(3, 4), integers(0, 2, 1), floats(4)],
      attributes: ["ignore_index": .int(2)],
      written: [
        "Equal", "Where", "Unsqueeze", "GatherElements", "Squeeze", "Neg", "Gather", "Mul", "Where", "Where",
        "ReduceSum", "ReduceSum", "Div",
      ]),
    Case(
      op: "SoftmaxCrossEntropyLoss", opset: 11, operands: [floats(3, 4), integers(0, 2, 1)], results: 2,
      written: ["LogSoftmax", "Unsqueeze", "GatherElements", "Squeeze", "Neg", "ReduceMean"]),
    Case(
      op: "DFT", opset: 16, operands: [floats(1, 5, 2, 1), integers(8), integers(1)], stored: 1,
      attributes: ["onesided": .int(1)], written: ["Transpose", "Reshape", "MatMul", "Reshape", "Transpose"]),
    Case(
      op: "STFT", opset: 16, operands: [floats(1, 16, 1), Tensor(scalar: Int64(4)), floats(8)], stored: 1,
      written: ["Gather", "Unsqueeze", "Mul", "Reshape", "MatMul", "Reshape"]),
    Case(
      op: "RotaryEmbedding", opset: 22, operands: [floats(1, 1, 2, 4), floats(1, 2, 2), floats(1, 2, 2)],
      written: [
        "Unsqueeze", "Unsqueeze", "Reshape", "Gather", "Gather", "Mul", "Mul", "Sub", "Mul", "Mul", "Add", "Concat",
      ]),
    Case(
      op: "Attention", opset: 22, operands: [floats(1, 1, 2, 4), floats(1, 1, 3, 4), floats(1, 1, 3, 4)],
      written: ["Mul", "Transpose", "Mul", "MatMul", "Softmax", "MatMul"]),
  ]

  @Test(arguments: activations + comparisons + layouts + networks) func sameValues(_ test: Case) throws {
    let model = model(test)
    var options = ONNXWriter.Options()
    options.opset = test.opset
    let bytes = try ONNXWriter(options: options).bytes(of: model)
    let proto = try WireMessageReader.model(bytes)
    #expect(proto.opsetImport.first?.version == Int64(test.opset))
    #expect(proto.graph?.node.compactMap(\.opType) == test.written)
    let names = proto.graph?.node.compactMap(\.name) ?? []
    #expect(Set(names).count == names.count)
    let again = try ONNXReader().read(ByteSlice(copying: bytes))
    let feeds = Dictionary(
      uniqueKeysWithValues: test.operands.enumerated().compactMap { index, tensor in
        index < test.stored ? tensor.map { ("x\(index)", $0) } : nil
      })
    let (before, after) = (try run(model, feeds), try run(again, feeds))
    for index in 0..<test.results {
      let (wanted, got) = (try #require(before["y\(index)"]), try #require(after["y\(index)"]))
      #expect(got.dataType == wanted.dataType)
      #expect(got.shape == wanted.shape)
      if let wanted = wanted.floats, let got = got.floats {
        for (a, b) in zip(wanted, got) { #expect(abs(a - b) <= 1e-5 || a == b, "\(b) instead of \(a)") }
      } else {
        #expect(got == wanted)
      }
    }
  }

  private func model(_ test: Case) -> Model {
    let graph = Graph.build { rewriter in
      let operands = test.operands.enumerated().map { index, tensor -> ValueID? in
        guard let tensor else { return nil }
        return index < test.stored
          ? rewriter.addInput("x\(index)", tensor.type) : rewriter.addInitializer("x\(index)", tensor)
      }
      let node = rewriter.addNode(
        OpName(test.op), operands, test.attributes, name: "node", resultNames: (0..<test.results).map { "y\($0)" })
      for (index, result) in rewriter.graph[node].results.enumerated() {
        if let result { rewriter.addOutput("y\(index)", result) }
      }
    }
    return Model(graph: graph)
  }

  private func run(_ model: Model, _ feeds: [String: Tensor]) throws -> [String: Tensor] {
    let result = try Executor(model, backends: [ReferenceBackend(StandardOps())]).run(feeds)
    return Dictionary(
      uniqueKeysWithValues: result.outputs.compactMap { output in output.value.tensor.map { (output.name, $0) } })
  }

  /// What no older operator says names the node, the reason and the lowest opset that can.
  @Test(
    arguments: [
      ("ScatterND", 15, ["reduction": .string("add")], "'reduction'", 16),
      ("Scan", 8, ["num_scan_inputs": .int(1), "scan_output_directions": .ints([1])], "from the end", 9),
      ("BitwiseNot", 17, [:], "exists from opset 18 on", 18),
      ("Resize", 17, ["antialias": .int(1)], "'antialias'", 18),
    ] as [(String, Int, Attributes, String, Int)])
  func refusals(_ op: String, _ opset: Int, _ attributes: Attributes, _ says: String, _ lowest: Int) throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, [2]))
      rewriter.addOutput("y", rewriter.add(OpName(op), [x], attributes, name: "y"))
    }
    var options = ONNXWriter.Options()
    options.opset = opset
    let error = #expect(throws: DecantError.self) { try ONNXWriter(options: options).bytes(of: Model(graph: graph)) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("node 'y' (\(op))") == true, "\(error?.message ?? "")")
    #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
    #expect(error?.note == "opset \(lowest) is the lowest that can express it")
  }

  /// Equal parts, which the graph in memory does not count, are counted where the version wants it, in subgraphs too.
  @Test(arguments: [(17, false), (18, true), (28, true)]) func equalParts(_ opset: Int, _ isCounted: Bool) throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, [4]))
      let node = rewriter.addNode("Split", [x], resultNames: ["a", "b"])
      for (name, result) in zip(["a", "b"], rewriter.graph[node].results) {
        if let result { rewriter.addOutput(name, result) }
      }
    }
    let branch = Graph.build(name: "branch") { rewriter in
      let x = rewriter.addInput("captured", .tensor(.float32, [4]))
      let node = rewriter.addNode("Split", [x], resultNames: ["c", "d"])
      if let result = rewriter.graph[node].result(1) { rewriter.addOutput("d", result) }
    }
    let outer = Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, [4]))
      let condition = rewriter.addInput("condition", .tensor(.bool, []))
      let node = rewriter.addNode(
        "If", [condition, x], ["then_branch": .graph(branch), "else_branch": .graph(branch)], resultNames: ["y"],
        captureCount: 1)
      if let result = rewriter.graph[node].result(0) { rewriter.addOutput("y", result) }
    }
    var options = ONNXWriter.Options()
    options.opset = opset
    let flat = try WireMessageReader.model(try ONNXWriter(options: options).bytes(of: Model(graph: graph)))
    #expect(flat.graph?.node.first?.attribute.compactMap(\.name) == (isCounted ? ["num_outputs"] : []))
    let nested = try WireMessageReader.model(try ONNXWriter(options: options).bytes(of: Model(graph: outer)))
    let inner = nested.graph?.node.first?.attribute.compactMap { $0.g?.value.node.first?.attribute.count }
    #expect(inner == (isCounted ? [1, 1] : [0, 0]))
  }

  /// Types that inference found help the conversion, and are not written; those that the model declares are kept.
  @Test func typesAreNotAdded() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, [2, 3]))
      let inner = rewriter.add("Relu", [x], name: "inner")
      rewriter.addOutput("y", rewriter.add("Softmax", [inner], ["axis": .int(0)], name: "y"))
    }
    var options = ONNXWriter.Options()
    options.opset = 12
    let written = try WireMessageReader.model(try ONNXWriter(options: options).bytes(of: Model(graph: graph)))
    #expect(written.graph?.node.compactMap(\.opType) == ["Relu", "Transpose", "Softmax", "Transpose"])
    #expect(written.graph?.valueInfo.isEmpty == true)
  }
}
