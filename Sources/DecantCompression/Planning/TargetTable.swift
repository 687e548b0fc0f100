internal import DecantIR

/// The facts about targets that plans rest on, as one value with a version.
///
/// - `ort-cpu-vnni`: ONNX Runtime 1.31.1 on one core of a Zen with AVX-512 VNNI, measured: products of 384 × 1536 with 1 and
///   128 rows, and convolutions of 64 channels at batch 1, each against float32. What fuses was read off the graphs that it
///   writes after its optimizations (`optimized_model_filepath`), and `Tests/Oracles/plan.py` does so again.
/// - `ort-cpu-avx2`: three instructions (vpmaddubsw, vpmaddwd, vpaddd) for 32 products of bytes where one gives 8 products of
///   floats: 32 / 3 / 8 = 1.3. With one row reading the weights bounds both, so those figures are VNNI's. The first of the
///   three adds two products in 16 bits: 2 · 255 · 127 does not fit, 2 · 255 · 64 does.
/// - `ort-arm`: sdot gives 16 products of bytes where fmla gives 4 of floats; VNNI has the same ratio of 4 and reaches 2.9
///   of it. ONNX Runtime takes int8 activations between pairs on ARM only (`session.qdqisint8allowed`).
/// - `tflite`: LiteRT's 8-bit quantization specification: int8 activations, symmetric int8 weights, int32 biases; all of the
///   operators below have kernels on codes. No speed was measured.
/// - `generic`: nothing is known, so nothing is claimed.
enum TargetTable {
  /// Raised with every change of a fact.
  static let version = "2026-11.1"

  private static let runtimeFused: Set<String> = [
    "Conv", "MatMul", "Gemm", "Add", "Mul", "LeakyRelu", "Sigmoid", "AveragePool", "GlobalAveragePool", "Concat",
    "Softmax", "Where",
  ]
  private static let runtimeMovers: Set<String> = ["MaxPool", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice"]
  private static let runtimeFollowers: Set<String> = [
    "Flatten", "Gather", "Resize", "Split", "Expand", "Pad", "TopK", "ReduceMax", "ReduceMin",
  ]

  private static let vnni: [WorkClass: TargetProfile.Speed] = [
    .half: measured(1, 1), .staticProduct: measured(2.8, 2.9), .convolution: measured(3, 3),
    .depthwise: measured(0.7, 0.7), .firstConvolution: measured(0.52, 0.52), .unfused: measured(0.04, 0.43),
    .dynamicProduct: measured(2.6, 3.3), .dynamicConvolution: measured(0.1, 0.1), .blocks8: measured(3.2, 1.2),
    .blocks4: measured(2.9, 1), .blocks4Exact: measured(1.05, 0.9), .blocks2: measured(2, 0.48),
    .codebook: measured(0.09, 0.63),
  ]

  private static let avx2: [WorkClass: TargetProfile.Speed] = [
    .half: derived(1, 1), .staticProduct: derived(2.8, 1.3), .convolution: derived(1.3, 1.3),
    .depthwise: derived(0.7, 0.7), .firstConvolution: derived(0.52, 0.52), .unfused: derived(0.04, 0.43),
    .dynamicProduct: derived(2.6, 1.3), .dynamicConvolution: derived(0.1, 0.1), .blocks4Exact: derived(1.05, 0.9),
    .codebook: derived(0.09, 0.63),
  ]

  private static let arm: [WorkClass: TargetProfile.Speed] = [
    .half: derived(1, 1), .staticProduct: derived(2.8, 2.9), .convolution: derived(2.9, 2.9),
    .depthwise: derived(0.7, 0.7), .firstConvolution: derived(0.52, 0.52), .unfused: derived(0.04, 0.43),
    .dynamicProduct: derived(2.6, 2.9), .dynamicConvolution: derived(0.1, 0.1), .blocks4Exact: derived(1.05, 0.9),
    .codebook: derived(0.09, 0.63),
  ]

  static func profile(of target: DeploymentTarget) -> TargetProfile {
    switch target {
    case .vnni: runtime(vnni, activations: [.uint8], saturates: false)
    case .avx2: runtime(avx2, activations: [.uint8], saturates: true)
    case .arm: runtime(arm, activations: [.int8, .uint8], best: .int8, saturates: false)
    case .tflite:
      TargetProfile(
        fused: runtimeFused.union([
          "ConvTranspose", "Sub", "Tanh", "HardSwish", "Relu", "Clip", "ReduceMean", "Resize", "PRelu", "LogSoftmax",
        ]),
        givesFloats: [], movers: runtimeMovers.union(["Flatten"]),
        followers: runtimeFollowers, weighted: [], activationTypes: [.int8], activationType: .int8, saturates: false,
        largestBlock: nil, speeds: [:])
    case .generic:
      TargetProfile(
        fused: [], givesFloats: [], movers: [], followers: [], weighted: [], activationTypes: [],
        activationType: .uint8,
        saturates: false, largestBlock: nil, speeds: [:])
    }
  }

  private static func runtime(
    _ speeds: [WorkClass: TargetProfile.Speed], activations: Set<DataType>, best: DataType = .uint8, saturates: Bool
  ) -> TargetProfile {
    TargetProfile(
      fused: runtimeFused, givesFloats: ["MatMul", "Gemm"], movers: runtimeMovers, followers: runtimeFollowers,
      weighted: ["Conv", "ConvTranspose", "Gemm"],
      activationTypes: activations, activationType: best, saturates: saturates, largestBlock: 256, speeds: speeds)
  }

  private static func measured(_ oneRow: Double, _ manyRows: Double) -> TargetProfile.Speed {
    TargetProfile.Speed(oneRow: oneRow, manyRows: manyRows, basis: .measured)
  }

  private static func derived(_ oneRow: Double, _ manyRows: Double) -> TargetProfile.Speed {
    TargetProfile.Speed(oneRow: oneRow, manyRows: manyRows, basis: .derived)
  }
}
