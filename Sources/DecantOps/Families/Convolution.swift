internal import DecantIR

/// Convolutions, and their transposes.
enum Convolution {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Col2Im",
      schema: OpSchema(
        since: 18, reads: ["input", "image_shape", "block_shape"],
        attributes: [.init("dilations", .ints), .init("pads", .ints), .init("strides", .ints)]),
      infer: inferFold, evaluate: ImageFold.evaluate),
    OpDefinition(
      "Conv", schema: OpSchema(since: 1, reads: ["X", "W", "B?"], gives: ["Y"], attributes: window),
      infer: inferFloat, evaluate: ConvKernel.evaluate, quantization: .weighted(weightAxis: 0)),
    OpDefinition(
      "ConvInteger",
      schema: OpSchema(
        since: 10, reads: ["x", "w", "x_zero_point?", "w_zero_point?"], gives: ["y"], attributes: window),
      infer: inferInteger, evaluate: IntegerConvolution.evaluate),
    OpDefinition(
      "ConvTranspose",
      schema: OpSchema(
        since: 1, reads: ["X", "W", "B?"], gives: ["Y"],
        attributes: window + [.init("output_padding", .ints), .init("output_shape", .ints)]),
      infer: inferTranspose, evaluate: ConvTransposeKernel.evaluate, quantization: .weighted(weightAxis: 1)),
    OpDefinition(
      "DeformConv",
      schema: OpSchema(
        since: 19, reads: ["X", "W", "offset", "B?", "mask?"], gives: ["Y"],
        attributes: [
          .init("dilations", .ints), .init("group", .int), .init("kernel_shape", .ints), .init("offset_group", .int),
          .init("pads", .ints), .init("strides", .ints),
        ]),
      infer: inferDeformed, evaluate: DeformableConvolution.evaluate),
    OpDefinition(
      "QLinearConv",
      schema: OpSchema(
        since: 10,
        reads: [
          "x", "x_scale", "x_zero_point", "w", "w_scale", "w_zero_point", "y_scale", "y_zero_point", "B?",
        ],
        gives: ["y"], attributes: window),
      infer: inferQuantized, evaluate: IntegerConvolution.evaluateQuantized),
  ]

  static let window: [OpSchema.AttributeRule] = [
    .init("auto_pad", .string), .init("dilations", .ints), .init("group", .int), .init("kernel_shape", .ints),
    .init("pads", .ints), .init("strides", .ints),
  ]

  static func inferFloat(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(context.dataType(0), try convolvedShape(context, input: 0, weight: 1)))]
  }

  private static func inferInteger(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(.int32, try convolvedShape(context, input: 0, weight: 1)))]
  }

  static func inferQuantized(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(context.dataType(7), try convolvedShape(context, input: 0, weight: 3)))]
  }

  /// `[N, M, …]` for an input `[N, C, …]` and weights `[M, C / group, …]`.
  private static func convolvedShape(
    _ context: InferenceContext, input: Int, weight: Int
  ) throws(OpError) -> Shape? {
    guard let x = context.shape(input) else { return nil }
    guard x.rank >= 3 else { throw OpError("operand \(input): expected rank 3 or more, got \(x)") }
    let w = context.shape(weight)
    let channels = w?.dimensions.first ?? .unknown
    guard let kernel = try kernelExtents(context, weight: w, rank: x.rank) else {
      return Shape([x[0], channels] + (try outputs(context, x, w)))
    }
    let group = context.attributes.int("group", default: 1)
    if let w, let c = x[1].fixed, let share = w[1].fixed, share.multipliedReportingOverflow(by: group) != (c, false) {
      throw OpError("weights \(w) in \(group) groups do not fit the input's \(c) channels")
    }
    let spatial = try WindowRule(context.attributes, kernel: kernel).outputs(Array(x.dimensions[2...]))
    return Shape([x[0], channels] + spatial)
  }

  /// The spatial extents for weights whose own are symbols: a window of 1 over what the other taps leave.
  private static func outputs(_ context: InferenceContext, _ x: Shape, _ w: Shape?) throws(OpError) -> [Dimension] {
    let spatial = Array(x.dimensions[2...])
    let rule = try WindowRule(context.attributes, kernel: [Int](repeating: 1, count: spatial.count))
    guard let w, rule.padding == .explicit else { return [Dimension](repeating: .unknown, count: spatial.count) }
    return spatial.indices.map { axis in
      rule.output(axis, spatial[axis] - (w[axis + 2] - 1) * .fixed(rule.dilations[axis]))
    }
  }

  /// The places of the result are those of the offsets.
  private static func inferDeformed(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    var shape = try convolvedShape(context, input: 0, weight: 1)
    if let offsets = context.shape(2), let own = shape {
      guard offsets.rank == own.rank else { throw OpError("operand 2: expected rank \(own.rank), got \(offsets)") }
      let places = Shape([own[0], own[1]] + offsets.dimensions[2...])
      guard let merged = own.merged(with: places) else {
        throw OpError("operand 2: expected places \(own.dimensions[2...]), got \(offsets)")
      }
      shape = merged
    }
    return [.tensor(.init(context.dataType(0), shape))]
  }

  /// `[N, C, image…]` for blocks `[N, C · block…, L]`.
  private static func inferFold(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let x = context.shape(0)
    if let x, x.rank != 3 { throw OpError("operand 0: expected rank 3, got \(x)") }
    let lengths = [1, 2].lazy.compactMap { context.shape($0).flatMap { $0.rank == 1 ? $0[0].fixed : nil } }
    let strides = context.attributes.ints("strides") ?? context.attributes.ints("dilations")
    let length = lengths.first ?? strides?.count ?? context.attributes.ints("pads").map { $0.count / 2 }
    let rank = length.flatMap { (0...64).contains($0) ? $0 : nil }
    let image = context.symbols(1)?.elements ?? rank.map { Array(repeating: .unknown, count: $0) }
    guard let image else { return [.tensor(.init(context.dataType(0), nil))] }
    let block = context.symbols(2)?.elements.reduce(.fixed(1), *) ?? .unknown
    let channels = x.map { $0[1].dividedFloor(by: block) } ?? .unknown
    return [.tensor(.init(context.dataType(0), Shape([x?[0] ?? .unknown, channels] + image)))]
  }

  /// The window's extents; nil when neither the weights nor the attribute gives them.
  private static func kernelExtents(
    _ context: InferenceContext, weight: Shape?, rank: Int
  ) throws(OpError) -> [Int]? {
    if let weight, weight.rank != rank {
      throw OpError("expected weights of rank \(rank), got \(weight)")
    }
    if let weight, let fixed = Shape(Array(weight.dimensions[2...])).fixed { return fixed }
    guard let kernel = context.attributes.ints("kernel_shape") else { return nil }
    guard kernel.count == rank - 2 else {
      throw OpError("'kernel_shape' expected \(rank - 2) numbers, got \(kernel)")
    }
    return kernel
  }

  static func inferTranspose(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let x = context.shape(0) else { return [.tensor(.init(context.dataType(0), nil))] }
    guard x.rank >= 3 else { throw OpError("operand 0: expected rank 3 or more, got \(x)") }
    let w = context.shape(1)
    let group = context.attributes.int("group", default: 1)
    let channels = w.map { $0.rank == x.rank ? $0[1] * .fixed(group) : .unknown } ?? .unknown
    var spatial = Array(repeating: Dimension.unknown, count: x.rank - 2)
    if let kernel = try kernelExtents(context, weight: w, rank: x.rank) {
      let rule = try TransposedWindowRule(context.attributes, kernel: kernel)
      for axis in spatial.indices { spatial[axis] = try rule.output(axis, x[axis + 2]) }
    }
    return [.tensor(.init(context.dataType(0), Shape([x[0], channels] + spatial)))]
  }
}
