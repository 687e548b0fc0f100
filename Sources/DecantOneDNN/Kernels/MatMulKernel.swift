internal import DecantIR
internal import DecantRuntime

/// `MatMul`: NumPy's matrix product, with leading axes as batches.
struct MatMulKernel: Kernel {
  let absorbed: Set<Int>
  private let product: MatrixProduct
  private let shape: [Int]

  static let make: OneDNNBackend.Maker = { request throws(OpError) in try make(request, nil) }
  static let fused: OneDNNBackend.FusedMaker = { request throws(OpError) in try make(request.root, request) }

  private static func make(_ request: KernelRequest, _ fused: FusedRequest?) throws(OpError) -> (any Kernel)? {
    guard let a = request.operand(0), let b = request.operand(1), a.rank >= 1, b.rank >= 1 else { return nil }
    // A vector is a row on the left and a column on the right.
    let left = a.rank == 1 ? [1] + a.shape : a.shape
    let right = b.rank == 1 ? b.shape + [1] : b.shape
    let (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    guard right[right.count - 2] == k else { return nil }
    guard let batches = broadcast(left.dropLast(2), right.dropLast(2)) else { return nil }
    var shape = batches
    if a.rank > 1 { shape.append(m) }
    if b.rank > 1 { shape.append(n) }
    let folded = fold(left, right, batches)
    var epilogue = MatrixProduct.Epilogue()
    if let fused {
      guard a.rank > 1, b.rank > 1,
        let made = try MatrixProduct.Epilogue(fused, result: shape, extents: folded.result)
      else { return nil }
      epilogue = made
    }
    let product = try MatrixProduct(
      left: .dense(folded.left), right: .dense(folded.right), constant: request.constant(1), epilogue: epilogue,
      extents: folded.result, rightExtents: folded.right, threads: request.threads)
    return product.map { product in
      MatMulKernel(absorbed: request.constant(1) == nil ? [] : [1], product: product, shape: shape)
    }
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] { [try product.run(call, shape: shape)] }

  /// Fewest axes for the same product: no batches where the right side is one matrix, one batch axis where both agree.
  private static func fold(
    _ left: [Int], _ right: [Int], _ batches: [Int]
  ) -> (left: [Int], right: [Int], result: [Int]) {
    let (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    if right.dropLast(2).allSatisfy({ $0 == 1 }) {
      let rows = left.dropLast().reduce(1, *)
      return ([rows, k], [k, n], [rows, n])
    }
    let (a, b) = (left.dropLast(2).reduce(1, *), right.dropLast(2).reduce(1, *))
    let count = batches.reduce(1, *)
    if a == count || a == 1, b == count || b == 1 { return ([a, m, k], [b, k, n], [count, m, n]) }
    func padded(_ shape: [Int]) -> [Int] {
      [Int](repeating: 1, count: batches.count + 2 - shape.count) + shape
    }
    return (padded(left), padded(right), batches + [m, n])
  }

  private static func broadcast(_ a: ArraySlice<Int>, _ b: ArraySlice<Int>) -> [Int]? {
    let rank = max(a.count, b.count)
    func extent(_ shape: ArraySlice<Int>, _ axis: Int) -> Int {
      let index = axis - (rank - shape.count)
      return index < 0 ? 1 : shape[shape.startIndex + index]
    }
    var result: [Int] = []
    for axis in 0..<rank {
      let (x, y) = (extent(a, axis), extent(b, axis))
      guard x == y || x == 1 || y == 1 else { return nil }
      result.append(max(x, y))
    }
    return result
  }
}
