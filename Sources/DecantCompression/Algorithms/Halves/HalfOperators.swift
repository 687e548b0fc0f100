internal import DecantIR
internal import DecantOps

/// How an operand or a result that is float32 takes part when its node becomes half.
enum HalfSlot: Hashable {
  /// It has the type that the node computes in.
  case follows
  /// It stays float32.
  case float
  /// It may have either type, whatever the node computes in.
  case either
}

/// What each operator makes of half floats, beyond the version from which it takes them.
enum HalfOperators {
  /// How operand `index` takes part.
  static func operand(_ index: Int, of op: OpName, _ options: HalfConversionOptions) -> HalfSlot {
    if let operands = eitherOperands[op.type], op.domain.isEmpty, operands.contains(index) {
      // Whoever may read either type must be able to read the half one.
      guard let version = HalfSupport.version(of: op, in: options.type.dataType) else { return .float }
      return version <= options.opset ? .either : .float
    }
    if floatOperands[op.type]?.contains(index) ?? false { return .float }
    // The exponent takes bfloat16 later than the base.
    if op == "Pow", index == 1, options.type == .bfloat16, options.opset < 15 { return .float }
    return .follows
  }

  /// How result `index` takes part.
  static func result(_ index: Int, of op: OpName) -> HalfSlot {
    floatResults[op.type]?.contains(index) ?? false ? .float : .follows
  }

  /// The attribute that says which type the results have.
  static func typeAttribute(of op: OpName) -> String? { op.domain.isEmpty ? typeAttributes[op.type] : nil }

  /// The version from which on `op` computes in the type; nil when none does.
  static func version(of op: OpName, _ type: HalfType) -> Int? {
    if controlFlow.contains(op) { return type.castVersion }
    return HalfSupport.version(of: op, in: type.dataType)
  }

  /// Operators that hand values to their subgraphs and back.
  static let controlFlow: Set<OpName> = ["If", "Loop", "Scan"]

  /// Operators that look at a value's form or sign only.
  private static let eitherOperands: [String: Set<Int>] = [
    "Shape": [0], "Size": [0], "NonZero": [0], "IsNaN": [0], "IsInf": [0], "OptionalHasElement": [0],
    "SequenceLength": [0], "EyeLike": [0],
  ]

  /// Parameters that kernels want in float32, or that would lose digits for nothing.
  private static let floatOperands: [String: Set<Int>] = [
    "Resize": [1, 2], "Dropout": [1], "OneHot": [0, 1], "RandomNormalLike": [0], "RandomUniformLike": [0],
    "Bernoulli": [0], "MelWeightMatrix": [3, 4],
  ]

  /// Statistics that normalizations give beside their result.
  private static let floatResults: [String: Set<Int>] = [
    "LayerNormalization": [1, 2], "SimplifiedLayerNormalization": [1], "SkipLayerNormalization": [1, 2],
    "SkipSimplifiedLayerNormalization": [1, 2],
  ]

  private static let typeAttributes = [
    "EyeLike": "dtype", "SequenceEmpty": "dtype", "DequantizeLinear": "output_dtype",
  ]

  /// Whether the operator only moves, selects or compares: exact in any type, so nothing is gained or lost.
  static func isExact(_ op: OpName) -> Bool { op.domain.isEmpty && exact.contains(op.type) }

  private static let exact: Set<String> = [
    "Abs", "ArgMax", "ArgMin", "CenterCropPad", "Clip", "Compress", "Concat", "ConcatFromSequence", "ConstantOfShape",
    "DepthToSpace", "Dropout", "Equal", "Expand", "EyeLike", "Flatten", "Gather", "GatherElements", "GatherND",
    "GlobalMaxPool", "Greater", "GreaterOrEqual", "Hardmax", "Identity", "IsInf", "IsNaN", "Less", "LessOrEqual", "Max",
    "MaxPool", "MaxUnpool", "Min", "Neg", "NonZero", "OneHot", "Optional", "OptionalGetElement", "OptionalHasElement",
    "Pad", "ReduceMax", "ReduceMin", "Relu", "Reshape", "ReverseSequence", "ScatterElements", "ScatterND", "SequenceAt",
    "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert", "SequenceLength", "Shape", "Sign", "Size",
    "Slice", "SpaceToDepth", "Split", "SplitToSequence", "Squeeze", "TensorScatter", "Tile", "TopK", "Transpose",
    "Trilu",
    "Unique", "Unsqueeze", "Where",
  ]

  /// Whether the operator is one of those that half floats are for: products over many elements.
  static func isProduct(_ op: OpName) -> Bool { products.contains(op.type) }

  private static let products: Set<String> = [
    "Attention", "BiasGelu", "Conv", "ConvTranspose", "DecoderMaskedMultiHeadAttention", "DeformConv", "Einsum",
    "FusedConv", "FusedGemm", "FusedMatMul", "GRU", "Gemm", "GemmFastGelu", "GroupQueryAttention", "LSTM",
    "LinearAttention", "MatMul", "MatMulBnb4", "MatMulNBits", "MultiHeadAttention", "PackedAttention",
    "PackedMultiHeadAttention", "RNN", "TransposeMatMul",
  ]
}
