internal import DecantIR

/// From which version on operators take element types that their first version did not.
enum TypeTable {
  /// What a version added to an operator's operands or results.
  struct Row: Sendable {
    let since: Int
    let types: Set<DataType>
    let takesSequences: Bool
    let takesOptionals: Bool
    /// Whether only the first operand and the first result count: others had their types before.
    let isFirstOnly: Bool

    /// Whether a value of `type` came with the row.
    func adds(_ type: ValueType) -> Bool {
      switch type {
      case .tensor(let tensor): tensor.dataType.map(types.contains) ?? false
      case .sequence: takesSequences
      case .optional: takesOptionals
      default: false
      }
    }
  }

  /// The rows of `op`, the newest first.
  static func rows(of op: OpName) -> [Row] { op.domain.isEmpty ? table[op.type] ?? [] : [] }

  /// Whether `op` takes `type` at version `opset`, as far as the table tells.
  static func takes(_ type: DataType, _ op: OpName, at opset: Int) -> Bool {
    !rows(of: op).contains { $0.since > opset && $0.types.contains(type) }
  }

  private static let table = parse(text)

  private static func parse(_ text: String) -> [String: [Row]] {
    var table: [String: [Row]] = [:]
    for line in text.split(separator: ";") {
      let halves = line.split(separator: ":")
      let words = halves.first?.split(whereSeparator: \.isWhitespace) ?? []
      guard halves.count == 2, let since = words.first.flatMap({ Int($0) }) else { continue }
      let names = Set(words.dropFirst())
      let types = DataType.allCases.filter { names.contains(Substring($0.name)) || names.contains("f8") && $0.isFloat8 }
      for word in halves[1].split(whereSeparator: \.isWhitespace) {
        let op = word.split(separator: ".")[0]
        let row = Row(
          since: since, types: Set(types), takesSequences: names.contains("sequence"),
          takesOptionals: names.contains("optional"), isFirstOnly: op != word)
        table[String(op), default: []].insert(row, at: 0)
      }
    }
    return table
  }

  /// A version, the types that it brought (`f8` for those of 8 bits with a mantissa), and the operators; `.0` where only
  /// the first operand and result count.
  private static let text = """
    9 bool i8 i16 i32 i64 u8 u16 u32 u64 c64 c128 string: Constant Flatten;
    9 i32 i64 u32 u64: Gemm MatMul PRelu;
    9 i8 i16 i32 i64 u8 u16 u32 u64: Greater Less;
    9 string: Cast;
    11 i8 i16 i32 i64 u8 u16 u32 u64: Pad.0 TopK.0;
    11 i8 i16 u8 u16 u32 u64 f16 f32 f64: Equal;
    12 i32 i64: Pow;
    12 i8 i16 i32 i64 u8 u16 u32 u64: Clip Max Min;
    12 i8 u8: MaxPool ReduceMax ReduceMin;
    13 bf16: Abs Add ArgMax ArgMin Cast Ceil Clip Concat Constant DepthToSpace Div Dropout Equal Erf Exp Expand
      Flatten Floor Gather GatherElements GatherND Gemm Greater Hardmax Identity IsNaN LRN Less Log LogSoftmax
      MatMul Max Mean MeanVarianceNormalization Min Mod Mul Neg NonZero Pow Reciprocal ReduceL1 ReduceL2
      ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu
      Reshape Resize ScatterElements ScatterND Shape Sigmoid Sign Size Slice Softmax SoftmaxCrossEntropyLoss
      SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze;
    13 bool bf16 c64 c128 string: Pad;
    13 sequence: If Loop;
    14 bf16: BatchNormalization;
    14 f16 bf16: CumSum;
    14 i8 i16 i32 i64: Relu;
    14 i8 i16 u8 u16: Add Div Mul Sub;
    14 sequence: Identity;
    16 bf16: GreaterOrEqual LeakyRelu LessOrEqual PRelu Scan Where;
    16 bf16 optional: If Loop;
    16 optional: Identity;
    19 f16 bf16: DequantizeLinear QuantizeLinear;
    19 f8: Cast CastLike Constant Identity If Loop Reshape Scan Shape Size;
    19 string: Equal;
    20 bf16 f8: ConstantOfShape;
    20 bool: ReduceMax ReduceMin;
    20 f16 bf16 f8: IsInf;
    20 f8: IsNaN;
    21 f8 i4 u4: Flatten Pad Squeeze Transpose Unsqueeze;
    21 i4 u4: Cast CastLike Constant ConstantOfShape Identity If Loop Reshape Scan Shape Size;
    22 bf16: Acos Acosh Asin Asinh Atan Atanh AveragePool Bernoulli Conv ConvTranspose Cos Cosh DeformConv Det Elu
      EyeLike GRU GlobalAveragePool GlobalLpPool GlobalMaxPool GridSample HardSigmoid HardSwish
      InstanceNormalization LSTM LpNormalization LpPool MaxPool MaxRoiPool MaxUnpool Mish Multinomial
      NegativeLogLikelihoodLoss RNN RandomNormal RandomNormalLike RandomUniform RandomUniformLike RoiAlign Round
      Selu Sin Sinh Softplus Softsign Tan ThresholdedRelu;
    22 bf16 f8: Dropout;
    23 f4e2m1: Cast CastLike Constant ConstantOfShape Flatten Identity If Loop Pad Reshape Scan Shape Size Squeeze
      Transpose Unsqueeze;
    24 bf16: SplitToSequence TopK;
    24 f8e8m0: Cast CastLike Constant ConstantOfShape Flatten Identity If Loop Pad Reshape Scan Shape Size Squeeze
      Transpose Unsqueeze;
    25 i2 u2: Cast CastLike Constant ConstantOfShape Flatten Identity If Loop Pad Reshape Scan Shape Size Squeeze
      Transpose Unsqueeze;
    27 f16 bf16: Range;
    28 bf16: Compress Einsum OneHot ReverseSequence Unique;
    28 f16 f64 bf16: Celu;
    28 i8 i16 i32 i64: BitShift;
    """
}

extension DataType {
  fileprivate var isFloat8: Bool {
    switch self {
    case .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ: true
    default: false
    }
  }
}
