internal import DecantIR

/// Weights of a few bits with a scale for each block: products with them, and rows picked out of them.
enum BlockQuantized {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("GatherBlockQuantized"),
      schema: OpSchema(
        since: 1, reads: ["data", "indices", "scales", "zero_points?"],
        attributes: [
          .init("bits", .int), .init("block_size", .int), .init("gather_axis", .int), .init("quantize_axis", .int),
        ]),
      infer: inferGather, evaluate: gather),
    OpDefinition(
      .microsoft("MatMulBnb4"),
      schema: OpSchema(
        since: 1, reads: ["A", "B", "absmax"], gives: ["Y"],
        attributes: extents + [
          .init("quant_type", .int, isRequired: true), .init("training_mode", .int), .init("transB", .int),
        ]),
      infer: inferProduct, evaluate: BitsAndBytesProduct.evaluate),
    OpDefinition(
      .microsoft("MatMulNBits"),
      schema: OpSchema(
        since: 1, reads: ["A", "B", "scales", "zero_points?", "g_idx?", "bias?"], gives: ["Y"],
        attributes: extents + [.init("accuracy_level", .int), .init("bits", .int), .init("weight_prepacked", .int)]),
      infer: inferProduct, evaluate: BlockProduct.evaluate),
  ]

  private static let extents: [OpSchema.AttributeRule] = [
    .init("K", .int, isRequired: true), .init("N", .int, isRequired: true),
    .init("block_size", .int, isRequired: true),
  ]

  // MARK: Products

  private static func inferProduct(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let a = context.shape(0) else { return [.tensor(.init(context.dataType(0), nil))] }
    let weight = try BlockExtents(context.attributes)
    let isFlipped = context.attributes.int("transB", default: 1) == 0
    let (rows, columns) = isFlipped ? (weight.columns, weight.inner) : (weight.inner, weight.columns)
    guard let inner = a.dimensions.last, inner.fixed.map({ $0 == rows }) ?? true else {
      throw OpError("operand 0: expected a last extent of \(rows), got \(a)")
    }
    return [.tensor(.init(context.dataType(0), Shape(a.dimensions.dropLast() + [.fixed(columns)])))]
  }

  // MARK: GatherBlockQuantized

  /// How many codes one element of the data holds; codes of other types than u8 are elements themselves.
  private static func codesPerElement(_ type: DataType?, _ attributes: Attributes) throws(OpError) -> Int {
    guard type == .uint8 else { return 1 }
    let bits = attributes.int("bits", default: 4)
    guard [2, 4, 8].contains(bits) else { throw OpError("'bits' expected 2, 4 or 8, got \(bits)") }
    return 8 / bits
  }

  private static func inferGather(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(2)
    guard var data = context.shape(0), let indices = context.shape(1) else { return [.tensor(.init(type, nil))] }
    let axes = try Axes(context.attributes, rank: data.rank)
    data[data.rank - 1] = data[data.rank - 1] * .fixed(try codesPerElement(context.dataType(0), context.attributes))
    let shape = data.dimensions[..<axes.gather] + indices.dimensions + data.dimensions[(axes.gather + 1)...]
    return [.tensor(.init(type, Shape(Array(shape))))]
  }

  private struct Axes {
    let gather: Int
    let quantize: Int

    init(_ attributes: Attributes, rank: Int) throws(OpError) {
      gather = try normalizeAxis(attributes.int("gather_axis", default: 0), rank: rank, name: "gather_axis")
      quantize = try normalizeAxis(attributes.int("quantize_axis", default: 1), rank: rank, name: "quantize_axis")
    }
  }

  /// Rows are picked before they are dequantized, unless that would cut through blocks.
  @Sendable private static func gather(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (data, scales) = (try context.operand(0), try context.operand(2))
    let axes = try Axes(context.attributes, rank: data.rank)
    guard data.dataType != .uint8 || axes.quantize == data.rank - 1 && axes.gather != axes.quantize else {
      throw OpError("'quantize_axis' expected the last axis, and another 'gather_axis', for codes in u8")
    }
    let zeros = try context.optionalOperand(3)
    guard axes.gather != axes.quantize else {
      let numbers = try dequantize(context, data, scales, zeros, axis: axes.quantize)
      return try take(context, numbers, axes.gather)
    }
    guard scales.rank == data.rank, scales.shape[axes.gather] == data.shape[axes.gather],
      zeros.map({ $0.rank == data.rank && $0.shape[axes.gather] == data.shape[axes.gather] }) ?? true
    else { throw OpError("expected scales and zero points for \(data.shape), got \(scales.shape)") }
    let shape = data.shape[..<axes.gather] + [try context.operand(1).elementCount] + data.shape[(axes.gather + 1)...]
    let rows = Tensor(try context.integers(1).map { Int64($0) })
    func pick(_ tensor: Tensor) throws(OpError) -> Tensor {
      try GatherOps.gather(context.with([tensor, rows], attributes: ["axis": .int(Int64(axes.gather))]))[0]
    }
    _ = try Tensor.elementCount(shape: Array(shape))
    let picked = try dequantize(
      context, try pick(data), try pick(scales), try zeros.map { (tensor) throws(OpError) in try pick(tensor) },
      axis: axes.quantize)
    let indices = try context.operand(1).shape
    return [picked.reshaped(Array(picked.shape[..<axes.gather] + indices + picked.shape[(axes.gather + 1)...]))]
  }

  private static func take(_ context: EvaluationContext, _ tensor: Tensor, _ axis: Int) throws(OpError) -> [Tensor] {
    try GatherOps.gather(context.with([tensor, try context.operand(1)], attributes: ["axis": .int(Int64(axis))]))
  }

  /// The numbers in the scales' type; codes in u8 are unpacked, and stand around the middle unless zero points are given.
  private static func dequantize(
    _ context: EvaluationContext, _ data: Tensor, _ scales: Tensor, _ zeros: Tensor?, axis: Int
  ) throws(OpError) -> Tensor {
    var (codes, points) = (data, zeros)
    let count = try codesPerElement(data.dataType, context.attributes)
    if data.dataType == .uint8 {
      codes = try CodePacking.unpack(data, count, context)
      points = try zeros.map { (tensor) throws(OpError) in
        try CodePacking.prefix(try CodePacking.unpack(tensor, count, context), shape: scales.shape)
      }
      if points == nil { points = try CodePacking.middle(8 / count, shape: scales.shape, context) }
    }
    let given = context.attributes.int("block_size", default: 128)
    guard given >= 0 else { throw OpError("'block_size' expected 0 or more, got \(given)") }
    let size = given == 0 ? max(codes.shape[axis], 1) : given
    return try DequantizeKernel.evaluate(
      context.with(
        [codes, scales, points], attributes: ["axis": .int(Int64(axis)), "block_size": .int(Int64(size))]))[0]
  }
}
