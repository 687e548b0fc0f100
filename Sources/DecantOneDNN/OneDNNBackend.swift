internal import COneDNN
public import DecantBytes
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

  private static let makers: [OpName: Maker] = [
    "Add": BinaryKernel.add,
    "AveragePool": PoolingKernel.average,
    "BatchNormalization": NormalizationKernel.make,
    "Clip": ElementwiseKernel.clip,
    "Concat": ConcatKernel.make,
    "Conv": ConvolutionKernel.forward,
    "ConvTranspose": ConvolutionKernel.transposed,
    "Div": BinaryKernel.divide,
    "Elu": ElementwiseKernel.elu,
    "Gemm": GemmKernel.make,
    "GlobalAveragePool": PoolingKernel.globalAverage,
    "GlobalMaxPool": PoolingKernel.globalMaximum,
    "HardSwish": ElementwiseKernel.hardSwish,
    "LeakyRelu": ElementwiseKernel.leakyRelu,
    "MatMul": MatMulKernel.make,
    "MaxPool": PoolingKernel.maximum,
    "Mul": BinaryKernel.multiply,
    "Relu": ElementwiseKernel.relu,
    "Sigmoid": ElementwiseKernel.sigmoid,
    "Softmax": SoftmaxKernel.make,
    "Sub": BinaryKernel.subtract,
    "Tanh": ElementwiseKernel.tanh,
  ]

  /// Loads oneDNN.
  ///
  /// - Throws: `unsupported` when the machine does not have it.
  public init() throws(DecantError) {
    do throws(OpError) {
      try Library.load()
    } catch {
      throw DecantError(error)
    }
  }

  /// The operators that it computes, for float32 operands, sorted.
  public static var operators: [OpName] { makers.keys.sorted() }

  /// A kernel of oneDNN's; nil for other operators, for types other than float32, and for what oneDNN lacks.
  public func kernel(for request: KernelRequest) throws(OpError) -> (any Kernel)? {
    guard let make = OneDNNBackend.makers[request.op] else { return nil }
    for operand in request.operands {
      guard let operand else { continue }
      guard operand.dataType == .float32, operand.rank <= Layout.maximumRank,
        operand.shape.allSatisfy({ $0 > 0 && $0 <= Int32.max })
      else { return nil }
    }
    return try make(request)
  }
}
