internal import DecantIR
internal import DecantRuntime

/// `Gemm` with a factor of 1 and a bias for each column.
struct GemmKernel: Kernel {
  let absorbed: Set<Int>
  private let product: MatrixProduct
  private let shape: [Int]

  static let make: OneDNNBackend.Maker = { request throws(OpError) in try make(request, nil) }
  static let fused: OneDNNBackend.FusedMaker = { request throws(OpError) in try make(request.root, request) }

  private static func make(_ request: KernelRequest, _ fused: FusedRequest?) throws(OpError) -> (any Kernel)? {
    let attributes = request.attributes
    guard let a = request.operand(0), let b = request.operand(1), a.rank == 2, b.rank == 2,
      attributes.float("alpha", default: 1) == 1, attributes.float("beta", default: 1) == 1
    else { return nil }
    let transposesA = attributes.int("transA", default: 0) != 0
    let transposesB = attributes.int("transB", default: 0) != 0
    let (m, k) = transposesA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
    let (depth, n) = transposesB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
    guard k == depth else { return nil }
    let bias = request.operand(2)
    if let bias, bias.shape != [n] && bias.shape != [1, n] { return nil }
    var epilogue = MatrixProduct.Epilogue(bias: bias == nil ? nil : 2)
    if let fused {
      guard let made = try MatrixProduct.Epilogue(fused, bias: epilogue.bias, result: [m, n], extents: [m, n]) else {
        return nil
      }
      epilogue = made
    }
    let product = try MatrixProduct(
      left: .strided([m, k], transposesA ? [1, m] : [k, 1]), right: .strided([k, n], transposesB ? [1, k] : [n, 1]),
      constant: request.constant(1), epilogue: epilogue, extents: [m, n], rightExtents: [k, n],
      threads: request.threads)
    return product.map { product in
      GemmKernel(absorbed: request.constant(1) == nil ? [] : [1], product: product, shape: [m, n])
    }
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] { [try product.run(call, shape: shape)] }
}
