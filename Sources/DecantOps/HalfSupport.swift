public import DecantIR

/// From which version of its operator set each operator computes in float16 and in bfloat16.
///
/// Facts of the ONNX specification, and of ONNX Runtime's operators in `com.microsoft`. An operator that is not listed takes
/// no half floats at all.
public enum HalfSupport {
  /// The first version in which `op` takes `type` where it takes float32; nil when none does.
  public static func version(of op: OpName, in type: DataType) -> Int? {
    guard let entry = tables[op.domain]?[op.type] else { return nil }
    switch type {
    case .float16: return entry.float16
    case .bfloat16: return entry.bfloat16
    default: return nil
    }
  }

  private struct Entry: Sendable {
    let float16: Int?
    let bfloat16: Int?
  }

  private static let tables: [String: [String: Entry]] = ["": parse(core), "com.microsoft": parse(microsoft)]

  /// Reads `Name float16 bfloat16; …`, where the second number may be missing.
  private static func parse(_ text: String) -> [String: Entry] {
    var table: [String: Entry] = [:]
    for line in text.split(separator: ";") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\n" })
      guard let name = words.first else { continue }
      let versions = words.dropFirst().map { Int($0) }
      table[String(name)] = Entry(float16: versions.first ?? nil, bfloat16: versions.count > 1 ? versions[1] : nil)
    }
    return table
  }

  /// Operators of `ai.onnx`. Control flow and casts are not here: they pass on what they are given.
  private static let core = """
    Abs 1 13; Acos 7 22; Acosh 9 22; Add 1 13; AffineGrid 20 20; ArgMax 1 13; ArgMin 1 13; Asin 7 22; Asinh 9 22;
    Atan 7 22; Atanh 9 22; Attention 23 23; AveragePool 1 22; BatchNormalization 1 14; Bernoulli 15 22;
    BlackmanWindow 17 17; CausalConvWithState 27 27; Ceil 1 13; Celu 28 28; CenterCropPad 18 18; Clip 1 13;
    Col2Im 18 18; Compress 9 28; Concat 1 13; ConcatFromSequence 11; ConstantOfShape 9 20; Conv 1 22;
    ConvTranspose 1 22; Cos 7 22; Cosh 9 22; CumProd 26 26; CumSum 14 14; DFT 17 17; DeformConv 19 22;
    DepthToSpace 1 13; DequantizeLinear 19 19; Det 11 22; Div 1 13; Dropout 1 13; Einsum 12 28; Elu 1 22; Equal 11 13;
    Erf 9 13; Exp 1 13; Expand 8 13; EyeLike 9 22; Flatten 1 13; Floor 1 13; GRU 1 22; Gather 1 13;
    GatherElements 11 13; GatherND 11 13; Gelu 20 20; Gemm 1 13; GlobalAveragePool 1 22; GlobalLpPool 1 22;
    GlobalMaxPool 1 22; Greater 1 13; GreaterOrEqual 12 16; GridSample 16 22; GroupNormalization 18 18;
    HammingWindow 17 17; HannWindow 17 17; HardSigmoid 1 22; HardSwish 14 22; Hardmax 1 13; Identity 1 13;
    InstanceNormalization 1 22; IsInf 20 20; IsNaN 9 13; LRN 1 13; LSTM 1 22; LayerNormalization 17 17;
    LeakyRelu 1 16; Less 1 13; LessOrEqual 12 16; LinearAttention 27 27; Log 1 13; LogSoftmax 1 13;
    LpNormalization 1 22; LpPool 1 22; MatMul 1 13; Max 1 13; MaxPool 1 22; MaxRoiPool 1 22; MaxUnpool 9 22;
    Mean 1 13; MeanVarianceNormalization 9 13; MelWeightMatrix 17 17; Min 1 13; Mish 18 22; Mod 10 13; Mul 1 13;
    Multinomial 7 22; Neg 1 13; NegativeLogLikelihoodLoss 12 22; NonZero 9 13; OneHot 9 28; Optional 15 28;
    OptionalGetElement 15 28; OptionalHasElement 15 28; PRelu 1 16; Pad 1 13; Pow 1 13; QuantizeLinear 19 19;
    RMSNormalization 23 23; RNN 1 22; RandomNormal 1 22; RandomNormalLike 1 22; RandomUniform 1 22;
    RandomUniformLike 1 22; Range 27 27; Reciprocal 1 13; ReduceL1 1 13; ReduceL2 1 13; ReduceLogSum 1 13;
    ReduceLogSumExp 1 13; ReduceMax 1 13; ReduceMean 1 13; ReduceMin 1 13; ReduceProd 1 13; ReduceSum 1 13;
    ReduceSumSquare 1 13; Relu 1 13; Reshape 1 13; Resize 10 13; ReverseSequence 10 28; RoiAlign 10 22;
    RotaryEmbedding 23 23; Round 11 22; STFT 17 17; ScatterElements 11 13; ScatterND 11 13; Selu 1 22; SequenceAt 11;
    SequenceConstruct 11; SequenceEmpty 11; SequenceErase 11; SequenceInsert 11; SequenceLength 11; SequenceMap 17;
    Shape 1 13; Shrink 9; Sigmoid 1 13; Sign 9 13; SimplifiedLayerNormalization 1 1; Sin 7 22; Sinh 9 22; Size 1 13;
    Slice 1 13; Softmax 1 13; SoftmaxCrossEntropyLoss 12 13; Softplus 1 22; Softsign 1 22; SpaceToDepth 1 13;
    Split 1 13; SplitToSequence 11 24; Sqrt 1 13; Squeeze 1 13; Sub 1 13; Sum 1 13; SwiGLU 28 28; Swish 24 24;
    Tan 7 22; Tanh 1 13; TensorScatter 24 24; ThresholdedRelu 10 22; Tile 1 13; TopK 1 24; Transpose 1 13; Trilu 14 14;
    Unique 11 28; Unsqueeze 1 13; Where 9 16;
    """

  /// Operators of `com.microsoft`, which has one version.
  private static let microsoft = """
    Attention 1 1; BiasAdd 1; BiasGelu 1 1; BiasSoftmax 1; BiasSplitGelu 1; DecoderMaskedMultiHeadAttention 1;
    EmbedLayerNormalization 1; FastGelu 1 1; FusedConv 1; FusedGemm 1; FusedMatMul 1 1; GatherBlockQuantized 1 1;
    Gelu 1 1; GemmFastGelu 1 1; GroupNorm 1; GroupQueryAttention 1 1; Inverse 1; MatMulBnb4 1 1; MatMulNBits 1 1;
    MultiHeadAttention 1 1; PackedAttention 1; PackedMultiHeadAttention 1; QuickGelu 1 1; RelativePositionBias 1;
    RotaryEmbedding 1 1; SkipLayerNormalization 1 1; SkipSimplifiedLayerNormalization 1 1; TransposeMatMul 1 1;
    Trilu 1 1;
    """
}
