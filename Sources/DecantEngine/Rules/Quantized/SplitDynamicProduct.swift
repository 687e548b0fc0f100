internal import DecantIR

/// Quantizes the rows of a product in a node of its own, which products of the same rows then share.
///
///     Given:  %y = com.microsoft.DynamicQuantizeMatMul(%x, %w, %sw, %zw, %b)
///     Result: (%q, %sx, %zx) = DynamicQuantizeLinear(%x)
///             %y = com.microsoft.MatMulIntegerToFloat(%q, %w, %sx, %sw, %zx, %zw, %b)
///
/// The definition, spelled out.
enum SplitDynamicProduct {
  static let rule = RewriteRule(
    "split-dynamic-product", roots: [.microsoft("DynamicQuantizeMatMul")], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    let given = rewriter.graph[node]
    guard let rows = given.operand(0), let old = given.result(0) else { return .skipped("an operand is missing") }
    let codes: NodeID
    let known = rewriter.graph.uses(of: rows).compactMap { quantization($0, rewriter.graph) }.first
    if let known, let producer = rewriter.graph[rows].producer {
      codes = known
      // So that it comes before all that read it.
      rewriter.move(known, to: .after(producer))
    } else {
      let shape = rewriter.graph[rows].type.shape
      codes = rewriter.addNode(
        "DynamicQuantizeLinear", [rows], name: given.name + "_quantize",
        resultNames: ["_codes", "_scale", "_zero_point"].map { given.name + $0 },
        resultTypes: [.tensor(.uint8, shape), .tensor(.float32, []), .tensor(.uint8, [])], at: .before(node))
    }
    let made = rewriter.graph[codes]
    let product = rewriter.add(
      .microsoft("MatMulIntegerToFloat"),
      [
        made.result(0), given.operand(1), made.result(1), given.operand(2), made.result(2), given.operand(3),
        given.operand(4),
      ], name: given.name, type: rewriter.graph[old].type, at: .before(node))
    rewriter.replaceAllUses(of: old, with: product)
    rewriter.erase(node)
    return .applied
  }

  private static func quantization(_ use: Use, _ graph: Graph) -> NodeID? {
    guard case .operand(let node, 0) = use, graph[node].op == "DynamicQuantizeLinear",
      graph[node].results.count == 3, graph[node].results.allSatisfy({ $0 != nil })
    else { return nil }
    return node
  }
}
