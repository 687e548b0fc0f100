import DecantIR
import Testing

import DecantOps

/// Maps of `ai.onnx.ml`.
@Suite struct MapTests {
  private func run(_ op: String, _ operand: RuntimeValue, _ attributes: Attributes) throws -> RuntimeValue {
    let name = OpName(op, domain: "ai.onnx.ml")
    let definition = try #require(StandardOps().definition(of: name))
    let kernel = try #require(definition.evaluateValues)
    let result = try kernel(ValueContext(op: name, attributes: attributes, operands: [operand]))[0]
    let inferred = try definition.infer(
      InferenceContext(op: name, attributes: attributes, types: [operand.type], resultCount: 1))[0]
    #expect(inferred.merged(with: result.type) != nil, "inferred \(inferred) for \(result.type)")
    return result
  }

  private func strings(_ values: [ByteString], _ shape: [Int]? = nil) throws -> Tensor {
    try Tensor(strings: values, shape: shape ?? [values.count])
  }

  private let scores = RuntimeValue.map(
    keys: Tensor([3, 0] as [Int64]),
    values: [.tensor(Tensor(scalar: Float(1.5))), .tensor(Tensor(scalar: Float(-2.75)))])

  @Test func rowsByRisingKeys() throws {
    #expect(try run("CastMap", scores, [:]) == .tensor(Tensor([-2.75, 1.5] as [Float], shape: [1, 2])))
    #expect(
      try run("CastMap", scores, ["cast_to": .string("TO_INT64")])
        == .tensor(Tensor([-2, 1] as [Int64], shape: [1, 2])))
    #expect(
      try run("CastMap", scores, ["cast_to": .string("TO_STRING")]) == .tensor(strings(["-2.75", "1.5"], [1, 2])))
    let none = RuntimeValue.map(keys: Tensor([] as [Int64]), values: [])
    #expect(try run("CastMap", none, [:]) == .tensor(Tensor([] as [Float], shape: [1, 0])))
  }

  @Test func rowsByPlace() throws {
    let attributes: Attributes = ["map_form": .string("SPARSE"), "max_map": .int(5)]
    #expect(
      try run("CastMap", scores, attributes) == .tensor(Tensor([-2.75, 0, 0, 1.5, 0] as [Float], shape: [1, 5])))
    let words = RuntimeValue.map(keys: Tensor([1] as [Int64]), values: [.tensor(try strings(["a"], []))])
    let text: Attributes = ["cast_to": .string("TO_STRING"), "map_form": .string("SPARSE"), "max_map": .int(2)]
    #expect(try run("CastMap", words, text) == .tensor(strings(["", "a"], [1, 2])))
    #expect(throws: OpError("a key expected in 0..<3, got 3")) {
      try run("CastMap", scores, ["map_form": .string("SPARSE"), "max_map": .int(3)])
    }
  }

  @Test func vocabularies() throws {
    let counts = RuntimeValue.map(
      keys: try strings(["a", "z", "c"]), values: [4, 9, 8].map { .tensor(Tensor(scalar: Int64($0))) })
    #expect(
      try run("DictVectorizer", counts, ["string_vocabulary": .strings(["a", "c", "b", "y"])])
        == .tensor(Tensor([4, 8, 0, 0] as [Int64], shape: [1, 4])))
    #expect(
      try run("DictVectorizer", scores, ["int64_vocabulary": .ints([7, 3])])
        == .tensor(Tensor([0, 1.5] as [Float], shape: [1, 2])))
    #expect(throws: OpError.self) { try run("DictVectorizer", scores, ["string_vocabulary": .strings(["a"])]) }
    #expect(throws: OpError("operand 0: expected a map, got a tensor")) {
      try run("DictVectorizer", .tensor(Tensor([1] as [Float])), ["int64_vocabulary": .ints([7])])
    }
  }

  @Test func zippedRows() throws {
    let rows = RuntimeValue.tensor(Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]))
    let keys = try strings(["a", "b"])
    #expect(
      try run("ZipMap", rows, ["classlabels_strings": .strings(["a", "b"])])
        == .sequence(
          [[1, 2], [3, 4]].map { (row: [Float]) in .map(keys: keys, values: row.map { .tensor(Tensor(scalar: $0)) }) }))
    #expect(throws: OpError("operand 0: expected 3 columns, got 2")) {
      try infer(
        OpName("ZipMap", domain: "ai.onnx.ml"), [.tensor(.float32, [2, 2])], ["classlabels_int64s": .ints([1, 2, 3])])
    }
    #expect(throws: OpError.self) { try run("ZipMap", rows, ["classlabels_int64s": .ints([1, 1])]) }
  }
}
