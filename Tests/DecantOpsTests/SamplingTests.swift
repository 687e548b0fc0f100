import DecantIR
import Testing

/// Results computed by PyTorch 2 (grids, `Col2Im`), by ONNX Runtime 1.31.1 (`MaxRoiPool`, the larger `DeformConv`), and by
/// ONNX 1.23.2's reference evaluator.
@Suite struct SamplingTests {
  private let image = ramp([1, 2, 4, 5])

  @Test(
    arguments: [
      (0, [-0.666667, -0.166667, 0, -0.5, 0.666667, -0.833333, -0.166667, 0.833333, 0.5, 0.5, 1.16667, 0.166667]),
      (1, [-1.25, -0.5, -0.25, -1, 0.75, -1.5, -0.25, 1.5, 0.75, 1, 1.75, 0.5]),
    ] as [(Int64, [Float])])
  func affineGrid(_ isAligned: Int64, _ wanted: [Float]) throws {
    let theta = Tensor([1, 0.5, 0.25, -0.5, 1, 0] as [Float], shape: [1, 2, 3])
    let size = Tensor([1, 1, 2, 3] as [Int64])
    expect(
      try evaluate("AffineGrid", [theta, size], ["align_corners": .int(isAligned)])[0],
      Tensor(wanted, shape: [1, 2, 3, 2]))
  }

  @Test func affineGridInSpace() throws {
    let theta = Tensor([1, 0, 0.5, 0.25, 0, 1, 0, -0.5, 0.25, 0, 1, 0] as [Float], shape: [1, 3, 4])
    expect(
      try evaluate("AffineGrid", [theta, Tensor([1, 1, 2, 1, 2] as [Int64])])[0],
      Tensor(
        [-0.5, -0.5, -0.625, 0.5, -0.5, -0.375, 0, -0.5, 0.375, 1, -0.5, 0.625] as [Float], shape: [1, 2, 1, 2, 3]))
  }

  @Test(
    arguments: [
      ("linear", "zeros", 0, [-0.3125, -0.225, 0.0749999, 0.125, -0.53625, 0]),
      ("linear", "zeros", 1, [-1.25, 0.245, 0.35, 0.125, -0.21125, 0]),
      ("linear", "border", 0, [-1.25, -0.225, 0.75, 0.125, -0.825, -1.25]),
      ("linear", "border", 1, [-1.25, 0.245, 0.5, 0.125, -0.21125, -1.25]),
      ("linear", "reflection", 0, [-1.25, -0.225, 0.75, 0.125, -0.825, 0.125]),
      ("linear", "reflection", 1, [-1.25, 0.245, 0.47, 0.125, -0.21125, 0.125]),
      ("nearest", "zeros", 1, [-1.25, -0.25, 0, 1, -1, 0]),
      ("nearest", "border", 0, [-1.25, -0.25, 1.25, 1, -1, -1.25]),
      // ONNX rounds before it reflects, PyTorch after.
      ("nearest", "reflection", 0, [-1.25, -0.25, 1.25, 1, -1, -0.75]),
      ("cubic", "zeros", 0, [-0.489014, -0.298995, 0.0870658, 0.125, -0.727347, 0]),
      ("cubic", "zeros", 1, [-1.25, 0.355229, 0.533188, 0.125, -0.261167, 0]),
      ("cubic", "border", 0, [-1.57886, -0.26682, 0.85961, 0.125, -0.961315, -1.25]),
      ("cubic", "border", 1, [-1.25, 0.373991, 0.627387, 0.125, -0.155877, -1.25]),
      ("cubic", "reflection", 0, [-1.95605, -0.26682, 0.901102, 0.125, -1.02139, 0.125]),
      ("cubic", "reflection", 1, [-1.25, 0.251196, 0.702231, 0.125, -0.314518, 0.125]),
    ] as [(ByteString, ByteString, Int64, [Float])])
  func gridSample(_ mode: ByteString, _ padding: ByteString, _ isAligned: Int64, _ wanted: [Float]) throws {
    let grid = Tensor([-1, -1, 0.3, 0.6, 1.2, -0.4, 0, 0, -0.7, 0.9, 2, 2] as [Float], shape: [1, 2, 3, 2])
    let attributes: Attributes = [
      "align_corners": .int(isAligned), "mode": .string(mode), "padding_mode": .string(padding),
    ]
    expect(
      try evaluate("GridSample", [ramp([1, 1, 3, 4]), grid], attributes)[0], Tensor(wanted, shape: [1, 1, 2, 3]))
  }

  @Test func gridSampleInSpace() throws {
    let grid = Tensor([0.2, -0.4, 0.6, 1, 1, 1] as [Float], shape: [1, 1, 1, 2, 3])
    expect(
      try evaluate("GridSample", [ramp([1, 1, 2, 2, 3]), grid])[0],
      Tensor([-0.2925, -0.15625] as [Float], shape: [1, 1, 1, 1, 2]))
  }

  @Test(
    arguments: [
      (
        "avg", "half_pixel", 0,
        [
          -0.703125, -0.078125, -0.203125, 0.25, 0.4375, -0.828125, 0.9375, -0.328125, 0.351562, 0.0410156, -0.231934,
          0.0134277, -0.3125, 0.257812, 0.245361, -0.325684,
        ]
      ),
      (
        "avg", "half_pixel", 2,
        [
          -0.640625, -0.0371094, -0.310547, 0.164062, 0.5, -0.765625, 0.701172, -0.349609, 0.351562, 0.0410156,
          -0.231934, 0.0134277, -0.3125, 0.257812, 0.245361, -0.325684,
        ]
      ),
      (
        "avg", "output_half_pixel", 2,
        [
          0.140625, -0.0703125, -0.21875, -0.0859375, 0.25, -0.390625, 0.320312, -0.320312, 0.0585938, 0.206299,
          0.0390625, 0.114258, -0.226807, 0.224365, 0.0625, -0.0234375,
        ]
      ),
      (
        "max", "half_pixel", 0,
        [
          0.3125, 0.3125, 0.625, 0.625, 0.75, 0.0625, 1.25, 0.15625, 0.878906, 0.59082, 0.410156, 0.571289, 0.219727,
          0.644531, 0.571289, 0.300781,
        ]
      ),
    ] as [(ByteString, ByteString, Int64, [Float])])
  func roiAlign(_ mode: ByteString, _ coordinates: ByteString, _ ratio: Int64, _ wanted: [Float]) throws {
    let regions = Tensor([0, 0, 3, 2, 1, 0.5, 4.5, 3] as [Float], shape: [2, 4])
    let attributes: Attributes = [
      "coordinate_transformation_mode": .string(coordinates), "mode": .string(mode), "output_height": .int(2),
      "output_width": .int(2), "sampling_ratio": .int(ratio),
    ]
    expect(
      try evaluate("RoiAlign", [image, regions, Tensor([0, 0] as [Int64])], attributes)[0],
      Tensor(wanted, shape: [2, 2, 2, 2]))
  }

  @Test(
    arguments: [
      (1, [1, 1.25, 1, 0.5, 1.25, 1, 1.25, 1, 1, 1.25, 1, 1.25, 0.75, 1, 1.25, 1]),
      (0.5, [0.5, 0.5, 1, 1, 0.75, -0.25, 1.25, 0.25, 1, 0, -1.25, 0.5, 0.25, -0.75, 0.75, -0.25]),
    ] as [(Float, [Float])])
  func maxRoiPool(_ scale: Float, _ wanted: [Float]) throws {
    let regions = Tensor([0, 0, 0, 3, 2, 0, 1, 1, 4, 3] as [Float], shape: [2, 5])
    expect(
      try evaluate("MaxRoiPool", [image, regions], ["pooled_shape": .ints([2, 2]), "spatial_scale": .float(scale)])[0],
      Tensor(wanted, shape: [2, 2, 2, 2]))
  }

  @Test func deformedConvolution() throws {
    let bias = Tensor([0.5, -1] as [Float])
    let mask = Tensor((ramp([16], scale: 0.1).floats ?? []).map { $0 + 0.6 }, shape: [1, 4, 2, 2])
    let grouped = try evaluate(
      "DeformConv",
      [ramp([1, 2, 3, 3]), ramp([2, 1, 2, 2], step: 3), ramp([1, 8, 2, 2], scale: 0.2), bias, mask],
      ["group": .int(2), "kernel_shape": .ints([2, 2])])
    expect(
      grouped[0],
      Tensor(
        [0.14, 0.18375, 1.389, 0.377, -0.85225, -0.92425, -1.0525, 0.385] as [Float], shape: [1, 2, 2, 2]))
    let padded = try evaluate(
      "DeformConv", [ramp([1, 2, 3, 3]), ramp([1, 2, 2, 2], step: 3), ramp([1, 16, 4, 3], scale: 0.2)],
      ["offset_group": .int(2), "pads": .ints([1, 0, 1, 1])])
    expect(
      padded[0],
      Tensor(
        [0.2325, -0.375, 0.405, -1.4875, 0.3275, 0.7125, -1.23, -1.9375, 0.465, -0.5, -1.3925, -0.18] as [Float],
        shape: [1, 1, 4, 3]))
  }

  @Test func foldedColumns() throws {
    let block = Tensor([2, 2] as [Int64])
    expect(
      try evaluate("Col2Im", [ramp([1, 8, 4]), Tensor([3, 3] as [Int64]), block])[0],
      Tensor(
        [
          -1.25, 0.75, -0.75, -1.5, 3.5, -0.5, -0.25, 0, 0.25, -0.75, 1.75, -0.25, -0.5, 0, 0.5, 0.25, -1.75, 0.75,
        ] as [Float], shape: [1, 2, 3, 3]))
    expect(
      try evaluate(
        "Col2Im", [ramp([1, 4, 4]), Tensor([3, 4] as [Int64]), block],
        ["dilations": .ints([1, 2]), "pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2])])[0],
      Tensor([0, 1.25, 0, -0.5, 0, 2.25, 0, 0, 0, 0, 0, 0.25] as [Float], shape: [1, 1, 3, 4]))
  }

  @Test(
    arguments: [
      (nil, 4, [5: 5, 7: 6, 13: 7, 15: 8]),
      ([1, 1, 5, 5], 5, [6: 5, 8: 6, 16: 7, 18: 8]),
    ] as [([Int64]?, Int, [Int: Float])])
  func unpooling(_ shape: [Int64]?, _ extent: Int, _ wanted: [Int: Float]) throws {
    let places = Tensor([5, 7, 13, 15] as [Int64], shape: [1, 1, 2, 2])
    var operands: [Tensor?] = [Tensor([5, 6, 7, 8] as [Float], shape: [1, 1, 2, 2]), places]
    if let shape { operands.append(Tensor(shape)) }
    let attributes: Attributes = ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])]
    expect(
      try evaluate("MaxUnpool", operands, attributes)[0],
      Tensor((0..<extent * extent).map { wanted[$0] ?? 0 }, shape: [1, 1, extent, extent]))
  }

  @Test func refusals() {
    #expect(throws: OpError.self) {
      try evaluate("GridSample", [ramp([1, 1, 3, 4]), ramp([1, 2, 3, 2])], ["mode": .string("area")])
    }
    #expect(throws: OpError.self) { try evaluate("GridSample", [ramp([1, 1, 3, 4]), ramp([1, 2, 3, 3])]) }
    #expect(throws: OpError.self) {
      try evaluate("RoiAlign", [ramp([1, 2, 4, 5]), ramp([2, 4]), Tensor([0, 1] as [Int64])])
    }
    #expect(throws: OpError.self) {
      try evaluate(
        "MaxUnpool", [ramp([1, 1, 2, 2]), Tensor([0, 1, 2, 99] as [Int64], shape: [1, 1, 2, 2])],
        ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
    }
    #expect(throws: OpError.self) {
      try evaluate("AffineGrid", [ramp([1, 2, 3]), Tensor([1, 1, -2, 3] as [Int64])])
    }
  }
}
