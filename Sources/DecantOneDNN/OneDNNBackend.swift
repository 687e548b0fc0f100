internal import COneDNN
public import DecantIR
public import DecantRuntime

/// Computes float convolutions, matrix products, pooling and what stands between them with oneDNN.
///
/// Activations stay in oneDNN's layouts from one of its kernels to the next; weights are packed once. libdnnl is loaded when
/// the first node asks for it.
public struct OneDNNBackend: Backend {
  /// `onednn`.
  public static let name = "onednn"

  /// Makes a kernel for a node, or nil when oneDNN has none.
  typealias Maker = @Sendable (KernelRequest) throws(OpError) -> (any Kernel)?

  /// Makes a kernel for several nodes, or nil when oneDNN has none.
  typealias FusedMaker = @Sendable (FusedRequest) throws(OpError) -> (any Kernel)?

  /// What the operators that have post-ops make with what follows them.
  private static let fusedMakers: [OpName: FusedMaker] = [
    "Conv": ConvolutionKernel.fused,
    "Gemm": GemmKernel.fused,
    "MatMul": MatMulKernel.fused,
  ]

  /// The operators that are post-ops.
  private static let steps: Set<OpName> = [
    "Add", "Clip", "Div", "Elu", "Gelu", "HardSwish", "LeakyRelu", "Mul", "Relu", "Sigmoid", "Sub", "Swish", "Tanh",
  ]

  private static let makers: [OpName: Maker] = [
    "Add": BinaryKernel.make,
    "AveragePool": PoolingKernel.average,
    "BatchNormalization": NormalizationKernel.make,
    "Clip": ElementwiseKernel.make,
    "Concat": ConcatKernel.make,
    "Conv": ConvolutionKernel.forward,
    "ConvTranspose": ConvolutionKernel.transposed,
    "Div": BinaryKernel.make,
    "Elu": ElementwiseKernel.make,
    "Gemm": GemmKernel.make,
    "GlobalAveragePool": PoolingKernel.globalAverage,
    "GlobalMaxPool": PoolingKernel.globalMaximum,
    "HardSwish": ElementwiseKernel.make,
    "LeakyRelu": ElementwiseKernel.make,
    "MatMul": MatMulKernel.make,
    "MaxPool": PoolingKernel.maximum,
    "Mul": BinaryKernel.make,
    "Relu": ElementwiseKernel.make,
    "Sigmoid": ElementwiseKernel.make,
    "Softmax": SoftmaxKernel.make,
    "Sub": BinaryKernel.make,
    "Tanh": ElementwiseKernel.make,
  ]

  /// The operators that it is for; nil for all that oneDNN has.
  private let only: Set<OpName>?

  /// The backend, for all operators or for some; oneDNN is loaded when the first node needs it.
  public init(only: Set<OpName>? = nil) { self.only = only }

  /// The operators that it computes, for float32 operands, sorted.
  public static var operators: [OpName] { makers.keys.sorted() }

  /// A kernel of oneDNN's; nil for other operators, for types other than float32, and for what oneDNN lacks.
  public func kernel(for request: KernelRequest) throws(OpError) -> (any Kernel)? {
    guard only?.contains(request.op) ?? true else { return nil }
    if request.op == "QLinearConv" {
      try Library.load()
      return try QuantizedConvolutionKernel.make(request)
    }
    guard let make = OneDNNBackend.makers[request.op], request.operands.allSatisfy(OneDNNBackend.takes) else {
      return nil
    }
    try Library.load()
    return try make(request)
  }

  /// Whether `op` can be a post-op of the first operator of `chain`.
  public func fuses(_ op: OpName, after chain: [OpName]) -> Bool {
    guard only == nil, let root = chain.first, chain.count <= Int(DECANT_POST_OPS) else { return false }
    return OneDNNBackend.fusedMakers[root] != nil && OneDNNBackend.steps.contains(op)
  }

  /// A convolution or matrix product with what follows it as post-ops; nil where oneDNN lacks one of them.
  public func kernel(for request: FusedRequest) throws(OpError) -> (any Kernel)? {
    guard only == nil, let make = OneDNNBackend.fusedMakers[request.root.op],
      request.root.operands.allSatisfy(OneDNNBackend.takes), request.extras.allSatisfy(OneDNNBackend.takes)
    else { return nil }
    try Library.load()
    return try make(request)
  }

  private static func takes(_ type: ConcreteType?) -> Bool {
    guard let type else { return true }
    return type.dataType == .float32 && type.rank <= Layout.maximumRank
      && type.shape.allSatisfy { $0 > 0 && $0 <= Int32.max }
  }
}
