internal import DecantIR

/// Brings the products and the softmax of an attention, and the transpositions around them, into one operator.
///
///     Given:  %q4 = Reshape(%q, …)                              ; f32[b,s,12,32]
///             %qt = Transpose(%q4) {perm: [0,2,1,3]}            ; and %vt alike from %v
///             %kt = Transpose(%k4) {perm: [0,2,3,1]}
///             %a = MatMul(%qt, %kt)
///             %b = Mul(%a, %scale: f32[])                       ; or Div; may be missing
///             %c = Add(%b, %mask)                               ; may be missing
///             %p = Softmax(%c)
///             %o = MatMul(%p, %vt)
///             %t = Transpose(%o) {perm: [0,2,1,3]}
///             %y = Reshape(%t, …)                               ; f32[b,s,384]
///     Result: %y = Attention(%q, %k, %v, %mask) {kv_num_heads: 12, q_num_heads: 12, scale: …}
///
/// Where heads are not split and joined like this, the operands stay of rank 4 and only the keys' transposition goes. Results
/// differ by roundings, and a query of which all keys are hidden by -∞ gives zeros and not NaN.
enum FuseAttention {
  static let rule = RewriteRule("fuse-attention", roots: ["Softmax"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    switch AttentionPattern.find(node, rewriter.graph) {
    case .no(let reason): return .skipped(reason)
    case .match(let match):
      let scale = Attribute.float(Float(match.scale))
      if let flat = FlatHeads(match, rewriter.graph) {
        let heads = Attribute.int(Int64(flat.heads))
        rewriter.turn(
          flat.last, into: "Attention", [flat.q, flat.k, flat.v] + (match.mask.map { [$0] } ?? []),
          ["kv_num_heads": heads, "q_num_heads": heads, "scale": scale])
        return .applied
      }
      var keys = match.keys
      if !match.keysAreHeads {
        keys = rewriter.add(
          "Transpose", [keys], ["perm": .ints([0, 2, 1, 3])], name: "keys", type: .tensor(.float32, match.keyShape),
          at: .before(match.product))
      }
      rewriter.turn(
        match.product, into: "Attention", [match.q, keys, match.v] + (match.mask.map { [$0] } ?? []),
        ["scale": scale])
      return .applied
    }
  }
}

/// An attention spelled out, with heads as the second axis.
struct AttentionPattern {
  let q: ValueID
  let v: ValueID
  /// What is transposed before the first product: `[batch, heads, length, size]`, or `[batch, length, heads, size]`.
  let keys: ValueID
  let keysAreHeads: Bool
  /// The shape of the keys with heads as the second axis.
  let keyShape: Shape
  let mask: ValueID?
  let scale: Double
  /// The second product.
  let product: NodeID

  /// The pattern around a softmax.
  static func find(_ softmax: NodeID, _ graph: Graph) -> Finding<AttentionPattern> {
    guard let product = graph.follower(of: softmax, among: ["MatMul"]), let v = graph[product].operand(1),
      graph[product].operand(0) == graph[softmax].result(0), let scores = graph[softmax].operand(0)
    else { return .no("no product follows") }
    let axis = graph[softmax].attributes.int("axis", default: -1)
    guard let shape = graph.shape(of: scores), shape.rank == 4, axis == -1 || axis == 3, graph.isFloat(scores) else {
      return .no("not f32 along the last of four axes")
    }
    guard let chain = ScoreChain(scores, graph) else { return .no("the scores are not a product, scaled and masked") }
    guard var q = graph[chain.product].operand(0), let transposed = graph[chain.product].operand(1) else {
      return .no("an operand is left out")
    }
    guard graph.areAlike(scores, graph[chain.product].result(0)) else { return .no("the mask widens the scores") }
    if let mask = chain.mask {
      guard graph.isFloat(mask), let width = graph.shape(of: mask)?.dimensions.last,
        Dimension.areSame([width], [shape[3]])
      else { return .no("the mask is not f32 with a column for each key") }
    }
    // Both sides may be scaled.
    var scale = chain.scale
    let left = scaled(q, graph)
    (q, scale) = (left.value, scale * left.number)
    let right = scaled(transposed, graph)
    scale *= right.number
    guard let transpose = graph.producer(of: right.value, among: ["Transpose"]), let order = graph.order(of: transpose),
      order == [0, 2, 3, 1] || order == [0, 1, 3, 2], let source = graph[transpose].operand(0)
    else { return .no("the keys are not transposed") }
    let areHeads = order == [0, 1, 3, 2]
    guard let keyShape = graph.shape(of: source), let queryShape = graph.shape(of: q),
      let valueShape = graph.shape(of: v), [keyShape, queryShape, valueShape].allSatisfy({ $0.rank == 4 })
    else { return .no("queries, keys and values are not of rank 4") }
    let heads: Shape = areHeads ? keyShape : [keyShape[0], keyShape[2], keyShape[1], keyShape[3]]
    guard Dimension.areSame(heads.dimensions[..<2], queryShape.dimensions[..<2]),
      Dimension.areSame(heads.dimensions[..<3], valueShape.dimensions[..<3]),
      Dimension.areSame([heads[3]], [queryShape[3]])
    else { return .no("batch and heads of queries, keys and values differ") }
    guard scale.isFinite else { return .no("the scale is not finite") }
    return .match(
      AttentionPattern(
        q: q, v: v, keys: source, keysAreHeads: areHeads, keyShape: heads, mask: chain.mask, scale: scale,
        product: product))
  }

  /// What a value is a multiple of.
  private static func scaled(_ value: ValueID, _ graph: Graph) -> (value: ValueID, number: Double) {
    guard let node = graph.ownProducer(of: value, among: ["Div", "Mul"]),
      let (other, number) = ScoreChain.factor(node, graph),
      graph.areAlike(other, value)
    else { return (value, 1) }
    return (other, number)
  }
}

/// A product of matrices, then perhaps a number, then perhaps a mask.
struct ScoreChain {
  let product: NodeID
  let scale: Double
  let mask: ValueID?

  /// The chain that ends in `scores`, each part read by the next only.
  init?(_ scores: ValueID, _ graph: Graph) {
    if let sum = graph.ownProducer(of: scores, among: ["Add"]), let a = graph[sum].operand(0),
      let b = graph[sum].operand(1)
    {
      if let (product, scale) = ScoreChain.scaledProduct(a, graph) {
        (self.product, self.scale, mask) = (product, scale, b)
        return
      }
      guard let (product, scale) = ScoreChain.scaledProduct(b, graph) else { return nil }
      (self.product, self.scale, mask) = (product, scale, a)
      return
    }
    guard let (product, scale) = ScoreChain.scaledProduct(scores, graph) else { return nil }
    (self.product, self.scale, mask) = (product, scale, nil)
  }

  private static func scaledProduct(_ value: ValueID, _ graph: Graph) -> (NodeID, Double)? {
    if let product = graph.ownProducer(of: value, among: ["MatMul"]) { return (product, 1) }
    guard let node = graph.ownProducer(of: value, among: ["Div", "Mul"]), let (other, number) = factor(node, graph),
      let product = graph.ownProducer(of: other, among: ["MatMul"])
    else { return nil }
    return (product, number)
  }

  /// What a node multiplies by a number, and the number.
  static func factor(_ node: NodeID, _ graph: Graph) -> (ValueID, Double)? {
    guard let parts = graph.withNumber(node) else { return nil }
    if graph[node].op == "Mul" { return (parts.other, parts.number) }
    return parts.isFirst || parts.number == 0 ? nil : (parts.other, 1 / parts.number)
  }
}

/// Heads that are split off the last axis before an attention and joined after it.
struct FlatHeads {
  let q: ValueID
  let k: ValueID
  let v: ValueID
  let heads: Int
  /// The node that joins the heads.
  let last: NodeID

  /// Nil unless operands and result are all like this.
  init?(_ match: AttentionPattern, _ graph: Graph) {
    guard !match.keysAreHeads, let q4 = FlatHeads.exchanged(match.q, graph),
      let v4 = FlatHeads.exchanged(match.v, graph),
      let q = FlatHeads.joined(q4, graph), let k = FlatHeads.joined(match.keys, graph),
      let v = FlatHeads.joined(v4, graph), let heads = graph.shape(of: q4)?[2].fixed
    else { return nil }
    guard let back = graph.follower(of: match.product, among: ["Transpose"]), graph.order(of: back) == [0, 2, 1, 3],
      let join = graph.follower(of: back, among: ["Reshape"]), let before = graph.shape(of: graph[back].result(0)),
      let after = graph.shape(of: graph[join].result(0)), FlatHeads.splits(after, before)
    else { return nil }
    (self.q, self.k, self.v, self.heads, last) = (q, k, v, heads, join)
  }

  /// What `value` is with the second and third axis exchanged.
  private static func exchanged(_ value: ValueID, _ graph: Graph) -> ValueID? {
    guard let node = graph.producer(of: value, among: ["Transpose"]), graph.order(of: node) == [0, 2, 1, 3] else {
      return nil
    }
    return graph[node].operand(0)
  }

  /// What `value` is with its last two axes as one.
  private static func joined(_ value: ValueID, _ graph: Graph) -> ValueID? {
    guard let node = graph.producer(of: value, among: ["Reshape"]), let source = graph[node].operand(0),
      let before = graph.shape(of: source), let after = graph.shape(of: value), splits(before, after)
    else { return nil }
    return source
  }

  /// Whether `deep` is `flat` with its last axis split in two.
  private static func splits(_ flat: Shape, _ deep: Shape) -> Bool {
    guard flat.rank == 3, deep.rank == 4, let width = flat[2].fixed, let heads = deep[2].fixed,
      let size = deep[3].fixed, heads > 0, width % heads == 0, width / heads == size
    else { return false }
    return Dimension.areSame(flat.dimensions[..<2], deep.dimensions[..<2])
  }
}
