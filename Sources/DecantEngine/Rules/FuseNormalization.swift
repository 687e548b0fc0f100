internal import DecantIR

/// Brings the spellings of layer normalization, with or without taking the mean away, into one operator.
///
///     Given:  %m = ReduceMean(%x, %axes: i64[1])       ; the last axes
///             %d = Sub(%x, %m)
///             %s = Pow(%d, %two: f32[])
///             %v = ReduceMean(%s, %axes)
///             %e = Add(%v, %epsilon: f32[])
///             %r = Sqrt(%e)
///             %n = Div(%d, %r)
///             %k = Mul(%n, %scale: f32[64])
///             %y = Add(%k, %shift: f32[64])
///     Result: %y = LayerNormalization(%x, %scale, %shift)
///
/// Without the first two nodes it is `RMSNormalization`. The square may be a product, the quotient a product with a reciprocal.
/// Results differ by roundings.
enum FuseNormalization {
  static let rule = RewriteRule("fuse-normalization", roots: ["Div", "Mul"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    let match: Match
    switch find(node, rewriter.graph) {
    case .match(let found): match = found
    case .no(let reason): return .skipped(reason)
    }
    var operands = [match.x, rewriter.addInitializer("scale", match.scale)]
    if let shift = match.shift { operands.append(rewriter.addInitializer("shift", shift)) }
    rewriter.turn(
      match.last, into: match.isCentered ? "LayerNormalization" : "RMSNormalization", operands,
      ["axis": .int(Int64(match.axis)), "epsilon": .float(Float(match.epsilon))])
    return .applied
  }

  /// A normalization and the constants that follow it.
  private struct Match {
    let x: ValueID
    let isCentered: Bool
    let axis: Int
    let epsilon: Double
    let scale: Tensor
    let shift: Tensor?
    /// The last of the nodes.
    let last: NodeID
  }

  private static func find(_ node: NodeID, _ graph: Graph) -> Finding<Match> {
    guard let (distance, mean) = standardized(node, graph) else {
      return .no("not a quotient by the root of a mean square")
    }
    guard mean.source == distance else { return .no("the mean square is of another value") }
    let source = centered(distance, mean.axes, graph)
    let x = source ?? distance
    guard graph.isFloat(x), let shape = graph.shape(of: x) else { return .no("the type is not f32 of known rank") }
    guard let axis = lastAxes(mean.axes, rank: shape.rank) else { return .no("the mean is not over the last axes") }
    let row = shape.dimensions[axis...].compactMap(\.fixed)
    guard row.count == shape.rank - axis else { return .no("the last axes are not known") }
    guard let scaling = graph.follower(of: node, among: ["Mul"]), let scale = constant(scaling, row, graph) else {
      return .no("no constant scale follows")
    }
    var (shift, last): (Tensor?, NodeID) = (nil, scaling)
    if source != nil, let shifting = graph.follower(of: scaling, among: ["Add"]),
      let tensor = constant(shifting, row, graph)
    {
      (shift, last) = (tensor.reshaped(row), shifting)
    }
    return .match(
      Match(
        x: x, isCentered: source != nil, axis: axis - shape.rank, epsilon: mean.epsilon, scale: scale.reshaped(row),
        shift: shift, last: last))
  }

  /// A mean square.
  private struct MeanSquare {
    /// What is squared.
    let source: ValueID
    let axes: [Int]
    /// What is added before the root.
    let epsilon: Double
  }

  /// `node` as a value over the root of a mean square.
  private static func standardized(_ node: NodeID, _ graph: Graph) -> (ValueID, MeanSquare)? {
    guard let a = graph[node].operand(0), let b = graph[node].operand(1) else { return nil }
    if graph[node].op == "Div" { return meanSquare(underRoot: b, graph).map { (a, $0) } }
    if let mean = inverted(b, graph) { return (a, mean) }
    return inverted(a, graph).map { (b, $0) }
  }

  /// `value` as one over the root of a mean square.
  private static func inverted(_ value: ValueID, _ graph: Graph) -> MeanSquare? {
    guard let node = graph.producer(of: value, among: ["Div", "Pow", "Reciprocal"]),
      let operand = graph[node].operand(0)
    else { return nil }
    switch graph[node].op {
    case "Reciprocal": return meanSquare(underRoot: operand, graph)
    case "Div":
      guard graph.number(operand) == 1, let divisor = graph[node].operand(1) else { return nil }
      return meanSquare(underRoot: divisor, graph)
    default:
      guard graph.number(graph[node].operand(1)) == -0.5 else { return nil }
      return meanSquare(operand, graph)
    }
  }

  private static func meanSquare(underRoot value: ValueID, _ graph: Graph) -> MeanSquare? {
    guard let root = graph.producer(of: value, among: ["Pow", "Sqrt"]), let operand = graph[root].operand(0),
      graph[root].op == "Sqrt" || graph.number(graph[root].operand(1)) == 0.5
    else { return nil }
    return meanSquare(operand, graph)
  }

  private static func meanSquare(_ value: ValueID, _ graph: Graph) -> MeanSquare? {
    guard let sum = graph.producer(of: value, among: ["Add"]), let parts = graph.withNumber(sum), parts.number >= 0,
      let mean = graph.producer(of: parts.other, among: ["ReduceMean"]), let axes = axes(of: mean, graph),
      let square = graph.producer(of: graph[mean].operand(0), among: ["Mul", "Pow"]),
      let source = graph[square].operand(0),
      graph[square].op == "Mul" ? graph[square].operand(1) == source : graph.number(graph[square].operand(1)) == 2
    else { return nil }
    return MeanSquare(source: source, axes: axes, epsilon: parts.number)
  }

  /// The value of which `distance` is the distance to its mean over `axes`.
  private static func centered(_ distance: ValueID, _ axes: [Int], _ graph: Graph) -> ValueID? {
    guard let difference = graph.producer(of: distance, among: ["Sub"]), let x = graph[difference].operand(0),
      let mean = graph.producer(of: graph[difference].operand(1), among: ["ReduceMean"]),
      graph[mean].operand(0) == x, self.axes(of: mean, graph) == axes
    else { return nil }
    return x
  }

  /// The axes of a mean that keeps them.
  private static func axes(of mean: NodeID, _ graph: Graph) -> [Int]? {
    guard graph[mean].attributes.int("keepdims", default: 1) != 0 else { return nil }
    return graph.constant(ofOperand: 1, of: mean)?.integers.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The first of `axes` when they are the last ones.
  private static func lastAxes(_ axes: [Int], rank: Int) -> Int? {
    let sorted = axes.map { $0 < 0 ? $0 + rank : $0 }.sorted()
    guard !sorted.isEmpty, sorted.count <= rank else { return nil }
    return sorted == Array(rank - sorted.count..<rank) ? sorted[0] : nil
  }

  /// The constant operand of `node` that has one element for each of the last axes, axes of one element before.
  private static func constant(_ node: NodeID, _ row: [Int], _ graph: Graph) -> Tensor? {
    [0, 1].lazy.compactMap { graph.constant(ofOperand: $0, of: node) }.first { tensor in
      tensor.dataType == .float32 && tensor.rank >= row.count && tensor.shape.suffix(row.count) == row[...]
        && tensor.shape.dropLast(row.count).allSatisfy { $0 == 1 }
    }
  }
}
