internal import DecantIR

/// Folds a padding with zeros into the convolution or average that follows.
///
///     Given:  %a = Pad(%x, [0,0,1,1,0,0,1,1])
///             %y = Conv(%a, %w) {pads: [0,0,0,0]}
///     Result: %y = Conv(%x, %w) {pads: [1,1,1,1]}
///
/// Exact: a convolution pads with zeros by itself. An average does when it counts them (`count_include_pad`), and one that
/// had no padding then counts the same elements. A largest element does not, for it pads with -∞.
enum FoldPad {
  static let rule = RewriteRule("fold-pad", roots: ["AveragePool", "Conv"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let pad = rewriter.graph.producer(ofOperand: 0, of: node, among: ["Pad"]),
      let source = rewriter.graph[pad].operand(0)
    else { return .skipped("the operand is not padded") }
    guard let padded = rewriter.graph[node].operand(0), rewriter.graph.isOnlyRead(padded, by: node) else {
      return .skipped("the padded value is read elsewhere")
    }
    guard rewriter.graph[pad].attributes.string("mode") ?? "constant" == "constant" else {
      return .skipped("the padding repeats elements")
    }
    guard rewriter.graph[pad].operand(2) == nil || rewriter.graph.isConstant(0, operand: 2, of: pad) else {
      return .skipped("the padding is not 0")
    }
    guard rewriter.graph[pad].operand(3) == nil else { return .skipped("the padding names its axes") }
    guard let added = rewriter.graph.integers(ofOperand: 1, of: pad), added.count % 2 == 0, added.count >= 6 else {
      return .skipped("the pads are not constant, or there are no spatial axes")
    }
    let rank = added.count / 2
    guard added.allSatisfy({ $0 >= 0 }), [0, 1, rank, rank + 1].allSatisfy({ added[$0] == 0 }) else {
      return .skipped("the padding is not spatial only, or takes elements away")
    }
    guard let own = ownPads(of: node, spatial: rank - 2, in: rewriter.graph) else {
      return .skipped("the operator sizes its padding by itself")
    }
    if rewriter.graph[node].op == "AveragePool" {
      guard rewriter.graph[node].attributes.int("ceil_mode", default: 0) == 0 else {
        return .skipped("the average rounds its size up")
      }
      let countsPads = rewriter.graph[node].attributes.int("count_include_pad", default: 0) != 0
      guard countsPads || own.allSatisfy({ $0 == 0 }) else { return .skipped("the average does not count its padding") }
      guard fits(added, rank, kernelOf: node, own, in: rewriter.graph) else {
        return .skipped("the padding is as large as the kernel")
      }
    }
    let spatial = Array(added[2..<rank]) + Array(added[(rank + 2)...])
    let sums = zip(own, spatial).map { $0.addingReportingOverflow($1) }
    guard !sums.contains(where: \.overflow) else { return .skipped("the pads overflow") }
    if rewriter.graph[node].op == "AveragePool" { rewriter.setAttribute(node, "count_include_pad", .int(1)) }
    rewriter.setAttribute(node, "auto_pad", nil)
    rewriter.setAttribute(node, "pads", .ints(sums.map { Int64($0.partialValue) }))
    rewriter.exchange(operand: 0, of: node, for: source)
    return .applied
  }

  /// The operator's own pads, begins and then ends; nil when `auto_pad` decides.
  private static func ownPads(of node: NodeID, spatial: Int, in graph: Graph) -> [Int]? {
    let none = Array(repeating: 0, count: 2 * spatial)
    switch graph[node].attributes.string("auto_pad") ?? "NOTSET" {
    case "NOTSET":
      let pads = graph[node].attributes.ints("pads") ?? none
      return pads.count == none.count ? pads : nil
    case "VALID": return none
    default: return nil
    }
  }

  /// Whether all pads stay below the kernel's extents, as pooling demands.
  private static func fits(_ added: [Int], _ rank: Int, kernelOf node: NodeID, _ own: [Int], in graph: Graph) -> Bool {
    guard let kernel = graph[node].attributes.ints("kernel_shape"), kernel.count == rank - 2 else { return false }
    let spatial = Array(added[2..<rank]) + Array(added[(rank + 2)...])
    return zip(zip(own, spatial), kernel + kernel).allSatisfy { pads, extent in
      pads.0 < extent && pads.1 < extent && pads.0 + pads.1 < extent
    }
  }
}
