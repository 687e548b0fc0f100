internal import COneDNN
internal import DecantIR
internal import DecantRuntime

/// A function of a plain tensor and one that is repeated over its first axes, as a bias is, or over all, as a scalar.
struct BroadcastKernel: Kernel {
  private let primitive: Primitive
  private let shape: [Int]
  /// Which operand is the large one.
  private let large: Int
  private let rows: Layout
  private let row: Layout

  /// Nil unless the smaller operand's shape is the end of the larger one's; `commutes` allows it to come first.
  init?(_ request: KernelRequest, _ algorithm: dnnl_alg_kind_t, commutes: Bool) throws(OpError) {
    guard let a = request.operand(0), let b = request.operand(1) else { return nil }
    let swaps = commutes && a.shape.reduce(1, *) < b.shape.reduce(1, *)
    let (big, small) = swaps ? (b.shape, a.shape) : (a.shape, b.shape)
    let end = small.drop { $0 == 1 }
    guard small.count <= big.count, big.suffix(end.count) == end else { return nil }
    let (count, inner) = (big.reduce(1, *), end.reduce(1, *))
    let rows = try Layout.dense(end.isEmpty ? [1, count] : [count / inner, inner])
    let row = try Layout.dense([1, inner])
    let made = try Primitive.make(threads: Primitive.threads(request.threads, elements: big)) { made, threads in
      unsafe decant_dnnl_binary(&made, threads, algorithm, rows.pointer, row.pointer, rows.pointer)
    }
    guard let made else { return nil }
    primitive = made
    shape = big
    large = swaps ? 1 : 0
    self.rows = rows
    self.row = row
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let big = Content.tensor(try call.operand(large).plain().aligned, rows)
    let small = Content.tensor(try call.operand(1 - large).plain().aligned, row)
    return [.plain(try primitive.plainResult([.source(big), .second(small)], shape: shape, byteLimit: call.byteLimit))]
  }
}
