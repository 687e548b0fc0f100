internal import DecantIR

/// A constant of the graph that weight-only quantization can put into codes, and the node that reads it.
struct WeightSite {
  /// What the node does with it.
  enum Use: Hashable {
    /// A matrix product: operand `0` times the weight. Whether the weight has its inputs first.
    case product(isInputsFirst: Bool)
    /// Rows of it are looked up.
    case table
  }

  let node: NodeID
  /// The constant.
  let weight: ValueID
  let use: Use

  /// The site at `node`, or why there is none. The types of the graph are inferred.
  static func find(_ id: NodeID, in graph: Graph) -> Result<WeightSite, Absence> {
    let node = graph[id]
    switch node.op {
    case "MatMul": return product(id, node, isInputsFirst: true, graph)
    case "Gemm":
      guard node.attributes.int("transA", default: 0) == 0, node.attributes.float("alpha", default: 1) == 1 else {
        return .failure(Absence("the product has its first operand transposed or a factor", isLoss: true))
      }
      return product(id, node, isInputsFirst: node.attributes.int("transB", default: 0) == 0, graph)
    case "Gather":
      guard let table = node.operand(0), let data = graph[table].constant else {
        return .failure(Absence("its table is computed"))
      }
      guard data.rank == 2, node.attributes.int("axis", default: 0) == 0, isFloat(data.dataType) else {
        return .failure(
          Absence(
            "only rows of matrices of floats are looked up in codes", isLoss: isFloat(data.dataType) && data.rank > 1))
      }
      return .success(WeightSite(node: id, weight: table, use: .table))
    default:
      if node.subgraphs.contains(where: { $0.graph.holdsWeightedProducts }) {
        return .failure(Absence("its subgraphs are quantized node by node"))
      }
      guard graph.isWeightedProduct(id) else {
        return .failure(Absence("it has no weights that a product reads"))
      }
      return .failure(Absence("only matrix products and tables are put into blocks", isLoss: true))
    }
  }

  /// What goes into the products with constants among `chosen`, each value once, in the order of the nodes.
  static func inputs(of chosen: Set<NodeID>, in graph: Graph) -> [ValueID] {
    var values: [ValueID] = []
    var seen: Set<ValueID> = []
    for node in graph.order where chosen.contains(node) {
      guard case .success(let site) = find(node, in: graph), case .product = site.use,
        let input = graph[node].operand(0), seen.insert(input).inserted
      else { continue }
      values.append(input)
    }
    return values
  }

  private static func product(
    _ id: NodeID, _ node: Node, isInputsFirst: Bool, _ graph: Graph
  ) -> Result<WeightSite, Absence> {
    guard let operand = node.operand(1) else { return .failure(Absence("its second operand is missing")) }
    guard let data = graph[operand].constant else {
      if let first = node.operand(0), graph[first].constant != nil {
        return .failure(Absence("the constant is its first operand", isLoss: true))
      }
      return .failure(Absence("both operands are computed"))
    }
    guard data.rank >= 2, data.shape.dropLast(2).allSatisfy({ $0 == 1 }), isFloat(data.dataType) else {
      return .failure(Absence("the constant is not one matrix of floats: \(data.type)", isLoss: isFloat(data.dataType)))
    }
    guard data.rank == 2 || graph[node.operand(0) ?? operand].type.shape.map({ $0.rank >= data.rank }) ?? false else {
      return .failure(Absence("the constant gives the result more axes than its input has", isLoss: true))
    }
    guard data.elementCount > 0 else { return .failure(Absence("the constant is empty")) }
    return .success(WeightSite(node: id, weight: operand, use: .product(isInputsFirst: isInputsFirst)))
  }

  private static func isFloat(_ type: DataType) -> Bool { [.float32, .float16, .bfloat16].contains(type) }
}

/// Why a node has nothing to quantize.
struct Absence: Error {
  let reason: String
  /// Whether there are weights that the scheme should put into codes, and cannot.
  let isLoss: Bool
  init(_ reason: String, isLoss: Bool = false) {
    self.reason = reason
    self.isLoss = isLoss
  }
}
