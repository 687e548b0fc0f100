internal import DecantIR

/// Tensors made from attributes and shapes alone.
enum ConstantOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Constant",
      schema: OpSchema(
        since: 1, reads: [],
        attributes: [
          .init("sparse_value", .sparse), .init("value", .tensor), .init("value_float", .float),
          .init("value_floats", .floats), .init("value_int", .int), .init("value_ints", .ints),
          .init("value_string", .string), .init("value_strings", .strings),
        ]),
      infer: inferConstant, propagate: propagateConstant, evaluate: constant),
    OpDefinition(
      "ConstantOfShape", schema: OpSchema(since: 9, reads: ["input"], attributes: [.init("value", .tensor)]),
      infer: inferConstantOfShape, propagate: propagateConstantOfShape, evaluate: constantOfShape),
    OpDefinition(
      "EyeLike",
      schema: OpSchema(since: 9, reads: ["input"], attributes: [.init("dtype", .int), .init("k", .int)]),
      infer: inferEyeLike, evaluate: eyeLike),
  ]

  // MARK: Constant

  /// The tensor that the attributes spell; nil for a sparse one.
  private static func value(_ attributes: Attributes) throws(OpError) -> Tensor? {
    for (_, attribute) in attributes {
      switch attribute {
      case .tensor(let tensor): return tensor
      case .float(let value): return Tensor(scalar: value)
      case .floats(let values): return Tensor(values)
      case .int(let value): return Tensor(scalar: value)
      case .ints(let values): return Tensor(values)
      case .string(let value): return try Tensor(strings: [value], shape: [])
      case .strings(let values): return try Tensor(strings: values, shape: [values.count])
      default: continue
      }
    }
    return nil
  }

  @Sendable private static func inferConstant(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    if let tensor = try value(context.attributes) { return [tensor.type] }
    guard case .sparse(let sparse)? = context.attributes["sparse_value"] else {
      throw OpError("expected one of the attributes that hold a value")
    }
    return [.tensor(sparse.values.dataType, Shape(sparse.shape))]
  }

  @Sendable private static func propagateConstant(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    guard let tensor = try value(context.attributes), tensor.rank <= 1, tensor.elementCount <= 1024,
      let values = tensor.integers
    else { return [nil] }
    return [SymbolicTensor(elements: values.map { .fixed($0) }, isScalar: tensor.rank == 0)]
  }

  @Sendable private static func constant(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    if let tensor = try value(context.attributes) { return [tensor.aligned] }
    guard case .sparse(let sparse)? = context.attributes["sparse_value"] else {
      throw OpError("expected one of the attributes that hold a value")
    }
    return [try densify(sparse, context)]
  }

  private static func densify(_ sparse: SparseTensor, _ context: EvaluationContext) throws(OpError) -> Tensor {
    let count = try Tensor.elementCount(shape: sparse.shape)
    guard let indices = sparse.indices.integers else { throw context.expected("integer indices", sparse.indices) }
    let strides = BroadcastPlan.strides(of: sparse.shape)
    let isFlat = sparse.indices.rank == 1
    let width = isFlat ? 1 : sparse.shape.count
    guard indices.count == sparse.values.elementCount * width else {
      throw OpError("expected indices for \(sparse.values.elementCount) values, got \(sparse.indices.shape)")
    }
    var places: [Int] = []
    for item in 0..<sparse.values.elementCount {
      var place = 0
      for axis in 0..<width {
        let (index, limit) = (indices[item * width + axis], isFlat ? count : sparse.shape[axis])
        guard index >= 0, index < limit else { throw OpError("a sparse index expected in 0..<\(limit), got \(index)") }
        place += index * (isFlat ? 1 : strides[axis])
      }
      places.append(place)
    }
    return try context.move([sparse.values.aligned], shape: sparse.shape, Placement(places: places))
  }

  // MARK: ConstantOfShape

  private static func filling(_ attributes: Attributes) throws(OpError) -> Tensor {
    guard let value = attributes.tensor("value") else { return Tensor([Float(0)]) }
    guard value.elementCount == 1 else { throw OpError("'value' expected one element, got \(value.type)") }
    return value.aligned
  }

  @Sendable private static func inferConstantOfShape(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = try filling(context.attributes).dataType
    guard let target = context.symbols(0) else {
      let rank = context.shape(0).flatMap { $0.rank == 1 ? $0[0].fixed : nil }.flatMap {
        (0...64).contains($0) ? $0 : nil
      }
      return [.tensor(type, rank.map { Shape([Dimension](repeating: .unknown, count: $0)) })]
    }
    for case .fixed(let extent) in target.elements where extent < 0 {
      throw OpError("expected extents of 0 or more, got \(extent)")
    }
    return [.tensor(type, Shape(target.elements))]
  }

  @Sendable private static func propagateConstantOfShape(
    _ context: InferenceContext
  ) throws(OpError) -> [SymbolicTensor?] {
    guard let target = context.symbols(0), target.elements.count <= 1,
      let value = try filling(context.attributes).integers?.first
    else { return [nil] }
    let count = target.elements.first ?? 1
    guard let number = count.fixed, (0...1024).contains(number) else { return [nil] }
    let elements = [Dimension](repeating: .fixed(value), count: number)
    return [SymbolicTensor(elements: elements, isScalar: target.elements.isEmpty)]
  }

  @Sendable private static func constantOfShape(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let shape = try context.integers(0)
    let value = try filling(context.attributes)
    try context.checkSize(value.dataType, shape: shape)
    let strides = [Int](repeating: 0, count: shape.count)
    return [try context.move([value], shape: shape, StridedCopy(shape: shape, strides: strides))]
  }

  // MARK: EyeLike

  @Sendable private static func inferEyeLike(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(TensorType(try context.dataType(attribute: "dtype") ?? context.dataType(0), context.shape(0)))]
  }

  @Sendable private static func eyeLike(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let source = try context.operand(0)
    guard source.rank == 2 else { throw context.expected("a matrix", source) }
    let shift = context.attributes.int("k", default: 0)
    let (rows, columns) = (source.shape[0], source.shape[1])
    let ones = try context.make(UInt8.self, shape: source.shape) { target in
      guard shift > -rows, shift < columns else { return }
      for row in max(0, -shift)..<max(max(0, -shift), min(rows, columns - shift)) {
        target[row * columns + row + shift] = 1
      }
    }
    return [try context.convert(ones, Conversion(target: try context.attributes.dataType("dtype") ?? source.dataType))]
  }
}
