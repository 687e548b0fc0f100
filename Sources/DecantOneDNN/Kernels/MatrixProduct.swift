internal import COneDNN
internal import DecantIR
internal import DecantRuntime

/// A matrix product of plain tensors; constant right sides are packed once.
struct MatrixProduct: Sendable {
  private let primitive: Primitive
  private let left: Layout
  private let right: Right
  private let bias: Layout?
  private let reorders: Reorders

  private enum Right: Sendable {
    case packed(Content)
    /// Given with each call, in this layout.
    case given(Layout)
  }

  /// A product of operands that lie as `left` and `right` say, into a row-major result; nil when oneDNN has none.
  init?(
    left: Layout, right: Layout, constant: Tensor?, bias: Layout?, extents: [Int], rightExtents: [Int], threads: Int
  ) throws(OpError) {
    guard Layout.fits(extents) else { return nil }
    let result = try Layout.dense(extents)
    let weights = constant == nil ? right : try Layout.any(rightExtents)
    let made = try Primitive.make(threads: threads) { made, threads in
      unsafe withUnsafePointer(to: left.description) { left in
        unsafe withUnsafePointer(to: weights.description) { weights in
          unsafe withUnsafePointer(to: result.description) { result in
            guard let bias else { return unsafe decant_dnnl_matmul(&made, threads, left, weights, nil, result) }
            return unsafe withUnsafePointer(to: bias.description) { bias in
              unsafe decant_dnnl_matmul(&made, threads, left, weights, bias, result)
            }
          }
        }
      }
    }
    guard let made else { return nil }
    primitive = made
    self.left = left
    self.bias = bias
    reorders = Reorders(threads: threads)
    if let constant {
      self.right = .packed(try reorders.convert(.tensor(constant.aligned, right), to: made.weights))
    } else {
      self.right = .given(right)
    }
  }

  /// The product of the call's operand 0 and `b`, which is nil when it was packed, as `shape`.
  func run(_ call: KernelCall, _ b: Tensor?, bias c: Tensor?, shape: [Int]) throws(OpError) -> RuntimeTensor {
    var arguments = [Primitive.Argument.source(.tensor(try call.operand(0).plain().aligned, left))]
    switch right {
    case .packed(let content): arguments.append(.weights(content))
    case .given(let layout):
      guard let b else { throw OpError("operand 1 is missing") }
      arguments.append(.weights(.tensor(b.aligned, layout)))
    }
    if let bias {
      guard let c else { throw OpError("operand 2 is missing") }
      arguments.append(.bias(.tensor(c.aligned, bias)))
    }
    return .plain(try primitive.plainResult(arguments, shape: shape, byteLimit: call.byteLimit))
  }
}
