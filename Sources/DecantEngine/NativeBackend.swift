internal import CKernels
internal import DecantBytes
public import DecantIR
internal import DecantOps
internal import DecantPasses
public import DecantRuntime

/// Rewrites models into the operators that run fast, and computes with kernels of our own what oneDNN does slowly or not at all.
public struct NativeBackend: Backend {
  /// `native`.
  public static let name = "native"

  /// Makes a kernel for a node, or nil when there is none for these types.
  typealias Maker = @Sendable (KernelRequest) throws(OpError) -> (any Kernel)?

  /// Makes a kernel for several nodes, or nil when there is none for these types.
  typealias FusedMaker = @Sendable (FusedRequest) throws(OpError) -> (any Kernel)?

  /// The operators that take what follows them into their kernel.
  private static let fusedMakers: [OpName: FusedMaker] = [
    "Conv": ConvolutionKernel.fused,
    "Gemm": ProductKernel.fusedGemm,
    "MatMul": ProductKernel.fusedMatMul,
  ]

  /// The most nodes that one kernel computes.
  private static let longestChain = 5

  /// One line an operator, sorted.
  private static let makers: [OpName: Maker] = [
    "Abs": FunctionKernel.make(DECANT_ABSOLUTE),
    "Add": ArithmeticKernel.make(DECANT_ADD),
    "And": ComparisonKernel.make(DECANT_AND),
    "Attention": AttentionKernel.standard,
    "AveragePool": PoolingKernel.average,
    "Cast": CastKernel.make,
    "Concat": ConcatKernel.make,
    "Conv": ConvolutionKernel.make,
    "DequantizeLinear": DequantizeKernel.make,
    "Div": ArithmeticKernel.make(DECANT_DIVIDE),
    "DynamicQuantizeLinear": DynamicQuantizeKernel.make,
    "Equal": ComparisonKernel.make(DECANT_EQUAL),
    "Erf": FunctionKernel.make(DECANT_ERF),
    "Exp": FunctionKernel.make(DECANT_EXP),
    "Expand": ExpandKernel.make,
    "Flatten": ViewKernel.flatten,
    "Gather": GatherKernel.make,
    "GatherND": PlaceGatherKernel.make,
    "Gelu": FunctionKernel.gelu,
    "GRU": RecurrentKernel.gru,
    "GlobalAveragePool": PoolingKernel.globalAverage,
    "GlobalMaxPool": PoolingKernel.globalMaximum,
    "Greater": ComparisonKernel.make(DECANT_GREATER),
    "GreaterOrEqual": ComparisonKernel.make(DECANT_GREATER_OR_EQUAL),
    "Gemm": ProductKernel.gemm,
    "GroupNormalization": GroupNormalizationKernel.groups,
    "Identity": ViewKernel.identity,
    "InstanceNormalization": GroupNormalizationKernel.instances,
    "LSTM": RecurrentKernel.lstm,
    "LayerNormalization": RowNormalizationKernel.layer,
    "Less": ComparisonKernel.make(DECANT_LESS),
    "LessOrEqual": ComparisonKernel.make(DECANT_LESS_OR_EQUAL),
    "MatMul": ProductKernel.matMul,
    "MatMulInteger": CodeProduct.sums,
    "Max": ArithmeticKernel.make(DECANT_MAXIMUM),
    "MaxPool": PoolingKernel.maximum,
    "Min": ArithmeticKernel.make(DECANT_MINIMUM),
    "Mul": ArithmeticKernel.make(DECANT_MULTIPLY),
    "Neg": FunctionKernel.make(DECANT_NEGATE),
    "Or": ComparisonKernel.make(DECANT_OR),
    "Pad": PadKernel.make,
    "Pow": FunctionKernel.power,
    "QLinearConv": CodeConvolution.make,
    "QLinearMatMul": CodeProduct.quantized,
    "QuantizeLinear": QuantizeKernel.make,
    "RMSNormalization": RowNormalizationKernel.rootMeanSquare,
    "Reciprocal": FunctionKernel.make(DECANT_RECIPROCAL),
    "ReduceMean": ReductionKernel.mean,
    "ReduceSum": ReductionKernel.sum,
    "Relu": FunctionKernel.make(DECANT_RECTIFY),
    "Reshape": ViewKernel.reshape,
    "Sigmoid": FunctionKernel.make(DECANT_SIGMOID),
    "Sign": FunctionKernel.make(DECANT_SIGN),
    "SimplifiedLayerNormalization": RowNormalizationKernel.rootMeanSquare,
    "Slice": MovementKernel.slice,
    "Softmax": SoftmaxKernel.make,
    "Split": SplitKernel.make,
    "Sqrt": FunctionKernel.make(DECANT_SQUARE_ROOT),
    "Squeeze": ViewKernel.squeeze,
    "Sub": ArithmeticKernel.make(DECANT_SUBTRACT),
    "Swish": FunctionKernel.swish(alpha: 1),
    "Tanh": FunctionKernel.make(DECANT_TANH),
    "Tile": MovementKernel.tile,
    "Transpose": MovementKernel.transpose,
    "Unsqueeze": ViewKernel.unsqueeze,
    "Where": SelectKernel.make,
    "Xor": ComparisonKernel.make(DECANT_DIFFER),
    .microsoft("BiasGelu"): FunctionKernel.make(DECANT_GELU, bias: 1),
    .microsoft("FastGelu"): FunctionKernel.make(DECANT_GELU_BY_TANH, bias: 1),
    .microsoft("GatherBlockQuantized"): BlockTable.make,
    .microsoft("Gelu"): FunctionKernel.make(DECANT_GELU),
    .microsoft("MatMulIntegerToFloat"): CodeProduct.floats,
    .microsoft("MatMulNBits"): BlockProduct.make,
    .microsoft("MultiHeadAttention"): AttentionKernel.multiHead,
    .microsoft("QGemm"): CodeProduct.gemm,
    .microsoft("QLinearAdd"): CodePairing.add,
    .microsoft("QLinearAveragePool"): CodeAverage.make,
    .microsoft("QLinearConcat"): CodeConcat.make,
    .microsoft("QLinearGlobalAveragePool"): CodeGlobalAverage.make,
    .microsoft("QLinearLeakyRelu"): CodeTable.make,
    .microsoft("QLinearMul"): CodePairing.multiply,
    .microsoft("QLinearSigmoid"): CodeTable.make,
    .microsoft("QLinearSoftmax"): CodeSoftmax.make,
    .microsoft("QuickGelu"): FunctionKernel.swish(alpha: 1.702),
    .microsoft("SkipLayerNormalization"): SumNormalizationKernel.layer,
    .microsoft("SkipSimplifiedLayerNormalization"): SumNormalizationKernel.rootMeanSquare,
  ]

  /// The backend.
  public init() {}

  /// Whether the processor multiplies and adds four codes at once.
  public static var hasDotProducts: Bool { decant_has_dot_products() != 0 }

  /// The operators that it computes, sorted.
  public static var operators: [OpName] { makers.keys.sorted() }

  /// Brings patterns into the operators that have fast kernels (``EngineRules``).
  ///
  /// Where inference refuses what the model declares of inner values, they are forgotten. A model that it refuses still stays as it
  /// is written, and a note says why: what is wrong may lie in a branch that is never taken, and a node that is reached says itself
  /// what is wrong with it.
  public func prepare(_ model: inout Model) -> [String] {
    guard rewrite(&model) != nil else { return [] }
    var undeclared = model
    undeclared.graph.forgetResultTypes()
    if let reason = rewrite(&undeclared) { return ["the model runs as it is written, slower: \(reason)"] }
    model = undeclared
    return []
  }

  /// Applies the rules; gives the reason and leaves the model where it cannot.
  private func rewrite(_ model: inout Model) -> String? {
    var rewritten = model
    do {
      _ = try EngineRules.pipeline.run(on: &rewritten)
    } catch {
      return (error as? DecantError)?.message ?? "\(error)"
    }
    model = rewritten
    return nil
  }

  /// A kernel of our own; nil for other operators and types.
  public func kernel(for request: KernelRequest) throws(OpError) -> (any Kernel)? {
    guard let make = NativeBackend.makers[request.op] else { return nil }
    return try make(request)
  }

  /// Whether `op` may end what the first operator of `chain` computes.
  public func fuses(_ op: OpName, after chain: [OpName]) -> Bool {
    guard let root = chain.first, chain.count < NativeBackend.longestChain else { return false }
    return NativeBackend.fusedMakers[root] != nil && Ending.operators.contains(op)
  }

  /// A convolution or product with what follows it; nil where it is none, or something else follows.
  public func kernel(for request: FusedRequest) throws(OpError) -> (any Kernel)? {
    try NativeBackend.fusedMakers[request.root.op]?(request)
  }
}
