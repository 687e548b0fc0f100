internal import DecantIR

/// Images of another size.
enum ResizeOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Resize",
      schema: OpSchema(
        since: 10, reads: ["X", "roi?", "scales?", "sizes?"], gives: ["Y"],
        attributes: [
          .init("antialias", .int), .init("axes", .ints), .init("coordinate_transformation_mode", .string),
          .init("cubic_coeff_a", .float), .init("exclude_outside", .int), .init("extrapolation_value", .float),
          .init("keep_aspect_ratio_policy", .string), .init("mode", .string), .init("nearest_mode", .string),
        ]),
      infer: infer, evaluate: evaluate, quantization: .passThrough)
  ]

  /// The axes that change: all, or those that the attribute names.
  private static func axes(_ attributes: Attributes, rank: Int) throws(OpError) -> [Int] {
    guard let given = attributes.ints("axes") else { return Array(0..<rank) }
    let axes = try given.mapThrowing { (axis) throws(OpError) in try normalizeAxis(axis, rank: rank, name: "axes") }
    guard Set(axes).count == axes.count else { throw OpError("'axes' expected different axes, got \(given)") }
    return axes
  }

  // MARK: Inference

  @Sendable private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    guard let shape = context.shape(0) else { return [.tensor(TensorType(type, nil))] }
    let axes = try axes(context.attributes, rank: shape.rank)
    var result = shape
    for axis in axes { result[axis] = .unknown }
    if let sizes = context.symbols(3), !sizes.elements.isEmpty {
      guard sizes.elements.count == axes.count else {
        throw OpError("'sizes' expected \(axes.count) numbers, got \(sizes.elements.count)")
      }
      if try policy(context.attributes) == "stretch" {
        for (axis, size) in zip(axes, sizes.elements) { result[axis] = size }
      } else if let extents = axes.map({ shape[$0] }).asNumbers, let wanted = sizes.elements.asNumbers {
        let fitted = try fit(extents, into: wanted, context.attributes)
        for (axis, size) in zip(axes, fitted.sizes) { result[axis] = .fixed(size) }
      }
    } else if let scales = context.constant(2)?.floats, !scales.isEmpty {
      guard scales.count == axes.count else {
        throw OpError("'scales' expected \(axes.count) numbers, got \(scales.count)")
      }
      let isCrop = try coordinates(context.attributes) == .crop
      for (axis, scale) in zip(axes, scales) {
        result[axis] = isCrop ? .unknown : try scaled(shape[axis], by: scale)
      }
    }
    return [.tensor(TensorType(type, result))]
  }

  private static func scaled(_ extent: Dimension, by scale: Float) throws(OpError) -> Dimension {
    guard scale > 0, scale.isFinite else { throw OpError("'scales' expected positive numbers, got \(scale)") }
    if let number = extent.fixed { return .fixed(try size(of: number, scale: scale, region: 1)) }
    if let factor = Int(exactly: scale) { return extent * .fixed(factor) }
    // Exact in floating point for powers of two only.
    guard let divisor = Int(exactly: 1 / scale), divisor.nonzeroBitCount == 1 else { return .unknown }
    return extent.dividedFloor(by: divisor)
  }

  private static func size(of extent: Int, scale: Float, region: Float) throws(OpError) -> Int {
    let size = (Double(extent) * Double(scale) * Double(region)).rounded(.down)
    guard let number = Int(exactly: size), number >= 0 else {
      throw OpError("'scales' expected to leave a size, got \(scale)")
    }
    return number
  }

  // MARK: Attributes

  private static func policy(_ attributes: Attributes) throws(OpError) -> String {
    try attributes.choice("keep_aspect_ratio_policy", of: ["stretch", "not_larger", "not_smaller"])
  }

  private static func coordinates(_ attributes: Attributes) throws(OpError) -> AxisGeometry.Coordinates {
    let options = AxisGeometry.Coordinates.allCases.map(\.rawValue)
    let name = try attributes.choice("coordinate_transformation_mode", of: options)
    return AxisGeometry.Coordinates(rawValue: name) ?? .halfPixel
  }

  /// Sizes that keep the ratio of `extents`, and the one scale that leads to them.
  private static func fit(
    _ extents: [Int], into sizes: [Int], _ attributes: Attributes
  ) throws(OpError) -> (sizes: [Int], scales: [Float]) {
    guard extents.allSatisfy({ $0 > 0 }) else { throw OpError("expected extents above 0 to resize, got \(extents)") }
    let scales = zip(sizes, extents).map { Float($0) / Float($1) }
    guard try policy(attributes) != "stretch" else { return (sizes, scales) }
    let scale = try policy(attributes) == "not_larger" ? scales.min() ?? 1 : scales.max() ?? 1
    let fitted = try extents.mapThrowing { (extent) throws(OpError) -> Int in
      guard let size = Int(exactly: (Float(extent) * scale + 0.5).rounded(.down)) else {
        throw OpError("'sizes' expected sizes that fit, got \(sizes)")
      }
      return size
    }
    return (fitted, [Float](repeating: scale, count: extents.count))
  }

  // MARK: Kernel

  @Sendable private static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    let geometry = try geometry(context, tensor)
    let shape = geometry.map(\.target)
    try context.checkSize(tensor.dataType, shape: shape)
    guard !shape.contains(0) else {
      return [try context.move([tensor], shape: shape, ChunkGather(places: [], chunk: 0))]
    }
    let outside = context.attributes.float("extrapolation_value", default: 0)
    switch try context.attributes.choice("mode", of: ["nearest", "linear", "cubic"]) {
    case "nearest":
      let options = AxisGeometry.Rounding.allCases.map(\.rawValue)
      let name = try context.attributes.choice("nearest_mode", of: options)
      let maps = geometry.map { $0.nearest(AxisGeometry.Rounding(rawValue: name) ?? .preferFloor) }
      let fill = try context.filler(outside, of: tensor.dataType)
      return [try context.move([tensor, fill], shape: shape, MappedCopy(maps: maps, source: tensor.shape))]
    case let mode:
      let cubic = mode == "cubic" ? context.attributes.float("cubic_coeff_a", default: -0.75) : nil
      let filter = ResizeFilter(
        cubic: cubic, antialiases: context.attributes.int("antialias", default: 0) != 0,
        excludesOutside: cubic != nil && context.attributes.int("exclude_outside", default: 0) != 0)
      guard let parts = tensor.complexParts else {
        return [try interpolate(context, tensor, geometry, filter, outside)]
      }
      let pair = AxisGeometry(source: 2, target: 2, scale: 1, region: (0, 1), coordinates: .asymmetric)
      return [try Tensor(complexParts: try interpolate(context, parts, geometry + [pair], filter, outside))]
    }
  }

  /// One axis after the other, from the last, in float32 (float64 in its own); integers are cut towards zero at the end.
  private static func interpolate(
    _ context: EvaluationContext, _ tensor: Tensor, _ geometry: [AxisGeometry], _ filter: ResizeFilter,
    _ outside: Float
  ) throws(OpError) -> Tensor {
    let wide: DataType = tensor.dataType == .float64 ? .float64 : .float32
    var result = try context.convert(tensor, Conversion(target: wide))
    for (axis, line) in geometry.enumerated().reversed() where !line.isIdentity {
      result = try context.mix(result, axis: axis, line.taps(filter))
    }
    if geometry.contains(where: { $0.coordinates == .crop }) {
      let filled = geometry.map { line in (0..<line.target).map { line.isOutside(line.origin($0)) } }
      let fill = try context.filler(outside, of: wide)
      result = try context.move([result, fill], shape: result.shape, SliceFill(shape: result.shape, filled: filled))
    }
    return try context.convert(result, Conversion(target: tensor.dataType))
  }

  private static func geometry(_ context: EvaluationContext, _ tensor: Tensor) throws(OpError) -> [AxisGeometry] {
    let axes = try axes(context.attributes, rank: tensor.rank)
    let coordinates = try coordinates(context.attributes)
    let extents = axes.map { tensor.shape[$0] }
    var region = [Float](repeating: 0, count: axes.count) + [Float](repeating: 1, count: axes.count)
    if coordinates == .crop, let given = try context.optionalOperand(1)?.floats { region = given }
    guard region.count == 2 * axes.count else {
      throw OpError("'roi' expected \(2 * axes.count) numbers, got \(region.count)")
    }
    var (sizes, scales): ([Int], [Float])
    if let given = try context.optionalOperand(3)?.integers, !given.isEmpty {
      guard given.count == axes.count, given.allSatisfy({ $0 >= 0 }) else {
        throw OpError("'sizes' expected \(axes.count) numbers of 0 or more, got \(given)")
      }
      (sizes, scales) = try fit(extents, into: given, context.attributes)
    } else {
      scales = try context.optionalOperand(2)?.floats ?? []
      guard scales.count == axes.count, scales.allSatisfy({ $0 > 0 && $0.isFinite }) else {
        throw OpError("'scales' expected \(axes.count) positive numbers, got \(scales)")
      }
      sizes = []
      for (index, extent) in extents.enumerated() {
        let part = coordinates == .crop ? region[index + axes.count] - region[index] : 1
        sizes.append(try size(of: extent, scale: scales[index], region: part))
      }
    }
    var result = tensor.shape.map {
      AxisGeometry(source: $0, target: $0, scale: 1, region: (0, 1), coordinates: .asymmetric)
    }
    for (index, axis) in axes.enumerated() {
      guard extents[index] > 0 || sizes[index] == 0 else { throw OpError("an axis without elements cannot be resized") }
      result[axis] = AxisGeometry(
        source: extents[index], target: sizes[index], scale: scales[index],
        region: (region[index], region[index + axes.count]), coordinates: coordinates)
    }
    return result
  }
}

extension [Dimension] {
  /// The extents, when all are numbers.
  fileprivate var asNumbers: [Int]? { Shape(self).fixed }
}
