internal import COneDNN
internal import DecantIR
internal import DecantRuntime

/// What a primitive does to each element of its result before it writes it.
struct PostOps: Sendable {
  private let steps: [Step]

  private enum Step: Sendable {
    case function(ElementFunction)
    /// Of the element and that of an extra of the request, which lies as `layout` says under the extents `shape`.
    case pair(dnnl_alg_kind_t, Layout, extra: Int, shape: [Int])
  }

  /// None.
  static let none = PostOps(steps: [])

  private init(steps: [Step]) { self.steps = steps }

  /// The steps of `request` from the one at `first` on; nil where one is no post-op. `place` gives the extents and the layout
  /// in which the primitive sees an extra of this shape; nil where it cannot.
  init?(
    _ request: FusedRequest, from first: Int = 0, place: ([Int]) throws(OpError) -> (shape: [Int], layout: Layout)?
  ) throws(OpError) {
    var steps: [Step] = []
    for step in request.steps.dropFirst(first) {
      if let function = PostOps.function(step, request) {
        steps.append(.function(function))
        continue
      }
      guard let pair = PairFunction.known[step.op], step.operands.count == 2,
        let position = step.operands.firstIndex(of: .result), case .extra(let extra) = step.operands[1 - position],
        request.extras[extra].dataType == .float32, position == 0 || pair.commutes,
        let (shape, layout) = try place(request.extras[extra].shape)
      else { return nil }
      steps.append(.pair(pair.algorithm, layout, extra: extra, shape: shape))
    }
    guard steps.count <= Int(DECANT_POST_OPS) else { return nil }
    self.steps = steps
  }

  /// The function of one element that a step is.
  private static func function(_ step: EpilogueStep, _ request: FusedRequest) -> ElementFunction? {
    func constant(_ operand: EpilogueStep.Operand) -> Float? {
      guard case .extra(let extra) = operand, let tensor = request.extraConstants[extra], tensor.elementCount == 1
      else { return nil }
      return tensor.floats?.first
    }
    if let pair = PairFunction.known[step.op] {
      guard step.operands.count == 2, let position = step.operands.firstIndex(of: .result),
        let scalar = constant(step.operands[1 - position])
      else { return nil }
      return pair.function(with: scalar, isFirst: position == 1)
    }
    guard step.operands.first == .result else { return nil }
    return ElementFunction(step.op, step.attributes) { index in
      guard index < step.operands.count, step.operands[index] != .absent else { return .absent }
      return constant(step.operands[index]).map { .constant($0) } ?? .computed
    }
  }

  /// Calls `body` with the steps as C has them; nil without any.
  func withC<Result>(_ body: (UnsafePointer<decant_post_ops>?) -> Result) -> Result {
    guard !steps.isEmpty else { return body(nil) }
    var list: [decant_post_op] = unsafe []
    for step in steps {
      switch step {
      case .function(let function):
        unsafe list.append(
          decant_post_op(algorithm: function.algorithm, alpha: function.alpha, beta: function.beta, operand: nil))
      case .pair(let algorithm, let layout, _, _):
        unsafe list.append(decant_post_op(algorithm: algorithm, alpha: 0, beta: 0, operand: layout.pointer))
      }
    }
    return unsafe list.withUnsafeBufferPointer { list in
      let all = unsafe decant_post_ops(count: Int32(list.count), steps: list.baseAddress)
      return unsafe withUnsafePointer(to: all) { unsafe body($0) }
    }
  }

  /// The arguments that `primitive` needs for the steps; extra `i` of the request is operand `offset + i` of the call.
  func arguments(
    _ call: KernelCall, _ primitive: Primitive, offset: Int, _ reorders: Reorders
  ) throws(OpError) -> [Primitive.Argument] {
    var arguments: [Primitive.Argument] = []
    for (index, step) in steps.enumerated() {
      guard case .pair(_, _, let extra, let shape) = step else { continue }
      let content = try reorders.place(call.operand(offset + extra), primitive.postOperand(index), shape: shape)
      arguments.append(.postOperand(index, content))
    }
    return arguments
  }
}
