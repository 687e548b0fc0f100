internal import DecantIR

/// Merges a product of matrices and the addition of a bias into one `Gemm`.
///
///     Given:  %a: f32[N,64] = MatMul(%x: f32[N,32], %w: f32[32,64])
///             %y = Add(%a, %b: f32[64])
///     Result: %y = Gemm(%x, %w, %b)
///
/// The same sums, though a backend may add the bias first: about 1e-7 of the range. Both operands have to be matrices, and
/// weight and bias constant.
enum MergeMatMulAndAdd {
  static let rule = RewriteRule("merge-mat-mul-and-add", roots: ["Add"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard
      let index = [0, 1].first(where: { rewriter.graph.producer(ofOperand: $0, of: node, among: ["MatMul"]) != nil }),
      let product = rewriter.graph.producer(ofOperand: index, of: node)
    else { return .skipped("no operand is a product of matrices") }
    guard let bias = rewriter.graph[node].operand(1 - index), let tensor = rewriter.graph[bias].constant else {
      return .skipped("the bias is not constant")
    }
    guard let result = rewriter.graph[product].result(0), rewriter.graph.isOnlyRead(result, by: node) else {
      return .skipped("the product is read elsewhere")
    }
    guard let left = rewriter.graph[product].operand(0), let right = rewriter.graph[product].operand(1),
      rewriter.graph.shape(of: left)?.rank == 2, let weight = rewriter.graph[right].constant, weight.rank == 2
    else { return .skipped("the operands are not two matrices, the second one constant") }
    guard weight.dataType == .float32 || weight.dataType == .float64 else {
      return .skipped("the type is not f32 or f64")
    }
    guard tensor.shape.last == weight.shape[1], tensor.elementCount == weight.shape[1], tensor.rank <= 2 else {
      return .skipped("the bias is not one number for each column")
    }
    rewriter.setOp(product, "Gemm")
    rewriter.setOperands(product, [left, right, bias])
    rewriter.replace(node, by: result)
    return .applied
  }
}
