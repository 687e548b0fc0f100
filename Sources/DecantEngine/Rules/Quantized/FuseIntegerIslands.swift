internal import DecantForms
internal import DecantIR
internal import DecantOps
internal import DecantPasses

/// Puts operators on codes in the place of float operators between DequantizeLinear and QuantizeLinear, where there are fast
/// kernels for them.
///
/// Runs before constants are folded, which would make floats of quantized weights. Models without codes are left at once.
struct FuseIntegerIslands: Pass {
  static let name = "fuse-integer-islands"
  static let summary = "compute on codes what stands between DequantizeLinear and QuantizeLinear"

  /// What brings islands into the form that operators on codes take.
  private static let before: [RewriteRule] = [DropSaturatedActivation.rule, QuantizeBias.rule]
  /// Products whose scales are computed, and what follows a product.
  private static let after: [RewriteRule] = [
    FuseScaledIntegerProduct.rule, MergeIntegerProductAndBias.rule, SplitDynamicProduct.rule,
  ]
  private static let concerned: Set<OpName> = [
    "DequantizeLinear", "DynamicQuantizeLinear", .microsoft("DynamicQuantizeMatMul"),
  ]

  func run(on model: inout Model, _ context: PassContext) throws -> PassResult {
    var result = PassResult(pass: Self.name)
    let hasCodes = model.graph.order.contains { Self.concerned.contains(model.graph[$0].op) }
    guard hasCodes else { return result }
    Self.keepConstants(&model.graph)
    _ = try InferTypes().run(on: &model, context)
    try RewriteDriver(Self.before).run(on: &model.graph, context, &result)
    let report = FormConversion.fuseOperators(&model.graph) { Self.isFast($0, $1) }
    result.applied(Self.name, count: report.converted)
    _ = try InferTypes().run(on: &model, context)
    try RewriteDriver(Self.after).run(on: &model.graph, context, &result)
    return result
  }

  /// Makes initializers of `Constant` nodes, as other patterns of scales have them.
  private static func keepConstants(_ graph: inout Graph) {
    graph.edit { rewriter in
      for node in rewriter.graph.order where rewriter.graph[node].op == "Constant" {
        guard let value = rewriter.graph[node].result(0), let data = rewriter.graph[node].attributes.tensor("value")
        else { continue }
        let kept = rewriter.addInitializer(rewriter.graph[value].name, data)
        rewriter.replaceAllUses(of: value, with: kept)
        rewriter.erase(node)
      }
    }
  }

  /// Whether the operator on codes in the place of `node` has a kernel of ours, as far as the graph tells.
  private static func isFast(_ id: NodeID, _ graph: Graph) -> Bool {
    let node = graph[id]
    /// The constant codes behind operand `index`, when they fit in i8 around zero.
    func codes(_ index: Int) -> Tensor? {
      guard let producer = graph.producer(ofOperand: index, of: id), graph[producer].op == "DequantizeLinear",
        let codes = graph.constant(ofOperand: 0, of: producer),
        graph[producer].operand(2) == nil || graph.constant(ofOperand: 2, of: producer) != nil
      else { return nil }
      let axis = graph[producer].attributes.int("axis", default: 1)
      guard axis >= -codes.rank, axis < max(1, codes.rank) else { return nil }
      let zeros = graph.constant(ofOperand: 2, of: producer)
      return SignedCodes.areCentered(codes, zeroPoints: zeros, axis: axis < 0 ? axis + codes.rank : axis) ? codes : nil
    }
    switch node.op.type {
    case "Conv": return codes(1) != nil
    case "MatMul": return codes(1)?.rank == 2
    case "Gemm": return codes(1) != nil && node.attributes.int("transA", default: 0) == 0
    case "Add", "Mul":
      guard let a = node.operand(0), let b = node.operand(1), let left = graph[a].type.shape,
        let right = graph[b].type.shape
      else { return false }
      return left == right || right.dimensions.allSatisfy { $0.fixed == 1 } && right.rank <= left.rank
    case "AveragePool": return node.attributes.ints("kernel_shape")?.count == 2
    case "Softmax":
      let rank = node.operand(0).flatMap { graph[$0].type.shape?.rank }
      let axis = node.attributes.int("axis", default: -1)
      return axis == -1 || rank.map { axis == $0 - 1 } ?? false
    case "Where", "Resize": return false
    case "MaxPool": return node.results.count == 1
    default: return true
    }
  }
}
