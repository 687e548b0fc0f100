internal import DecantIR

/// Grids of places, and samples at them.
enum GridOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "AffineGrid",
      schema: OpSchema(
        since: 20, reads: ["theta", "size"], gives: ["grid"], attributes: [.init("align_corners", .int)]),
      infer: inferAffine, evaluate: AffineGridKernel.evaluate),
    OpDefinition(
      "GridSample",
      schema: OpSchema(
        since: 16, reads: ["X", "grid"], gives: ["Y"],
        attributes: [.init("align_corners", .int), .init("mode", .string), .init("padding_mode", .string)]),
      infer: inferSample, evaluate: GridSampleKernel.evaluateAny),
  ]

  @Sendable private static func inferAffine(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    if let theta = context.shape(0), theta.rank != 3 { throw OpError("operand 0: expected rank 3, got \(theta)") }
    guard let size = context.symbols(1)?.elements else {
      let length = context.shape(1).flatMap { $0.rank == 1 ? $0[0].fixed : nil }
      let columns = context.shape(0).flatMap { $0.rank == 3 ? $0[2].fixed : nil }
      let rank = length ?? columns.map { $0 &+ 1 }
      guard let rank, rank == 4 || rank == 5 else { return [.tensor(.init(type, nil))] }
      let batch = context.shape(0)?[0] ?? .unknown
      return [
        .tensor(.init(type, Shape([batch] + Array(repeating: .unknown, count: rank - 2) + [.fixed(rank - 2)])))
      ]
    }
    guard size.count == 4 || size.count == 5 else { throw OpError("'size' expected 4 or 5 numbers, got \(size.count)") }
    return [.tensor(.init(type, Shape([size[0]] + size[2...] + [.fixed(size.count - 2)])))]
  }

  @Sendable static func inferSample(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    guard let x = context.shape(0) else {
      guard let grid = context.shape(1), grid.rank >= 3 else { return [.tensor(.init(type, nil))] }
      return [.tensor(.init(type, Shape([grid[0], .unknown] + grid.dimensions[1..<grid.rank - 1])))]
    }
    guard x.rank >= 3 else { throw OpError("operand 0: expected rank 3 or more, got \(x)") }
    guard let grid = context.shape(1) else {
      return [.tensor(.init(type, Shape([x[0], x[1]] + Array(repeating: .unknown, count: x.rank - 2))))]
    }
    guard grid.rank == x.rank else { throw OpError("operand 1: expected rank \(x.rank), got \(grid)") }
    return [.tensor(.init(type, Shape([x[0], x[1]] + grid.dimensions[1..<grid.rank - 1])))]
  }
}
