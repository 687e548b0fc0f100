internal import COneDNN
internal import DecantIR
internal import DecantRuntime

/// A matrix product of plain tensors; constant right sides are packed once.
struct MatrixProduct: Sendable {
  /// What becomes of each row of the product before it is written.
  struct Epilogue: Sendable {
    /// Which operand of the call is added to each row; nil without.
    var bias: Int?
    var steps = PostOps.none
    /// Which operand of the call is the first extra.
    var firstExtra = 0

    /// Only a bias.
    init(bias: Int? = nil) { self.bias = bias }

    /// What follows the root of `request`, whose result has the shape `result`, which the product sees as `extents`; nil where
    /// oneDNN cannot. `bias` is the root's own.
    init?(_ request: FusedRequest, bias: Int? = nil, result: [Int], extents: [Int]) throws(OpError) {
      firstExtra = request.place(ofExtra: 0)
      self.bias = bias
      var first = 0
      if bias == nil, let step = request.steps.first, step.op == "Add",
        let position = step.operands.firstIndex(of: .result), case .extra(let extra) = step.operands[1 - position],
        request.extras[extra].shape.last == extents.last,
        request.extras[extra].shape.dropLast().allSatisfy({ $0 == 1 }), request.extras[extra].rank <= result.count
      {
        self.bias = firstExtra + extra
        first = 1
      }
      let steps = try PostOps(request, from: first) { (shape) throws(OpError) in
        guard shape.count <= result.count else { return nil }
        let padded = [Int](repeating: 1, count: result.count - shape.count) + shape
        if padded == result { return (extents, try .dense(extents)) }
        guard padded.dropLast().allSatisfy({ $0 == 1 }), let columns = extents.last, padded.last == columns else {
          return nil
        }
        let row = [Int](repeating: 1, count: extents.count - 1) + [columns]
        return (row, try .dense(row))
      }
      guard let steps else { return nil }
      self.steps = steps
    }
  }

  private let primitive: Primitive
  private let left: Layout
  private let right: Right
  private let bias: Layout?
  private let epilogue: Epilogue
  private let reorders: Reorders

  private enum Right: Sendable {
    case packed(Content)
    /// Given with each call, in this layout.
    case given(Layout)
  }

  /// A product of operands that lie as `left` and `right` say, into a row-major result of `extents`; nil when oneDNN has none.
  init?(
    left: Layout, right: Layout, constant: Tensor?, epilogue: Epilogue, extents: [Int], rightExtents: [Int],
    threads: Int
  ) throws(OpError) {
    guard Layout.fits(extents), let columns = extents.last else { return nil }
    let result = try Layout.dense(extents)
    let weights = constant == nil ? right : try Layout.any(rightExtents)
    let bias: Layout? =
      epilogue.bias == nil ? nil : try .dense([Int](repeating: 1, count: extents.count - 1) + [columns])
    let useful = Primitive.threads(threads, operations: extents.reduce(2, *), rightExtents.dropLast().last ?? 1)
    let made = try Primitive.make(threads: useful) { made, threads in
      unsafe epilogue.steps.withC { steps in
        unsafe decant_dnnl_matmul(
          &made, threads, left.pointer, weights.pointer, bias?.pointer, result.pointer, steps)
      }
    }
    guard let made else { return nil }
    primitive = made
    self.left = left
    self.bias = bias
    self.epilogue = epilogue
    reorders = Reorders(threads: threads)
    if let constant {
      self.right = .packed(try reorders.convert(.tensor(constant.aligned, right), to: made.weights))
    } else {
      self.right = .given(right)
    }
  }

  /// The product of the call's operands 0 and 1, unless that was packed, as `shape`.
  func run(_ call: KernelCall, shape: [Int]) throws(OpError) -> RuntimeTensor {
    var arguments = [Primitive.Argument.source(.tensor(try call.operand(0).plain().aligned, left))]
    switch right {
    case .packed(let content): arguments.append(.weights(content))
    case .given(let layout): arguments.append(.weights(.tensor(try call.operand(1).plain().aligned, layout)))
    }
    if let bias, let place = epilogue.bias {
      arguments.append(.bias(.tensor(try call.operand(place).plain().aligned, bias)))
    }
    arguments += try epilogue.steps.arguments(call, primitive, offset: epilogue.firstExtra, reorders)
    return .plain(try primitive.plainResult(arguments, shape: shape, byteLimit: call.byteLimit))
  }
}
