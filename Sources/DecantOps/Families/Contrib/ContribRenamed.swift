internal import DecantIR

/// Operators that came into ONNX later, as files from before have them, and others that a standard operator serves.
enum ContribRenamed {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("ConvTransposeWithDynamicPads"),
      schema: OpSchema(
        since: 1, reads: ["X", "W", "Pads?", "B?"], gives: ["Y"],
        attributes: Convolution.window.filter { $0.name != "pads" } + [.init("output_padding", .ints)]),
      infer: inferTransposed, evaluate: convolveTransposed),
    OpDefinition(
      .microsoft("ExpandDims"), schema: OpSchema(since: 1, reads: ["X", "axis"], gives: ["Y"]), infer: inferExpanded,
      evaluate: expand, quantization: .passThrough),
    OpDefinition(
      .microsoft("GatherND"), schema: OpSchema(since: 1, reads: ["data", "indices"]), infer: GatherOps.inferGatherND,
      evaluate: GatherOps.gatherND, quantization: .passThrough),
    OpDefinition(
      .microsoft("GridSample"),
      schema: OpSchema(
        since: 1, reads: ["X", "Grid"], gives: ["Y"],
        attributes: [.init("align_corners", .int), .init("mode", .string), .init("padding_mode", .string)]),
      infer: GridOps.inferSample, evaluate: sample),
    OpDefinition(
      .microsoft("Pad"),
      schema: OpSchema(since: 1, reads: ["data", "pads", "value?"], attributes: [.init("mode", .string)]),
      infer: PadOps.infer, evaluate: PadOps.evaluate, quantization: .passThrough),
    OpDefinition(
      .microsoft("Range"), schema: OpSchema(since: 1, reads: ["start", "limit", "delta?"], gives: ["Y"]),
      infer: inferRange, propagate: propagateRange, evaluate: range),
    OpDefinition(
      .microsoft("SampleOp"), schema: OpSchema(since: 1, reads: ["X"], gives: ["Y"]), infer: Infer.sameType,
      evaluate: pass),
    OpDefinition(
      .microsoft("TorchEmbedding"),
      schema: OpSchema(
        since: 1, reads: ["weight", "indices", "padding_idx?", "scale_grad_by_freq?"], gives: ["Y"]),
      infer: GatherOps.inferGather, evaluate: GatherOps.gather),
    OpDefinition(
      .microsoft("TransposeMatMul"),
      schema: OpSchema(
        since: 1, reads: ["A", "B"], gives: ["Y"],
        attributes: [.init("alpha", .float), .init("transA", .int), .init("transB", .int)]),
      infer: ContribFused.inferProduct, evaluate: ContribFused.multiply),
    OpDefinition(
      .microsoft("UnfoldTensor"),
      schema: OpSchema(
        since: 1, reads: ["input"],
        attributes: [.init("dim", .int), .init("size", .int, isRequired: true), .init("step", .int)]),
      infer: inferUnfolded, evaluate: unfold, quantization: .passThrough),
    OpDefinition(
      .microsoft("Unique"), schema: OpSchema(since: 1, reads: ["x"], gives: ["y", "idx", "counts"]),
      infer: inferUnique, evaluate: unique),
  ]

  @Sendable private static func pass(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.operand(0)]
  }

  // MARK: Transposed convolution

  /// The attributes with the pads of operand 2.
  private static func attributes(_ own: Attributes, pads: [Int]?) -> Attributes {
    guard let pads else { return own }
    var attributes = own
    attributes["pads"] = .ints(pads.map { Int64($0) })
    return attributes
  }

  private static func inferTransposed(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let pads = context.has(2) ? context.integers(2) : nil
    let result = try Convolution.inferTranspose(
      context.with(operands: [0, 1, 3], attributes: attributes(context.attributes, pads: pads)))
    guard context.has(2), pads == nil, let shape = result[0].shape else { return result }
    // Pads that are computed.
    let unknown = Array(repeating: Dimension.unknown, count: shape.rank - 2)
    return [.tensor(.init(result[0].dataType, Shape(shape.dimensions[..<2] + unknown)))]
  }

  @Sendable private static func convolveTransposed(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let pads = try context.optionalOperand(2) == nil ? nil : try context.integers(2)
    return try ConvTransposeKernel.evaluate(
      context.with(
        [try context.operand(0), try context.operand(1), try context.optionalOperand(3)],
        attributes: attributes(context.attributes, pads: pads)))
  }

  // MARK: Axes

  private static func inferExpanded(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let shape = context.shape(0), let axis = context.integers(1)?.first else {
      let unknown = context.shape(0).map { Shape(Array(repeating: .unknown, count: $0.rank + 1)) }
      return [.tensor(.init(context.dataType(0), unknown))]
    }
    var dimensions = shape.dimensions
    dimensions.insert(1, at: try normalizeAxis(axis, rank: shape.rank + 1))
    return [.tensor(.init(context.dataType(0), Shape(dimensions)))]
  }

  @Sendable private static func expand(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, axes) = (try context.operand(0), try context.integers(1))
    guard axes.count == 1 else { throw OpError("operand 1: expected one axis, got \(axes.count)") }
    var shape = x.shape
    shape.insert(1, at: try normalizeAxis(axes[0], rank: x.rank + 1))
    return [x.reshaped(shape)]
  }

  private static func inferUnfolded(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let shape = context.shape(0) else { return [.tensor(.init(context.dataType(0), nil))] }
    let window = try Unfolding(context.attributes, rank: shape.rank)
    var dimensions = shape.dimensions
    let extent = dimensions[window.axis]
    if let extent = extent.fixed {
      dimensions[window.axis] = .fixed(try window.count(extent))
    } else {
      dimensions[window.axis] = (extent - .fixed(window.size)) / .fixed(window.step) + 1
    }
    return [.tensor(.init(context.dataType(0), Shape(dimensions + [.fixed(window.size)])))]
  }

  @Sendable private static func unfold(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let window = try Unfolding(context.attributes, rank: x.rank)
    var (shape, strides) = (x.shape, BroadcastPlan.strides(of: x.shape))
    shape[window.axis] = try window.count(shape[window.axis])
    shape.append(window.size)
    strides.append(strides[window.axis])
    try context.checkSize(x.dataType, shape: shape)
    // A step past the end is never made, so that its length does not matter.
    strides[window.axis] = shape[window.axis] > 1 ? try product(strides[window.axis], window.step) : 0
    return [try context.move([x], shape: shape, StridedCopy(shape: shape, strides: strides))]
  }

  /// Slices of one axis.
  private struct Unfolding {
    let axis: Int
    let size: Int
    let step: Int

    init(_ attributes: Attributes, rank: Int) throws(OpError) {
      axis = try normalizeAxis(attributes.int("dim", default: -1), rank: rank, name: "dim")
      (size, step) = (attributes.int("size", default: 0), attributes.int("step", default: 1))
      guard size >= 1, step >= 1 else { throw OpError("'size' and 'step' expected 1 or more, got \(size) and \(step)") }
    }

    /// How many slices `extent` elements give.
    func count(_ extent: Int) throws(OpError) -> Int {
      guard size <= extent else { throw OpError("'size' expected at most \(extent), got \(size)") }
      return (extent - size) / step + 1
    }
  }

  // MARK: Samples

  @Sendable private static func sample(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let modes = ["bilinear": "linear", "nearest": "nearest", "bicubic": "cubic"]
    let mode = try context.attributes.choice("mode", of: ["bilinear", "nearest", "bicubic"])
    var attributes = context.attributes
    attributes["mode"] = .string(ByteString(modes[mode] ?? mode))
    return try GridSampleKernel.evaluateAny(context.with(context.operands, attributes: attributes))
  }

  // MARK: Range

  private static func withDelta(_ context: InferenceContext) throws(OpError) -> InferenceContext {
    guard !context.has(2), let type = context.dataType(0) else { return context }
    let one = try one(type)
    let constants = [context.constant(0), context.constant(1), one]
    return InferenceContext(
      op: context.op, attributes: context.attributes, types: [context.type(0), context.type(1), one.type],
      resultCount: 1, constants: constants)
  }

  private static func one(_ type: DataType) throws(OpError) -> Tensor {
    try EvaluationContext(
      op: .microsoft("Range"), attributes: [:], operands: [], wanted: [true], byteLimit: 64
    ).convert(Tensor(scalar: 1 as Int64), Conversion(target: type))
  }

  private static func inferRange(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard context.has(2) || context.dataType(0) != nil else { return [.tensor(.init(nil, [.unknown]))] }
    return try SequenceRangeOps.infer(try withDelta(context))
  }

  @Sendable private static func propagateRange(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    guard context.has(2) || context.dataType(0) != nil else { return [nil] }
    return try SequenceRangeOps.propagate(try withDelta(context))
  }

  @Sendable private static func range(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (start, limit) = (try context.operand(0), try context.operand(1))
    var delta = try context.optionalOperand(2)
    if delta == nil { delta = try one(start.dataType) }
    return try SequenceRangeOps.evaluate(context.with([start, limit, delta]))
  }

  // MARK: Unique

  private static func inferUnique(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [
      .tensor(.init(context.dataType(0), [.unknown])), .tensor(.init(.int64, context.shape(0))),
      .tensor(.int64, [.unknown]),
    ]
  }

  /// In the order in which they come.
  @Sendable private static func unique(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    guard x.rank == 1 else { throw OpError("operand 0: expected a vector, got \(x.shape)") }
    let results = try UniqueOps.evaluate(context.with([x], attributes: ["sorted": .int(0)], results: 4))
    return [results[0], results[2], results[3]]
  }
}
