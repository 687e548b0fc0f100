internal import DecantIR

/// Reductions over axes.
enum Reduction {
  static let definitions: [OpDefinition] = [
    definition("ReduceL1", ReduceL1Kernel.evaluateNumbers),
    definition("ReduceL2", ReduceL2Kernel.evaluateNumbers),
    definition("ReduceLogSum", ReduceLogSumKernel.evaluateNumbers),
    definition("ReduceLogSumExp", ReduceLogSumExpKernel.evaluateNumbers),
    definition("ReduceMax", ReduceMaxKernel.evaluateAny, .passThrough),
    definition("ReduceMean", ReduceMeanKernel.evaluateNumbers),
    definition("ReduceMin", ReduceMinKernel.evaluateAny, .passThrough),
    definition("ReduceProd", ReduceProdKernel.evaluateNumbers),
    definition("ReduceSum", ReduceSumKernel.evaluateNumbers),
    definition("ReduceSumSquare", ReduceSumSquareKernel.evaluateNumbers),
  ]

  private static func definition(
    _ name: OpName, _ evaluate: @escaping OpDefinition.Evaluation, _ quantization: QuantizationRule = .never
  ) -> OpDefinition {
    OpDefinition(
      name,
      schema: OpSchema(
        since: 1, reads: ["data", "axes?"], gives: ["reduced"],
        attributes: [.init("keepdims", .int), .init("noop_with_empty_axes", .int)]),
      infer: infer, evaluate: evaluate, quantization: quantization)
  }

  static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    let keeps = context.attributes.int("keepdims", default: 1) != 0
    let isNoop = context.attributes.int("noop_with_empty_axes", default: 0) != 0
    guard let x = context.shape(0) else { return [.tensor(.init(type, nil))] }
    guard let axes = context.has(1) ? context.integers(1) : [] else {
      // Axes that are computed: the rank is known only if they stay.
      return [.tensor(.init(type, keeps ? Shape(Array(repeating: .unknown, count: x.rank)) : nil))]
    }
    let reduced = try reducedAxes(axes, rank: x.rank, isNoop: isNoop)
    let kept = x.dimensions.enumerated().compactMap { axis, extent -> Dimension? in
      reduced.contains(axis) ? (keeps ? .fixed(1) : nil) : extent
    }
    return [.tensor(.init(type, Shape(kept)))]
  }

  /// The axes counted from the front; all of them when none are named, unless `isNoop`.
  ///
  /// - Throws: ``OpError`` for an axis out of range.
  static func reducedAxes(_ axes: [Int], rank: Int, isNoop: Bool) throws(OpError) -> Set<Int> {
    if axes.isEmpty { return isNoop ? [] : Set(0..<rank) }
    var result: Set<Int> = []
    for axis in axes { result.insert(try normalizeAxis(axis, rank: rank, name: "axes")) }
    return result
  }
}
