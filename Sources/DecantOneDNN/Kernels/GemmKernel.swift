internal import DecantIR
internal import DecantRuntime

/// `Gemm` with a factor of 1 and a bias for each column.
struct GemmKernel: Kernel {
  let absorbed: Set<Int>
  private let product: MatrixProduct
  private let shape: [Int]
  private let hasBias: Bool

  static let make: OneDNNBackend.Maker = { request throws(OpError) in
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
    let product = try MatrixProduct(
      left: .strided([m, k], transposesA ? [1, m] : [k, 1]), right: .strided([k, n], transposesB ? [1, k] : [n, 1]),
      constant: request.constant(1), bias: bias == nil ? nil : .dense([1, n]), extents: [m, n], rightExtents: [k, n],
      threads: request.threads)
    return product.map { product in
      GemmKernel(
        absorbed: request.constant(1) == nil ? [] : [1], product: product, shape: [m, n], hasBias: bias != nil)
    }
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let b = absorbed.isEmpty ? try call.operand(1).plain() : nil
    let c = hasBias ? try call.operand(2).plain() : nil
    return [try product.run(call, b, bias: c, shape: shape)]
  }
}
