internal import DecantIR

/// Drops a Relu or Clip whose limits the codes of a QuantizeLinear have anyway.
///
///     Given:  %r = Relu(%x)
///             %q: u8[N] = QuantizeLinear(%r, %scale, 0)
///     Result: %q: u8[N] = QuantizeLinear(%x, %scale, 0)
///
/// Exact: what the limits cut off has the least or the greatest code either way.
enum DropSaturatedActivation {
  static let rule = RewriteRule("drop-saturated-activation", roots: ["QuantizeLinear"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    let graph = rewriter.graph
    guard let activation = graph.producer(ofOperand: 0, of: node), let input = graph[activation].operand(0) else {
      return .skipped("a node does not compute what is quantized")
    }
    guard let limits = limits(activation, graph) else {
      return .skipped("no Relu or Clip of constant limits precedes it")
    }
    guard let scale = graph.constant(ofOperand: 1, of: node)?.floats, scale.count == 1, scale[0] > 0,
      scale[0].isFinite, let (zero, codes) = zeroPoint(of: node, graph)
    else { return .skipped("there is no single constant scale, or no constant zero point of 8 bits") }
    func code(_ value: Float) -> Float { (value / scale[0]).rounded(.toNearestOrEven) + Float(zero) }
    guard limits.low <= limits.high, code(limits.low) <= Float(codes.lowerBound),
      code(limits.high) >= Float(codes.upperBound)
    else { return .skipped("the codes reach beyond the limits") }
    rewriter.setOperand(0, of: node, to: input)
    if rewriter.isUnread(activation) { rewriter.erase(activation) }
    return .applied
  }

  private static func zeroPoint(of node: NodeID, _ graph: Graph) -> (Int, ClosedRange<Int>)? {
    guard graph[node].operand(2) != nil else {
      return graph[node].attributes.int("output_dtype", default: 0) == 0 ? (0, 0...255) : nil
    }
    guard let point = graph.constant(ofOperand: 2, of: node), let values = point.integers, values.count == 1 else {
      return nil
    }
    switch point.dataType {
    case .uint8: return (values[0], 0...255)
    case .int8: return (values[0], -128...127)
    default: return nil
    }
  }

  private static func limits(_ node: NodeID, _ graph: Graph) -> (low: Float, high: Float)? {
    func bound(_ index: Int, _ missing: Float) -> Float? {
      guard graph[node].operand(index) != nil else { return missing }
      let values = graph.constant(ofOperand: index, of: node)?.floats
      return values?.count == 1 ? values?[0] : nil
    }
    switch graph[node].op {
    case "Relu": return (0, .infinity)
    case "Clip":
      guard let low = bound(1, -.infinity), let high = bound(2, .infinity) else { return nil }
      return (low, high)
    default: return nil
    }
  }
}
