internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// Sums and means of a float32 tensor over axes that lie side by side.
struct ReductionKernel: Kernel {
  let absorbed: Set<Int>
  private let type: ConcreteType
  /// The elements before, along and behind the axes.
  private let extents: (outer: Int, length: Int, inner: Int)
  private let isMean: Bool
  private let threads: Int

  static let mean: NativeBackend.Maker = { (request) throws(OpError) in try ReductionKernel(request, isMean: true) }
  static let sum: NativeBackend.Maker = { (request) throws(OpError) in try ReductionKernel(request, isMean: false) }

  private init?(_ request: KernelRequest, isMean: Bool) throws(OpError) {
    guard let x = request.operand(0, of: .float32), x.rank >= 1 else { return nil }
    var axes = Array(x.shape.indices)
    if request.operand(1) != nil {
      guard let given = request.constant(1)?.integers, !given.isEmpty else { return nil }
      axes = []
      for axis in given { axes.append(try normalizeAxis(axis, rank: x.rank, name: "axes")) }
      axes.sort()
    } else {
      guard request.attributes.int("noop_with_empty_axes", default: 0) == 0 else { return nil }
    }
    let (first, last) = (axes[0], axes[axes.count - 1])
    guard axes == Array(first...last) else { return nil }
    let keeps = request.attributes.int("keepdims", default: 1) != 0
    type = ConcreteType(
      .float32, x.shape[..<first] + (keeps ? axes.map { _ in 1 } : []) + x.shape[(last + 1)...])
    extents = (
      x.shape[..<first].reduce(1, *), x.shape[first...last].reduce(1, *), x.shape[(last + 1)...].reduce(1, *)
    )
    self.isMean = isMean
    absorbed = request.operand(1) == nil ? [] : [1]
    threads = request.threads
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let x = try call.source(0)
    let (outer, length, inner) = extents
    let divisor: Float = isMean ? Float(length) : 1
    let result = try call.make(type, from: [x]) { target in
      Shares.forEach(outer, cost: length * inner, threads: threads) { range in
        let start = range.lowerBound * length * inner
        if inner == 1 {
          unsafe decant_sum_rows_f32(
            x.floats(at: start), range.count, length, divisor, target.floats(at: range.lowerBound))
        } else {
          unsafe decant_sum_columns_f32(
            x.floats(at: start), range.count, length, inner, divisor, target.floats(at: range.lowerBound * inner))
        }
      }
    }
    return [result]
  }
}
