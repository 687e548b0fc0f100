internal import DecantIR

/// Folds a batch normalization into the layer that feeds it.
///
///     Given:  %a = Conv(%x, %w, %b)                  ; or ConvTranspose, Gemm
///             %y = BatchNormalization(%a, %scale, %shift, %mean, %variance)
///     Result: %y = Conv(%x, %w1, %b1)
///
/// In inference mode the normalization multiplies each channel by `scale / √(variance + ε)` and adds a constant: both go
/// into weight and bias, computed in double precision and rounded once. So a result differs by a rounding of the weights,
/// about 1e-7 of its range. Old weights stay for their other readers.
enum FoldBatchNormalization {
  static let rule = RewriteRule("fold-batch-normalization", roots: ["BatchNormalization"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let producer = rewriter.graph.producer(ofOperand: 0, of: node, among: LinearLayer.operators) else {
      return .skipped("the operand is not a result of a linear layer")
    }
    guard rewriter.graph[node].attributes.int("training_mode", default: 0) == 0,
      rewriter.graph.readsOnlyFirstResult(of: node)
    else { return .skipped("it is in training mode") }
    let layer: LinearLayer
    switch LinearLayer.match(producer, in: rewriter.graph) {
    case .layer(let match): layer = match
    case .no(let reason): return .skipped(reason)
    }
    guard layer.axis == 1 else { return .skipped("the layer's channels do not run along axis 1") }
    guard rewriter.graph.isOnlyRead(layer.result, by: node) else {
      return .skipped("the layer's result is read elsewhere")
    }
    guard let affine = ChannelAffine(normalization: node, channels: layer.channels, in: rewriter.graph) else {
      return .skipped("the parameters are not constant, finite and one for each channel")
    }
    if let reason = layer.absorb(affine, &rewriter) { return .skipped(reason) }
    rewriter.replace(node, by: layer.result)
    return .applied
  }
}
