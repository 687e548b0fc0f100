public import DecantIR
public import DecantRuntime

/// Computes what is so small that a call of a library would cost more than the work itself, and leaves all else to the backends
/// after it.
public struct SmallWork: Backend {
  /// `small`.
  public static let name = "small"

  /// The most elements of an operand of ``operators``: some microseconds of work.
  private static let mostElements = 1 << 13
  private static let operators: Set<OpName> = [
    "Add", "Concat", "Div", "MaxPool", "Mul", "Relu", "Sigmoid", "Softmax", "Sub", "Tanh",
  ]

  private let native = NativeBackend()

  /// The backend.
  public init() {}

  /// A kernel of our own for little work.
  public func kernel(for request: KernelRequest) throws(OpError) -> (any Kernel)? {
    if let product = RowProductKernel(request) { return product }
    guard SmallWork.operators.contains(request.op),
      request.operands.allSatisfy({ ($0?.shape.reduce(1, *) ?? 0) <= SmallWork.mostElements })
    else { return nil }
    return try native.kernel(for: request)
  }

  /// Whether a product may be rectified in one step.
  public func fuses(_ op: OpName, after chain: [OpName]) -> Bool {
    switch (chain, op) {
    case (["Gemm"], "Relu"), (["MatMul"], "Add"), (["MatMul"], "Relu"), (["MatMul", "Add"], "Relu"): true
    default: false
    }
  }

  /// A small product with its bias and rectifier.
  public func kernel(for request: FusedRequest) throws(OpError) -> (any Kernel)? {
    RowProductKernel(request.root, request.steps, request.extraConstants)
  }
}
