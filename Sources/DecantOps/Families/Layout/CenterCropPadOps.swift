internal import DecantIR

/// Cutting or padding to given extents, around the middle.
enum CenterCropPadOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "CenterCropPad",
      schema: OpSchema(
        since: 18, reads: ["input_data", "shape"], gives: ["output_data"], attributes: [.init("axes", .ints)]),
      infer: infer, evaluate: evaluate)
  ]

  /// The axes that change, one for each of `count` extents.
  private static func axes(_ attributes: Attributes, rank: Int, count: Int) throws(OpError) -> [Int] {
    let given = attributes.ints("axes") ?? Array(0..<rank)
    let axes = try given.mapThrowing { (axis) throws(OpError) in try normalizeAxis(axis, rank: rank, name: "axes") }
    guard axes.count == count, Set(axes).count == count else {
      throw OpError("'shape' expected an extent for each of the different axes \(given), got \(count)")
    }
    return axes
  }

  @Sendable private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard var shape = context.shape(0) else { return [.tensor(TensorType(context.dataType(0), nil))] }
    guard let target = context.symbols(1)?.elements else {
      let unknown = Shape([Dimension](repeating: .unknown, count: shape.rank))
      return [.tensor(TensorType(context.dataType(0), unknown))]
    }
    let axes = try axes(context.attributes, rank: shape.rank, count: target.count)
    for (axis, extent) in zip(axes, target) {
      if let number = extent.fixed, number < 0 { throw OpError("'shape' expected extents of 0 or more, got \(number)") }
      shape[axis] = extent
    }
    return [.tensor(TensorType(context.dataType(0), shape))]
  }

  /// Where the difference is odd, the window lies half an element to the left, and the larger border to the right.
  @Sendable private static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (tensor, target) = (try context.operand(0), try context.integers(1))
    var shape = tensor.shape
    for (axis, extent) in zip(try axes(context.attributes, rank: tensor.rank, count: target.count), target) {
      shape[axis] = extent
    }
    try context.checkSize(tensor.dataType, shape: shape)
    let zero = try context.filler(of: tensor.dataType)
    let maps = zip(tensor.shape, shape).map { source, extent in
      let start = source >= extent ? (source - extent) / 2 : -((extent - source) / 2)
      return (0..<extent).map { index in
        let place = index + start
        return place >= 0 && place < source ? place : -1
      }
    }
    return [try context.move([tensor, zero], shape: shape, MappedCopy(maps: maps, source: tensor.shape))]
  }
}
