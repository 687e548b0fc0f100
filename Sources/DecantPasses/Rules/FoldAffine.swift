internal import DecantIR

/// Folds arithmetic with a constant into the layer that feeds it.
///
///     Given:  %a = Conv(%x, %w)                      ; or ConvTranspose, Gemm, MatMul
///             %y = Mul(%a, %c: f32[1,8,1,1])         ; or Add, Sub, Div
///     Result: %y = Conv(%x, %w1)
///
/// The constant is one number, or one for each channel. It goes into weight and bias, computed in double precision and
/// rounded once: about 1e-7 of the range. Old weights stay for their other readers.
enum FoldAffine {
  static let rule = RewriteRule("fold-affine", roots: ["Add", "Div", "Mul", "Sub"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let index = [0, 1].first(where: { rewriter.graph.constant(ofOperand: $0, of: node) != nil }) else {
      return .skipped("no operand is constant")
    }
    guard
      let producer = rewriter.graph.producer(ofOperand: 1 - index, of: node, among: LinearLayer.operators)
    else { return .skipped("the operand is not a result of a linear layer") }
    let layer: LinearLayer
    switch LinearLayer.match(producer, in: rewriter.graph) {
    case .layer(let match): layer = match
    case .no(let reason): return .skipped(reason)
    }
    guard rewriter.graph.isOnlyRead(layer.result, by: node) else {
      return .skipped("the layer's result is read elsewhere")
    }
    guard
      let affine = ChannelAffine(
        arithmetic: node, constant: index, channels: layer.channels, axis: layer.axis, rank: layer.rank,
        in: rewriter.graph)
    else { return .skipped("the constant is not one finite number, or one for each channel") }
    if let reason = layer.absorb(affine, &rewriter) { return .skipped(reason) }
    rewriter.replace(node, by: layer.result)
    return .applied
  }
}
