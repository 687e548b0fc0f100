internal import DecantIR

/// The products of one activation with constant matrices: what one set of column factors can be made up in.
struct ProductGroup {
  /// A product and how its matrix lies.
  struct Product {
    let node: NodeID
    let weight: ValueID
    /// Whether rows of the matrix are inputs; otherwise columns are.
    let isInputsFirst: Bool
  }

  /// The activation, with its columns along the last axis.
  let input: ValueID
  let columns: Int
  let products: [Product]

  /// The products of `input` among `chosen`; nil when there are none.
  init?(_ input: ValueID, among chosen: Set<NodeID>, in graph: Graph) {
    var found: [Product] = []
    for use in graph.uses(of: input) {
      guard case .operand(let node, 0) = use, chosen.contains(node),
        let product = ProductGroup.product(node, in: graph)
      else { continue }
      found.append(product)
    }
    guard let first = found.first, let shape = graph[first.weight].constant?.shape else { return nil }
    let columns = shape[first.isInputsFirst ? 0 : 1]
    products = found.filter { graph[$0.weight].constant?.shape[$0.isInputsFirst ? 0 : 1] == columns }
    guard products.count == found.count else { return nil }
    self.input = input
    self.columns = columns
  }

  private static func product(_ node: NodeID, in graph: Graph) -> Product? {
    guard let weight = graph[node].operand(1), let data = graph[weight].constant, data.dataType == .float32,
      data.bytes != nil, data.rank == 2, data.elementCount > 0
    else { return nil }
    let attributes = graph[node].attributes
    switch graph[node].op {
    case "MatMul": return Product(node: node, weight: weight, isInputsFirst: true)
    case "Gemm":
      guard attributes.int("transA", default: 0) == 0 else { return nil }
      return Product(node: node, weight: weight, isInputsFirst: attributes.int("transB", default: 0) == 0)
    default: return nil
    }
  }

  /// Divides each column of the activation by its factor and makes up for it in the matrices.
  ///
  /// Where nothing but these products reads the activation, the factors go into a scale or shift that makes it; otherwise
  /// a Mul is put in. Returns the value that the products read then, and where the factors went.
  /// A factor of zero takes a column out.
  func insert(
    _ factors: [Float], canFold: Bool = true, _ rewriter: inout Rewriter
  ) -> (value: ValueID, how: String) {
    for product in products { scale(product, by: factors, &rewriter) }
    let isOnlyRead = rewriter.graph[input].useCount == products.count
    if canFold, isOnlyRead, let how = fold(factors, &rewriter) { return (input, how) }
    let name = rewriter.graph[input].name
    let inverse = rewriter.addInitializer(name + "_smoothing", Tensor(SmoothingSearch.inverses(of: factors)))
    let position: Rewriter.Position =
      rewriter.graph[input].producer.map { .after($0) } ?? rewriter.graph.firstNode.map { .before($0) } ?? .end
    let smoothed = rewriter.add(
      "Mul", [input, inverse], name: name + "_smoothed", type: rewriter.graph[input].type, at: position)
    for product in products { rewriter.setOperand(0, of: product.node, to: smoothed) }
    return (smoothed, "by a Mul")
  }

  private func scale(_ product: Product, by factors: [Float], _ rewriter: inout Rewriter) {
    guard let data = rewriter.graph[product.weight].constant?.aligned else { return }
    let columns = data.shape[1]
    let values = data.span(of: Float.self)
    let scaled = Tensor(of: Float.self, shape: data.shape) { target in
      for index in 0..<target.count {
        target[index] = values[index] * factors[product.isInputsFirst ? index / columns : index % columns]
      }
    }
    guard rewriter.graph[product.weight].useCount > 1 else {
      rewriter.setData(product.weight, scaled)
      return
    }
    let other = rewriter.addInitializer(rewriter.graph[product.weight].name, scaled)
    rewriter.setOperand(1, of: product.node, to: other)
  }

  // MARK: Folding

  private func fold(_ factors: [Float], _ rewriter: inout Rewriter) -> String? {
    guard let producer = rewriter.graph[input].producer else { return nil }
    switch rewriter.graph[producer].op {
    case "Mul": return foldIntoProduct(producer, factors, &rewriter)
    case "LayerNormalization", "RMSNormalization": return foldIntoNormalization(producer, factors, &rewriter)
    default: return nil
    }
  }

  /// Given: `%x = Mul(%h, %c)` with a constant row `%c`. Result: `%c / s`. A single number stays: it may be part of a GELU that
  /// a runtime knows as such.
  private func foldIntoProduct(_ node: NodeID, _ factors: [Float], _ rewriter: inout Rewriter) -> String? {
    for index in 0...1 {
      guard let constant = rewriter.graph.constant(ofOperand: index, of: node), constant.dataType == .float32,
        constant.rank == 1, let values = constant.floats, values.count == columns,
        let other = rewriter.graph[node].operand(1 - index), rewriter.graph[other].constant == nil,
        let extent = rewriter.graph[other].type.shape?.dimensions.last, extent.fixed == columns
      else { continue }
      replace(index, of: node, values, factors, &rewriter)
      return "folded into the factor before it"
    }
    return nil
  }

  /// Given: `%x = LayerNormalization(%h, %gamma, %beta)` over the last axis. Result: `%gamma / s`, `%beta / s`.
  private func foldIntoNormalization(_ node: NodeID, _ factors: [Float], _ rewriter: inout Rewriter) -> String? {
    var vectors: [(Int, [Float])] = []
    for index in 1...2 where rewriter.graph[node].operand(index) != nil {
      guard let constant = rewriter.graph.constant(ofOperand: index, of: node), constant.dataType == .float32,
        constant.rank == 1, let values = constant.floats, values.count == columns
      else { return nil }
      vectors.append((index, values))
    }
    guard !vectors.isEmpty else { return nil }
    for (index, values) in vectors { replace(index, of: node, values, factors, &rewriter) }
    return "folded into the normalization before it"
  }

  private func replace(
    _ index: Int, of node: NodeID, _ values: [Float], _ factors: [Float], _ rewriter: inout Rewriter
  ) {
    guard let old = rewriter.graph[node].operand(index) else { return }
    let divided = factors.indices.map { values[$0] / factors[$0] }
    let new = rewriter.addInitializer(rewriter.graph[old].name + "_smoothed", Tensor(divided))
    rewriter.setOperand(index, of: node, to: new)
    if rewriter.graph[old].useCount == 0 { rewriter.erase(old) }
  }
}
