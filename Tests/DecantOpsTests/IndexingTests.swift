import DecantIR
import Testing

@Suite struct IndexingTests {
  private static let matrix = Tensor([0, 1, 2, 3, 4, 5] as [Float], shape: [3, 2])
  private func ints(_ values: Int64...) -> Tensor { Tensor(values) }

  @Test func gather() throws {
    let x = IndexingTests.matrix
    expect(try evaluate("Gather", [x, ints(2, -3)])[0], Tensor([4, 5, 0, 1] as [Float], shape: [2, 2]))
    expect(
      try evaluate("Gather", [x, Tensor(scalar: Int32(1))], ["axis": .int(1)])[0], Tensor([1, 3, 5] as [Float]))
    #expect(throws: OpError("an index expected in -3..<3, got 3")) { try evaluate("Gather", [x, ints(3)]) }
  }

  @Test func gatherElements() throws {
    let indices = Tensor([1, 0, 0, -1] as [Int64], shape: [2, 2])
    expect(
      try evaluate("GatherElements", [IndexingTests.matrix, indices], ["axis": .int(1)])[0],
      Tensor([1, 0, 2, 3] as [Float], shape: [2, 2]))
  }

  @Test func gatherND() throws {
    let x = Tensor((0..<8).map { Float($0) }, shape: [2, 2, 2])
    let tuples = Tensor([0, 1, 1, 0] as [Int64], shape: [2, 2])
    expect(try evaluate("GatherND", [x, tuples])[0], Tensor([2, 3, 4, 5] as [Float], shape: [2, 2]))
    let batched = Tensor([1, 0] as [Int64], shape: [2, 1])
    expect(
      try evaluate("GatherND", [x, batched], ["batch_dims": .int(1)])[0],
      Tensor([2, 3, 4, 5] as [Float], shape: [2, 2]))
  }

  @Test func scatter() throws {
    let x = Tensor([1, 2, 3] as [Float])
    let (places, updates) = (ints(0, 0), Tensor([10, 20] as [Float]))
    func scatter(_ reduction: ByteString) throws -> [Float]? {
      try evaluate("ScatterElements", [x, places, updates], ["reduction": .string(reduction)])[0].floats
    }
    #expect(try scatter("none") == [20, 2, 3])
    #expect(try scatter("add") == [31, 2, 3])
    #expect(try scatter("mul") == [200, 2, 3])
    #expect(try scatter("max") == [20, 2, 3])
    let rows = try evaluate(
      "ScatterND",
      [IndexingTests.matrix, Tensor([2] as [Int64], shape: [1, 1]), Tensor([8, 9] as [Float], shape: [1, 2])])
    #expect(rows[0].floats == [0, 1, 2, 3, 8, 9])
    #expect(throws: OpError("an index expected in -3..<3, got -4")) {
      try evaluate("ScatterElements", [x, ints(-4, 0), updates])
    }
  }

  @Test func oneHot() throws {
    let result = try evaluate(
      "OneHot", [ints(1, -1, 7), Tensor(scalar: Int64(3)), Tensor([0, 5] as [Float])])
    expect(result[0], Tensor([0, 5, 0, 0, 0, 5, 0, 0, 0] as [Float], shape: [3, 3]))
  }

  @Test func topK() throws {
    let x = Tensor([3, 1, .nan, 3, 2] as [Float])
    let top = try evaluate("TopK", [x, ints(3)], results: 2)
    #expect(top[1].integers == [2, 0, 3])
    let bottom = try evaluate("TopK", [x, ints(2)], ["largest": .int(0)], results: 2)
    #expect(bottom[0].floats == [1, 2])
    #expect(throws: OpError("'K' expected in 0...5, got 6")) { try evaluate("TopK", [x, ints(6)], results: 2) }
  }

  @Test func argMax() throws {
    let x = Tensor([1, 3, 3, 0] as [Int32])
    #expect(try evaluate("ArgMax", [x])[0].integers == [1])
    #expect(try evaluate("ArgMax", [x], ["select_last_index": .int(1), "keepdims": .int(0)])[0].integers == [2])
    #expect(try evaluate("ArgMin", [x])[0].integers == [3])
  }

  @Test func nonZeroAndCompress() throws {
    let x = Tensor([0, 1, 2, 0] as [Int32], shape: [2, 2])
    expect(try evaluate("NonZero", [x])[0], Tensor([0, 1, 1, 0] as [Int64], shape: [2, 2]))
    let keep = tensor([0, 1], [2], of: Boolean.self)
    expect(try evaluate("Compress", [x, keep], ["axis": .int(0)])[0], Tensor([2, 0] as [Int32], shape: [1, 2]))
    expect(try evaluate("Compress", [x, keep])[0], Tensor([1] as [Int32]))
  }

  @Test func cumulative() throws {
    let x = Tensor([1, 2, 3] as [Float])
    let axis = Tensor(scalar: Int64(0))
    #expect(try evaluate("CumSum", [x, axis])[0].floats == [1, 3, 6])
    #expect(try evaluate("CumSum", [x, axis], ["exclusive": .int(1)])[0].floats == [0, 1, 3])
    #expect(try evaluate("CumSum", [x, axis], ["reverse": .int(1)])[0].floats == [6, 5, 3])
    #expect(try evaluate("CumProd", [x, axis])[0].floats == [1, 2, 6])
  }

  @Test func triangles() throws {
    let x = Tensor((1...9).map { Int32($0) }, shape: [3, 3])
    #expect(try evaluate("Trilu", [x])[0].integers == [1, 2, 3, 0, 5, 6, 0, 0, 9])
    #expect(
      try evaluate("Trilu", [x, Tensor(scalar: Int64(-1))], ["upper": .int(0)])[0].integers
        == [0, 0, 0, 4, 0, 0, 7, 8, 0])
    #expect(try evaluate("Trilu", [x, Tensor(scalar: Int64.max)])[0].integers == [0, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(try evaluate("Trilu", [x, Tensor(scalar: Int64.max)], ["upper": .int(0)])[0] == x)
  }

  @Test func range() throws {
    func range<T: TensorElement>(_ start: T, _ limit: T, _ delta: T) throws -> Tensor {
      try evaluate("Range", [Tensor(scalar: start), Tensor(scalar: limit), Tensor(scalar: delta)])[0]
    }
    #expect(try range(Int64(1), 8, 3).integers == [1, 4, 7])
    #expect(try range(Int32(3), 0, -2).integers == [3, 1])
    #expect(try range(Float(0), 1, 0.25).floats == [0, 0.25, 0.5, 0.75])
    #expect(try range(Int64(5), 1, 1).integers == [])
    #expect(throws: OpError.self) { try range(Int64(0), 1, 0) }
    #expect(throws: OpError.self) { try range(Int64.min, Int64.max, 1) }
    #expect(throws: OpError.self) { try range(Float(0), .infinity, 1) }
  }

  @Test func overlappingBoxesAreDropped() throws {
    let boxes = Tensor([0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 10, 1, 11] as [Float], shape: [1, 3, 4])
    let scores = Tensor([0.9, 0.75, 0.6] as [Float], shape: [1, 1, 3])
    let result = try evaluate(
      "NonMaxSuppression", [boxes, scores, ints(3), Tensor([0.5] as [Float]), Tensor([0] as [Float])])
    expect(result[0], Tensor([0, 0, 0, 0, 0, 2] as [Int64], shape: [2, 3]))
  }

  @Test func reversedUpToLengths() throws {
    let x = Tensor([0, 1, 2, 3, 4, 5] as [Float], shape: [3, 2])
    #expect(try evaluate("ReverseSequence", [x, ints(2, 3)])[0].floats == [2, 5, 0, 3, 4, 1])
  }

  @Test func unique() throws {
    let x = Tensor([2, 1, .nan, 1, 3, .nan] as [Float])
    let sorted = try evaluate("Unique", [x], results: 4)
    expect(sorted[0], Tensor([1, 2, 3, .nan] as [Float]))
    #expect(sorted[1...].map(\.integers) == [[1, 0, 4, 2], [1, 0, 3, 0, 2, 3], [2, 1, 1, 2]])
    let rows = Tensor([1, 0, 0, 0, 1, 0] as [Int32], shape: [3, 2])
    let found = try evaluate("Unique", [rows], ["axis": .int(0), "sorted": .int(0)], results: 4)
    expect(found[0], Tensor([1, 0, 0, 0] as [Int32], shape: [2, 2]))
    #expect(found[3].integers == [2, 1])
  }

  @Test func constants() throws {
    #expect(try evaluate("Constant", [], ["value_ints": .ints([1, 2])])[0].integers == [1, 2])
    #expect(
      try evaluate("ConstantOfShape", [ints(2, 2)], ["value": .tensor(Tensor([7] as [Int8]))])[0]
        == Tensor([7, 7, 7, 7] as [Int8], shape: [2, 2]))
    #expect(throws: OpError.self) { try evaluate("ConstantOfShape", [ints(1 << 40)]) }
    expect(
      try evaluate("EyeLike", [Tensor([0, 0, 0, 0] as [Int32], shape: [2, 2])], ["k": .int(1)])[0],
      Tensor([0, 1, 0, 0] as [Int32], shape: [2, 2]))
  }
}
