internal import DecantIR

/// Choosing between values, and limiting them.
enum Selection {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Clip", schema: OpSchema(since: 1, reads: ["input", "min?", "max?"]), infer: Infer.sameType, evaluate: clip,
      quantization: .arithmetic),
    OpDefinition(
      "PRelu", schema: OpSchema(since: 1, reads: ["X", "slope"], gives: ["Y"]), infer: Infer.sameType,
      evaluate: parametricRelu),
    OpDefinition(
      "Where", schema: OpSchema(since: 9, reads: ["condition", "X", "Y"]), infer: inferWhere,
      propagate: propagateWhere, evaluate: select, quantization: .arithmetic),
  ]

  @Sendable static func inferWhere(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    if let type = context.dataType(0), type != .bool { throw OpError("expected a condition of bools, got \(type)") }
    let shape = try Broadcast.shape([context.shape(0), context.shape(1), context.shape(2)])
    return [.tensor(TensorType(try context.commonDataType(from: 1), shape))]
  }

  /// The condition is known where it was propagated as 1 or 0, or is a constant.
  @Sendable private static func propagateWhere(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    var condition = context.symbols(0)
    if condition == nil, let tensor = context.constant(0), tensor.rank <= 1, tensor.elementCount <= 1024,
      let values = tensor.array(of: Boolean.self)
    {
      condition = SymbolicTensor(elements: values.map { $0.value ? 1 : 0 }, isScalar: tensor.rank == 0)
    }
    guard let condition, let x = context.symbols(1), let y = context.symbols(2) else { return [nil] }
    let count = max(condition.elements.count, x.elements.count, y.elements.count)
    let all = [condition, x, y]
    guard all.allSatisfy({ $0.elements.count == count || $0.elements.count == 1 }), count > 0 else { return [nil] }
    let elements = (0..<count).map { index -> Dimension in
      let parts = all.map { $0.elements.count == 1 ? $0.elements[0] : $0.elements[index] }
      switch parts[0] {
      case .fixed(1): return parts[1]
      case .fixed(0): return parts[2]
      default: return parts[1] == parts[2] ? parts[1] : .unknown
      }
    }
    return [SymbolicTensor(elements: elements, isScalar: all.allSatisfy(\.isScalar))]
  }

  @Sendable static func select(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let condition = try context.operand(0)
    guard let truths = condition.array(of: Boolean.self) else {
      throw context.expected("a condition of bools", condition)
    }
    let (x, y) = (try context.operand(1), try context.operand(2))
    let plan = try BroadcastPlan([condition.shape, x.shape, y.shape])
    return [try context.move([x, y], shape: plan.shape, Selecting(plan: plan, condition: truths))]
  }

  /// `max(x, min)`, then `min(that, max)`, so that `max` wins where the limits cross.
  @Sendable private static func clip(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    var result = try context.operand(0)
    if let lower = try limit(context, 1) { result = try context.pairwise(result, lower, LowerLimit()) }
    if let upper = try limit(context, 2) { result = try context.pairwise(result, upper, UpperLimit()) }
    return [result]
  }

  private static func limit(_ context: EvaluationContext, _ index: Int) throws(OpError) -> Tensor? {
    guard let tensor = try context.optionalOperand(index) else { return nil }
    guard tensor.elementCount == 1 else { throw context.expected("a scalar limit", tensor) }
    return tensor.reshaped([])
  }

  /// NaN among the elements stays, and a limit of NaN does not limit.
  private struct LowerLimit: BinaryKernel {
    func apply<R: Real>(_ x: R, _ y: R) -> R { x < y ? y : x }
    func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { x < y ? y : x }
  }
  private struct UpperLimit: BinaryKernel {
    func apply<R: Real>(_ x: R, _ y: R) -> R { x > y ? y : x }
    func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { x > y ? y : x }
  }

  private struct Slope: BinaryKernel {
    func apply<R: Real>(_ x: R, _ y: R) -> R { x < 0 ? x * y : x }
    func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { x < 0 ? x &* y : x }
  }

  @Sendable private static func parametricRelu(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, slope) = (try context.operand(0), try context.operand(1))
    guard Broadcast.fits(slope.shape, into: x.shape) else {
      throw OpError("expected slopes that broadcast to \(x.shape), got \(slope.shape)")
    }
    return [try context.pairwise(x, slope, Slope())]
  }
}
