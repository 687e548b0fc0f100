internal import DecantIR

/// Pooling over windows and whole planes, and normalization across neighbouring channels.
enum Pooling {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "AveragePool",
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y"], attributes: window + [.init("count_include_pad", .int)]),
      infer: inferWindow, evaluate: AveragePoolKernel.evaluate, quantization: .passThrough),
    OpDefinition(
      "GlobalAveragePool", schema: OpSchema(since: 1, reads: ["X"], gives: ["Y"]), infer: inferGlobal,
      evaluate: GlobalAverageKernel.evaluate, quantization: .arithmetic),
    OpDefinition(
      "GlobalLpPool", schema: OpSchema(since: 1, reads: ["X"], gives: ["Y"], attributes: [.init("p", .int)]),
      infer: inferGlobal, evaluate: GlobalLpKernel.evaluate),
    OpDefinition(
      "GlobalMaxPool", schema: OpSchema(since: 1, reads: ["X"], gives: ["Y"]), infer: inferGlobal,
      evaluate: GlobalMaxKernel.evaluate, quantization: .passThrough),
    OpDefinition(
      "LRN",
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y"],
        attributes: [
          .init("alpha", .float), .init("beta", .float), .init("bias", .float), .init("size", .int, isRequired: true),
        ]),
      infer: inferSame, evaluate: ChannelResponseKernel.evaluate),
    OpDefinition(
      "LpPool",
      schema: OpSchema(since: 1, reads: ["X"], gives: ["Y"], attributes: window + [.init("p", .int)]),
      infer: inferWindow, evaluate: LpPoolKernel.evaluate),
    OpDefinition(
      "MaxPool",
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y", "Indices?"], attributes: window + [.init("storage_order", .int)]),
      infer: inferMax, evaluate: MaxPoolKernel.evaluateAny, quantization: .passThrough),
    OpDefinition(
      "MaxUnpool",
      schema: OpSchema(
        since: 9, reads: ["X", "I", "output_shape?"],
        attributes: [.init("kernel_shape", .ints, isRequired: true), .init("pads", .ints), .init("strides", .ints)]),
      infer: inferUnpool, evaluate: UnpoolKernel.evaluate),
  ]

  static let window: [OpSchema.AttributeRule] = [
    .init("auto_pad", .string), .init("ceil_mode", .int), .init("dilations", .ints),
    .init("kernel_shape", .ints, isRequired: true), .init("pads", .ints), .init("strides", .ints),
  ]

  private static func inferSame(_ context: InferenceContext) throws(OpError) -> [ValueType] { [context.type(0)] }

  static func inferWindow(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(context.dataType(0), try windowShape(context)))]
  }

  private static func inferMax(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let shape = try windowShape(context)
    return [.tensor(.init(context.dataType(0), shape)), .tensor(.int64, shape)]
  }

  private static func inferUnpool(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    if context.has(2) {
      if let shape = context.symbols(2)?.elements { return [.tensor(.init(type, Shape(shape)))] }
      return [.tensor(.init(type, context.shape(0).map { Shape(Array(repeating: .unknown, count: $0.rank)) }))]
    }
    guard let x = context.shape(0) else { return [.tensor(.init(type, nil))] }
    guard x.rank >= 3 else { throw OpError("operand 0: expected rank 3 or more, got \(x)") }
    let kernel = context.attributes.ints("kernel_shape") ?? []
    guard kernel.count == x.rank - 2 else {
      throw OpError("'kernel_shape' expected \(x.rank - 2) numbers, got \(kernel)")
    }
    let rule = try TransposedWindowRule(context.attributes, kernel: kernel)
    var shape = x
    for axis in kernel.indices { shape[axis + 2] = try rule.output(axis, x[axis + 2]) }
    return [.tensor(.init(type, shape))]
  }

  private static func windowShape(_ context: InferenceContext) throws(OpError) -> Shape? {
    guard let x = context.shape(0) else { return nil }
    guard x.rank >= 3 else { throw OpError("operand 0: expected rank 3 or more, got \(x)") }
    let rule = try WindowRule(context.attributes, kernel: context.attributes.ints("kernel_shape") ?? [])
    return Shape(x.dimensions[..<2] + (try rule.outputs(Array(x.dimensions[2...]))))
  }

  static func inferGlobal(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let x = context.shape(0) else { return [.tensor(.init(context.dataType(0), nil))] }
    guard x.rank >= 2 else { throw OpError("operand 0: expected rank 2 or more, got \(x)") }
    return [
      .tensor(.init(context.dataType(0), Shape(x.dimensions[..<2] + Array(repeating: .fixed(1), count: x.rank - 2))))
    ]
  }
}
