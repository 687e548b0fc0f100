import DecantBytes
import DecantIR
import Testing

@Suite struct LayoutTests {
  private static let matrix = Tensor([0, 1, 2, 3, 4, 5] as [Float], shape: [2, 3])
  private func ints(_ values: Int64...) -> Tensor { Tensor(values) }

  @Test func reshape() throws {
    let x = LayoutTests.matrix
    #expect(try evaluate("Reshape", [x, ints(3, -1)])[0].shape == [3, 2])
    #expect(try evaluate("Reshape", [x, ints(0, 1, -1)])[0].shape == [2, 1, 3])
    #expect(throws: OpError("expected a shape for the elements of [2,3], got [4,-1]")) {
      try evaluate("Reshape", [x, ints(4, -1)])
    }
    #expect(throws: OpError.self) { try evaluate("Reshape", [x, ints(-1, -1)]) }
    #expect(throws: OpError.self) { try evaluate("Reshape", [x, ints(1 << 62, 8)]) }
  }

  @Test func transpose() throws {
    expect(
      try evaluate("Transpose", [LayoutTests.matrix])[0], Tensor([0, 3, 1, 4, 2, 5] as [Float], shape: [3, 2]))
    let strings = try Tensor(strings: ["a", "b", "c", "d"], shape: [2, 2])
    #expect(try evaluate("Transpose", [strings])[0].strings == ["a", "c", "b", "d"])
    let packed = try Tensor(.int4, shape: [2, 3], bytes: ByteSlice(copying: [0x10, 0x32, 0x54] as [UInt8]))
    #expect(try evaluate("Transpose", [packed])[0].integers == [0, 3, 1, 4, 2, 5])
    #expect(throws: OpError("'perm' expected a permutation of 2 axes, got [0, 0]")) {
      try evaluate("Transpose", [LayoutTests.matrix], ["perm": .ints([0, 0])])
    }
  }

  @Test func slice() throws {
    let x = LayoutTests.matrix
    func slice(_ start: Int64, _ end: Int64, _ axis: Int64, _ step: Int64) throws -> [Float]? {
      try evaluate("Slice", [x, ints(start), ints(end), ints(axis), ints(step)])[0].floats
    }
    #expect(try slice(1, Int64.max, 1, 1) == [1, 2, 4, 5])
    #expect(try slice(-1, Int64.min, -1, -2) == [2, 0, 5, 3])
    #expect(try slice(2, 1, 1, 1) == [])
    #expect(throws: OpError("'steps' expected numbers other than 0, got 0")) { try slice(0, 1, 0, 0) }
    #expect(throws: OpError("'axes' expected in -2..<2, got 2")) { try slice(0, 1, 2, 1) }
  }

  @Test(
    arguments: [
      ("constant", [9, 9, 0, 1, 2, 9]), ("edge", [0, 0, 0, 1, 2, 2]), ("reflect", [2, 1, 0, 1, 2, 1]),
      ("wrap", [1, 2, 0, 1, 2, 0]),
    ] as [(String, [Float])])
  func pad(mode: String, wanted: [Float]) throws {
    let result = try evaluate(
      "Pad", [Tensor([0, 1, 2] as [Float]), ints(2, 1), Tensor(scalar: Float(9))], ["mode": .string(ByteString(mode))])
    #expect(result[0].floats == wanted)
  }

  @Test func negativePadsCut() throws {
    let result = try evaluate("Pad", [Tensor([0, 1, 2] as [Float]), ints(-1, 1)])
    #expect(result[0].floats == [1, 2, 0])
    #expect(throws: OpError.self) { try evaluate("Pad", [Tensor([0, 1, 2] as [Float]), ints(-4, 0)]) }
  }

  @Test func centerCropPad() throws {
    let x = Tensor([1, 2, 3, 4] as [Float])
    #expect(try evaluate("CenterCropPad", [x, ints(1)])[0].floats == [2])
    #expect(try evaluate("CenterCropPad", [x, ints(7)])[0].floats == [0, 1, 2, 3, 4, 0, 0])
    let plane = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    #expect(try evaluate("CenterCropPad", [plane, ints(1)], ["axes": .ints([-1])])[0].floats == [1, 3])
    #expect(throws: OpError.self) { try evaluate("CenterCropPad", [x, ints(-1)]) }
    #expect(throws: OpError.self) { try evaluate("CenterCropPad", [x, ints(1 << 62)]) }
  }

  @Test func concatAndSplit() throws {
    let x = LayoutTests.matrix
    let joined = try evaluate("Concat", [x, Tensor([7, 8] as [Float], shape: [2, 1])], ["axis": .int(-1)])
    expect(joined[0], Tensor([0, 1, 2, 7, 3, 4, 5, 8] as [Float], shape: [2, 4]))
    let parts = try evaluate("Split", [joined[0], ints(1, 3)], ["axis": .int(1)], results: 2)
    expect(parts[0], Tensor([0, 3] as [Float], shape: [2, 1]))
    expect(parts[1], Tensor([1, 2, 7, 4, 5, 8] as [Float], shape: [2, 3]))
    let uneven = try evaluate("Split", [Tensor([0, 1, 2] as [Float])], ["num_outputs": .int(2)], results: 2)
    #expect(uneven.map(\.shape) == [[2], [1]])
    #expect(throws: OpError("'split' expected 2 parts of 4 in all, got [1, 2]")) {
      try evaluate("Split", [joined[0], ints(1, 2)], ["axis": .int(1)], results: 2)
    }
  }

  @Test func expandAndTile() throws {
    let x = Tensor([1, 2] as [Float], shape: [2, 1])
    expect(try evaluate("Expand", [x, ints(3)])[0], Tensor([1, 1, 1, 2, 2, 2] as [Float], shape: [2, 3]))
    expect(try evaluate("Tile", [x, ints(1, 2)])[0], Tensor([1, 1, 2, 2] as [Float], shape: [2, 2]))
    expect(try evaluate("Tile", [x, ints(2, 1)])[0], Tensor([1, 2, 1, 2] as [Float], shape: [4, 1]))
    #expect(throws: OpError.self) { try evaluate("Expand", [x, ints(1 << 40)]) }
    #expect(throws: OpError.self) { try evaluate("Tile", [x, ints(1 << 62, 4)]) }
  }

  @Test func depthAndSpaceAreInverse() throws {
    let x = Tensor((0..<32).map { Float($0) }, shape: [1, 8, 2, 2])
    for mode in ["DCR", "CRD"] as [ByteString] {
      let attributes: Attributes = ["blocksize": .int(2), "mode": .string(mode)]
      let spread = try evaluate("DepthToSpace", [x], attributes)[0]
      #expect(spread.shape == [1, 2, 4, 4])
      expect(try evaluate("SpaceToDepth", [spread], attributes)[0], x)
    }
  }

  /// As ONNX Runtime 1.31.1 computes it.
  @Test(
    arguments: [
      ("nearest", "asymmetric", [0, 0, 1, 1]), ("linear", "half_pixel", [0, 0.25, 0.75, 1]),
      ("linear", "align_corners", [0, 0.33333334, 0.6666667, 1]),
      ("cubic", "half_pixel", [-0.10546875, 0.2265625, 0.7734375, 1.1054688]),
    ] as [(String, String, [Float])])
  func resize(mode: String, coordinates: String, wanted: [Float]) throws {
    let result = try evaluate(
      "Resize", [Tensor([0, 1] as [Float]), nil, nil, ints(4)],
      [
        "mode": .string(ByteString(mode)), "coordinate_transformation_mode": .string(ByteString(coordinates)),
        "nearest_mode": .string("floor"),
      ])
    expect(result[0], Tensor(wanted))
  }

  @Test func shapeAndSize() throws {
    let x = LayoutTests.matrix
    #expect(try evaluate("Shape", [x])[0].integers == [2, 3])
    #expect(try evaluate("Shape", [x], ["start": .int(-1)])[0].integers == [3])
    #expect(try evaluate("Size", [x])[0].integers == [6])
  }

  @Test func axesOfOne() throws {
    let x = Tensor([1, 2] as [Float], shape: [1, 2, 1])
    #expect(try evaluate("Squeeze", [x])[0].shape == [2])
    #expect(try evaluate("Squeeze", [x, ints(-1)])[0].shape == [1, 2])
    let computed: [ValueType?] = [.tensor(.float32, [1, 3, .symbol("N")]), .tensor(.int64, [1])]
    #expect(try infer("Squeeze", computed) == [.tensor(.float32, [.unknown, .unknown])])
    #expect(try infer("Squeeze", [.tensor(.float32, [1, 3, 4]), computed[1]]) == [.tensor(.float32, [3, 4])])
    #expect(try evaluate("Unsqueeze", [x, ints(0, -1)])[0].shape == [1, 1, 2, 1, 1])
    #expect(throws: OpError("'axes' expected axes of extent 1, got axis 1 of [1,2,1]")) {
      try evaluate("Squeeze", [x, ints(1)])
    }
  }
}
