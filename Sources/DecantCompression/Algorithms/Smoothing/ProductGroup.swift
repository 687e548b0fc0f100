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

  /// Where factors can go instead of a Mul; nil where there is no such place, or something else reads the activation.
  func folding(_ reach: ChannelFolding.Reach, in graph: Graph) -> ChannelFolding? {
    ChannelFolding(input, columns: columns, readers: products.count, reach: reach, in: graph)
  }

  /// Divides each column of the activation by its factor and makes up for it in the matrices.
  ///
  /// The factors go where `folding` says, and without it into a Mul, which can take out a column whose factor is zero.
  /// Returns the value that the products read then, and where the factors went.
  func insert(
    _ factors: [Float], _ folding: ChannelFolding?, _ rewriter: inout Rewriter
  ) -> (value: ValueID, how: String) {
    for product in products { scale(product, by: factors, &rewriter) }
    if let folding {
      folding.divide(by: factors, &rewriter)
      return (input, "folded into \(folding.name)")
    }
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
}
