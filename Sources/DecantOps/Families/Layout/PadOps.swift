internal import DecantIR

/// Borders around a tensor.
enum PadOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Pad",
      schema: OpSchema(
        since: 1, reads: ["data", "pads", "constant_value?", "axes?"], attributes: [.init("mode", .string)]),
      infer: infer, evaluate: evaluate, quantization: .passThrough)
  ]

  /// What fills a border.
  private enum Mode: String, CaseIterable {
    case constant
    case edge
    case reflect
    case wrap
  }

  /// The borders before and after each axis; negative ones cut.
  private static func borders<Amount>(
    _ pads: [Amount], axes given: [Int]?, rank: Int, none: Amount
  ) throws(OpError) -> [(before: Amount, after: Amount)] {
    let axes =
      try given?.mapThrowing { (axis) throws(OpError) in try normalizeAxis(axis, rank: rank, name: "axes") }
      ?? Array(0..<rank)
    guard pads.count == 2 * axes.count, Set(axes).count == axes.count else {
      throw OpError("'pads' expected two numbers for each of \(axes.count) different axes, got \(pads.count)")
    }
    var result = [(before: Amount, after: Amount)](repeating: (none, none), count: rank)
    for (index, axis) in axes.enumerated() { result[axis] = (pads[index], pads[index + axes.count]) }
    return result
  }

  @Sendable static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let shape = context.shape(0) else { return [.tensor(TensorType(context.dataType(0), nil))] }
    let knowsAxes = !context.has(3) || context.integers(3) != nil
    guard let pads = context.symbols(1), knowsAxes else {
      let unknown = Shape([Dimension](repeating: .unknown, count: shape.rank))
      return [.tensor(TensorType(context.dataType(0), unknown))]
    }
    let borders = try borders(pads.elements, axes: context.integers(3), rank: shape.rank, none: 0)
    var result: [Dimension] = []
    for (dimension, border) in zip(shape.dimensions, borders) {
      let extent = dimension + border.before + border.after
      if let number = extent.fixed, number < 0 { throw OpError("the pads leave less than nothing of \(shape)") }
      result.append(extent)
    }
    return [.tensor(TensorType(context.dataType(0), Shape(result)))]
  }

  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    let axes = try context.optionalOperand(3) == nil ? nil : try context.integers(3)
    let borders = try borders(try context.integers(1), axes: axes, rank: tensor.rank, none: 0)
    let name = try context.attributes.choice("mode", of: Mode.allCases.map(\.rawValue))
    let mode = Mode(rawValue: name) ?? .constant
    var shape: [Int] = []
    for (extent, border) in zip(tensor.shape, borders) {
      let (partial, first) = extent.addingReportingOverflow(border.before)
      let (sum, second) = partial.addingReportingOverflow(border.after)
      guard !first, !second, sum >= 0 else { throw OpError("the pads leave no proper extent of \(tensor.shape)") }
      shape.append(sum)
    }
    try context.checkSize(tensor.dataType, shape: shape)
    let fill = try filling(context, tensor.dataType)
    var maps: [[Int]] = []
    for (axis, border) in borders.enumerated() {
      maps.append(try map(mode, extent: tensor.shape[axis], before: border.before, count: shape[axis]))
    }
    return [try context.move([tensor, fill], shape: shape, MappedCopy(maps: maps, source: tensor.shape))]
  }

  /// The one element that fills borders of mode `constant`.
  private static func filling(_ context: EvaluationContext, _ type: DataType) throws(OpError) -> Tensor {
    if let given = try context.optionalOperand(2) {
      guard given.elementCount == 1, given.dataType == type else {
        throw context.expected("a scalar of \(type)", given)
      }
      return given.reshaped([])
    }
    return try context.filler(of: type)
  }

  /// For each index of the result along an axis, the index of the source; -1 for the filling.
  private static func map(_ mode: Mode, extent: Int, before: Int, count: Int) throws(OpError) -> [Int] {
    guard mode == .constant || extent > 0 || count == 0 else {
      throw OpError("an axis without elements cannot be padded by '\(mode.rawValue)'")
    }
    return (0..<count).map { index in
      let place = index &- before
      guard place < 0 || place >= extent else { return place }
      switch mode {
      case .constant: return -1
      case .edge: return place < 0 ? 0 : extent - 1
      case .wrap: return (place % extent + extent) % extent
      case .reflect:
        guard extent > 1 else { return 0 }
        let period = 2 * (extent - 1)
        let phase = (place % period + period) % period
        return phase < extent ? phase : period - phase
      }
    }
  }
}
