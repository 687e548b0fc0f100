internal import DecantIR

/// Regions of an image brought to one size.
enum RegionOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "MaxRoiPool",
      schema: OpSchema(
        since: 1, reads: ["X", "rois"], gives: ["Y"],
        attributes: [.init("pooled_shape", .ints, isRequired: true), .init("spatial_scale", .float)]),
      infer: inferPool, evaluate: RegionPoolKernel.evaluate),
    OpDefinition(
      "RoiAlign",
      schema: OpSchema(
        since: 10, reads: ["X", "rois", "batch_indices"], gives: ["Y"],
        attributes: [
          .init("coordinate_transformation_mode", .string), .init("mode", .string), .init("output_height", .int),
          .init("output_width", .int), .init("sampling_ratio", .int), .init("spatial_scale", .float),
        ]),
      infer: inferAlign, evaluate: RegionAlignKernel.evaluate),
  ]

  @Sendable private static func inferPool(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    try infer(context, regions: context.shape(1)?.dimensions.first, size: try pooledShape(context.attributes))
  }

  @Sendable private static func inferAlign(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let regions = context.shape(1)?.dimensions.first ?? context.shape(2)?.dimensions.first
    return try infer(context, regions: regions, size: try outputSize(context.attributes))
  }

  private static func infer(
    _ context: InferenceContext, regions: Dimension?, size: [Int]
  ) throws(OpError) -> [ValueType] {
    if let x = context.shape(0), x.rank != 4 { throw OpError("operand 0: expected rank 4, got \(x)") }
    let shape: Shape = [regions ?? .unknown, context.shape(0)?[1] ?? .unknown, .fixed(size[0]), .fixed(size[1])]
    return [.tensor(.init(context.dataType(0), shape))]
  }

  /// The attribute `pooled_shape`: height and width.
  static func pooledShape(_ attributes: Attributes) throws(OpError) -> [Int] {
    try attributes.ints("pooled_shape", count: 2, in: 1...WindowRule.limit, default: 1)
  }

  /// The height and width of what `RoiAlign` gives for each region.
  static func outputSize(_ attributes: Attributes) throws(OpError) -> [Int] {
    let size = [attributes.int("output_height", default: 1), attributes.int("output_width", default: 1)]
    guard size.allSatisfy({ $0 >= 1 && $0 <= WindowRule.limit }) else {
      throw OpError("'output_height' and 'output_width' expected in 1...\(WindowRule.limit), got \(size)")
    }
    return size
  }
}
