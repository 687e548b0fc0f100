internal import DecantIR

/// Gives the float bias of a convolution or product of codes the codes that its sums have.
///
///     Given:  %y = Conv(DequantizeLinear(%x, %sx), DequantizeLinear(%w, %sw), %b: f32[8])
///             %q = QuantizeLinear(%y, %sy)
///     Result: %y = Conv(DequantizeLinear(%x, %sx), DequantizeLinear(%w, %sw), DequantizeLinear(%c: i32[8], %sx * %sw))
///
/// The bias moves by at most half a step of the sums, hundreds of which make one step of the result.
enum QuantizeBias {
  static let rule = RewriteRule("quantize-bias", roots: ["Conv", "Gemm"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    let graph = rewriter.graph
    guard let bias = graph.constant(ofOperand: 2, of: node), bias.dataType == .float32, bias.rank == 1,
      let values = bias.floats, let name = graph[node].operand(2).map({ graph[$0].name })
    else { return .skipped("the bias is no constant vector of f32") }
    guard let result = graph[node].result(0), let reader = graph.onlyConsumer(of: result),
      graph[reader].op == "QuantizeLinear"
    else { return .skipped("the result is not quantized") }
    guard graph[node].attributes.float("alpha", default: 1) == 1, graph[node].attributes.float("beta", default: 1) == 1
    else { return .skipped("there are factors") }
    guard let input = scales(of: 0, node, graph), input.count == 1, let weights = scales(of: 1, node, graph),
      weights.count == 1 || weights.count == values.count
    else { return .skipped("the operands are not codes on constant scales") }
    var steps: [Float] = []
    var codes: [Int32] = []
    for (index, value) in values.enumerated() {
      let step = input[0] * weights[weights.count == 1 ? 0 : index]
      let code = (value / step).rounded(.toNearestOrEven)
      guard step > 0, abs(code) < Float(1 << 30) else { return .skipped("the bias is beyond the sums") }
      steps.append(step)
      codes.append(Int32(code))
    }
    let scale = rewriter.addInitializer(name + "_scale", Tensor(steps))
    let integers = rewriter.addInitializer(name + "_quantized", Tensor(codes))
    let floats = rewriter.add(
      "DequantizeLinear", [integers, scale], ["axis": .int(0)], name: name + "_DequantizeLinear", type: bias.type,
      at: .before(node))
    rewriter.setOperand(2, of: node, to: floats)
    return .applied
  }

  private static func scales(of index: Int, _ node: NodeID, _ graph: Graph) -> [Float]? {
    guard let producer = graph.producer(ofOperand: index, of: node), graph[producer].op == "DequantizeLinear",
      graph[producer].attributes.int("block_size", default: 0) == 0
    else { return nil }
    return graph.constant(ofOperand: 1, of: producer)?.floats
  }
}
