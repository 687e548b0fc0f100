internal import DecantIR

/// The float side path of columns that codes do not cover: made before their weights are taken out, added afterwards.
struct OutlierColumns {
  private let gathered: ValueID
  private let terms: [(product: NodeID, term: ValueID)]
  private let nodes: Set<NodeID>

  /// Multiplies `columns` of the group's activation by their weights, in float.
  init?(_ group: ProductGroup, _ columns: [Int], _ rewriter: inout Rewriter) {
    guard let first = group.products.first else { return nil }
    let name = rewriter.graph[group.input].name
    let type = rewriter.graph[group.input].type
    let indices = rewriter.addInitializer(name + "_outliers", Tensor(columns.map { Int64($0) }))
    gathered = rewriter.add(
      "Gather", [group.input, indices], ["axis": .int(-1)], name: name + "_outlier_columns",
      type: .tensor(.float32, type.shape.map { Shape($0.dimensions.dropLast() + [.fixed(columns.count)]) }),
      at: .before(OutlierColumns.earliest(group, first.node, rewriter.graph)))
    var (terms, nodes): ([(NodeID, ValueID)], Set<NodeID>) = ([], [])
    for product in group.products {
      guard let data = rewriter.graph[product.weight].constant?.aligned,
        let result = rewriter.graph[product.node].result(0)
      else { return nil }
      let weight = rewriter.addInitializer(
        rewriter.graph[product.weight].name + "_outliers",
        OutlierColumns.rows(
          columns, of: data, product.isInputsFirst,
          factor: rewriter.graph[product.node].attributes.float("alpha", default: 1)))
      let term = rewriter.add(
        "MatMul", [gathered, weight], name: rewriter.graph[result].name + "_outliers",
        type: rewriter.graph[result].type, at: .before(product.node))
      terms.append((product.node, term))
    }
    for value in [gathered] + terms.map(\.1) { if let node = rewriter.graph[value].producer { nodes.insert(node) } }
    self.terms = terms.map { (product: $0.0, term: $0.1) }
    self.nodes = nodes
  }

  /// Adds the side path's terms to the products; gives all nodes of it.
  func add(_ rewriter: inout Rewriter) -> Set<NodeID> {
    var nodes = nodes
    for (product, term) in terms {
      guard let result = rewriter.graph[product].result(0) else { continue }
      let (name, type) = (rewriter.graph[result].name, rewriter.graph[result].type)
      let uses = rewriter.graph.uses(of: result)
      rewriter.rename(result, to: name + "_without_outliers")
      let sum = rewriter.add("Add", [result, term], name: name, type: type, at: .after(product))
      for use in uses { rewriter.replace(use, with: sum) }
      if let node = rewriter.graph[sum].producer { nodes.insert(node) }
    }
    return nodes
  }

  /// The first product in order: what all of them read has to stand before it.
  private static func earliest(_ group: ProductGroup, _ known: NodeID, _ graph: Graph) -> NodeID {
    let products = Set(group.products.map(\.node))
    return graph.order.first { products.contains($0) } ?? known
  }

  private static func rows(_ columns: [Int], of data: Tensor, _ isInputsFirst: Bool, factor: Float) -> Tensor {
    let (rows, width) = (data.shape[0], data.shape[1])
    let outputs = isInputsFirst ? width : rows
    let values = data.span(of: Float.self)
    return Tensor(of: Float.self, shape: [columns.count, outputs]) { target in
      for (row, column) in columns.enumerated() {
        for output in 0..<outputs {
          let index = isInputsFirst ? column * width + output : output * width + column
          target[row * outputs + output] = values[index] * factor
        }
      }
    }
  }
}
