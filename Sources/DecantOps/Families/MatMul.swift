internal import DecantIR

/// Matrix products and sums of products.
enum MatMul {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Det", schema: OpSchema(since: 11, reads: ["X"], gives: ["Y"]), infer: Determinant.infer,
      evaluate: Determinant.evaluate),
    OpDefinition(
      "Einsum",
      schema: OpSchema(
        since: 12, reads: ["Inputs*"], gives: ["Output"],
        attributes: [.init("equation", .string, isRequired: true)]),
      infer: inferEinsum, evaluate: EinsumKernel.evaluateAny),
    OpDefinition(
      "Gemm",
      schema: OpSchema(
        since: 1, reads: ["A", "B", "C?"], gives: ["Y"],
        attributes: [.init("alpha", .float), .init("beta", .float), .init("transA", .int), .init("transB", .int)]),
      infer: inferGemm, evaluate: GemmKernel.evaluateNumbers, quantization: .weighted(weightAxis: nil)),
    OpDefinition(
      "MatMul", schema: OpSchema(since: 1, reads: ["A", "B"], gives: ["Y"]), infer: inferMatMul,
      evaluate: MatMulKernel.evaluateNumbers, quantization: .weighted(weightAxis: -1)),
    OpDefinition(
      "MatMulInteger",
      schema: OpSchema(since: 10, reads: ["A", "B", "a_zero_point?", "b_zero_point?"], gives: ["Y"]),
      infer: inferInteger, evaluate: IntegerMatMul.evaluate),
    OpDefinition(
      "QLinearMatMul",
      schema: OpSchema(
        since: 10,
        reads: ["a", "a_scale", "a_zero_point", "b", "b_scale", "b_zero_point", "y_scale", "y_zero_point"],
        gives: ["y"]),
      infer: inferQuantized, evaluate: IntegerMatMul.evaluateQuantized),
  ]

  private static func inferMatMul(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(context.dataType(0) ?? context.dataType(1), try productShape(context.shape(0), context.shape(1))))]
  }

  private static func inferInteger(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(.int32, try productShape(context.shape(0), context.shape(1))))]
  }

  private static func inferQuantized(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(context.dataType(7), try productShape(context.shape(0), context.shape(3))))]
  }

  /// NumPy's `matmul`: vectors stand for a row on the left and a column on the right, leading axes broadcast.
  static func productShape(_ a: Shape?, _ b: Shape?) throws(OpError) -> Shape? {
    guard let a, let b else { return nil }
    guard a.rank >= 1, b.rank >= 1 else { throw OpError("expected operands of rank 1 or more, got \(a) and \(b)") }
    let (x, y) = (a.dimensions, b.dimensions)
    let (inner, other) = (x[x.count - 1], y[max(y.count - 2, 0)])
    if let p = inner.fixed, let q = other.fixed, p != q {
      throw OpError("expected equal inner extents, got \(a) and \(b)")
    }
    guard let batch = try Broadcast.shape([Shape(Array(x.dropLast(2))), Shape(Array(y.dropLast(2)))]) else {
      return nil
    }
    return Shape(batch.dimensions + x.dropLast().suffix(1) + (y.count > 1 ? y.suffix(1) : []))
  }

  static func inferGemm(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let a = context.shape(0), let b = context.shape(1) else {
      return [.tensor(context.dataType(0) ?? .float32, [.unknown, .unknown])]
    }
    guard a.rank == 2, b.rank == 2 else { throw OpError("expected two matrices, got \(a) and \(b)") }
    let (flipsA, flipsB) = (flag(context.attributes, "transA"), flag(context.attributes, "transB"))
    if let p = a[flipsA ? 0 : 1].fixed, let q = b[flipsB ? 1 : 0].fixed, p != q {
      throw OpError("expected equal inner extents, got \(a) and \(b)")
    }
    let result = Shape([a[flipsA ? 1 : 0], b[flipsB ? 0 : 1]])
    if let c = context.shape(2), c.rank > 2 { throw OpError("operand 2: expected rank 2 or less, got \(c)") }
    return [.tensor(.init(context.dataType(0), result))]
  }

  static func flag(_ attributes: Attributes, _ name: String) -> Bool { attributes.int(name, default: 0) != 0 }

  private static func inferEinsum(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let equation = try EinsumEquation(context.attributes, operands: context.types.count)
    var shapes: [[Dimension]] = []
    for index in context.types.indices {
      guard let shape = context.shape(index) else { return [.tensor(.init(context.dataType(0), nil))] }
      shapes.append(shape.dimensions)
    }
    let plan = try equation.labels(ranks: shapes.map(\.count))
    var extents: [EinsumEquation.Label: Dimension] = [:]
    for (labels, shape) in zip(plan.operands, shapes) {
      for (label, extent) in zip(labels, shape) {
        guard let merged = Broadcast.dimension(extents[label] ?? .fixed(1), extent) else {
          throw OpError("'equation' gives two extents to one label: \(extents[label] ?? .fixed(1)) and \(extent)")
        }
        extents[label] = merged
      }
    }
    return [.tensor(.init(context.dataType(0), Shape(plan.result.map { extents[$0] ?? .unknown })))]
  }
}
