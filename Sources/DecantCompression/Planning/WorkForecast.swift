internal import DecantForms
internal import DecantIR

/// How the products of a graph share the work, and how fast a target does each kind of it.
///
/// Extents that are not fixed count as one: they are mostly batches and sequences, which all products have in common.
public struct WorkForecast: Sendable {
  /// The work of one kind.
  public struct Share: Sendable {
    /// The kind.
    public let work: WorkClass
    /// How many nodes do it.
    public internal(set) var nodes = 0
    /// How many multiplications it takes.
    public internal(set) var multiplications = 0.0
    /// How much faster than float32 the target is at it; nil when that is not known.
    public let speed: TargetProfile.Speed?
  }

  /// By kind, those without nodes left out.
  public let shares: [Share]

  /// Adds up the products of `graph`, of which `fused` run on codes, and of the graphs inside it.
  init(_ graph: Graph, fused: Set<NodeID>, _ profile: TargetProfile) {
    var found: [WorkClass: Share] = [:]
    WorkForecast.add(graph, fused, profile, &found)
    let counted = found
    shares = WorkClass.allCases.compactMap { counted[$0] }
  }

  /// How many times as fast as in float32 the products are with one row; nil when a part is not known, or there are none.
  public var oneRow: Double? { speed { $0.oneRow } }
  /// The same with many rows.
  public var manyRows: Double? { speed { $0.manyRows } }

  private func speed(_ rows: (TargetProfile.Speed) -> Double) -> Double? {
    let total = shares.reduce(0) { $0 + $1.multiplications }
    guard total > 0 else { return nil }
    var time = 0.0
    for share in shares where share.multiplications > 0 {
      guard let speed = share.speed else { return nil }
      time += share.multiplications / rows(speed)
    }
    return total / time
  }

  private static func add(
    _ graph: Graph, _ fused: Set<NodeID>, _ profile: TargetProfile, _ found: inout [WorkClass: Share]
  ) {
    for id in graph.order {
      for (_, inner) in graph[id].subgraphs {
        add(inner, FusionForecast(inner, profile).fused, profile, &found)
      }
      guard let product = ProductWork(id, isFused: fused.contains(id), graph) else { continue }
      var share = found[product.work] ?? Share(work: product.work, speed: profile.speed(of: product.work))
      share.nodes += 1
      share.multiplications += product.multiplications
      found[product.work] = share
    }
  }
}

/// One product: what kind of work it is, and how much.
private struct ProductWork {
  let work: WorkClass
  let multiplications: Double

  init?(_ id: NodeID, isFused: Bool, _ graph: Graph) {
    let node = graph[id]
    let extents = node.operand(1).map { ProductWork.extents($0, graph) } ?? []
    switch node.op {
    case "MatMul", "Gemm", "FusedMatMul":
      work = ProductWork.product(node, isFused: isFused, graph)
      let isTransposed = node.attributes.int("transB", default: 0) != 0
      let inner = extents.count < 2 ? extents.first : isTransposed ? extents.last : extents[extents.count - 2]
      multiplications = ProductWork.results(node, graph) * (inner ?? 1)
    case "MatMulInteger":
      work = .dynamicProduct
      multiplications = ProductWork.results(node, graph) * (extents.count < 2 ? 1 : extents[extents.count - 2])
    case "Conv", "ConvInteger":
      work = node.op == "ConvInteger" ? .dynamicConvolution : ProductWork.convolution(node, extents, isFused, graph)
      multiplications = ProductWork.results(node, graph) * extents.dropFirst().reduce(1, *)
    case "ConvTranspose":
      work = ProductWork.isCoded(node, graph) ? .unfused : .floatConvolution
      let inputs = node.operand(0).map { ProductWork.extents($0, graph).reduce(1, *) } ?? 1
      multiplications = inputs * extents.dropFirst().reduce(1, *)
    case "LSTM", "GRU", "RNN":
      work = .floatRecurrence
      multiplications = ProductWork.recurrence(node, extents, graph)
    case .microsoft("DynamicQuantizeLSTM"):
      work = .dynamicRecurrence
      multiplications = ProductWork.recurrence(node, extents, graph)
    case .microsoft("MatMulNBits"), .microsoft("MatMulBnb4"):
      work = ProductWork.blocks(node)
      multiplications = ProductWork.results(node, graph) * Double(node.attributes.int("K", default: 1))
    default: return nil
    }
  }

  private static func blocks(_ node: Node) -> WorkClass {
    guard node.op.type == "MatMulNBits" else { return .codebook }
    switch node.attributes.int("bits", default: 4) {
    case 8: return .blocks8
    case 2: return .blocks2
    default: return node.attributes.int("accuracy_level", default: 0) == 4 ? .blocks4 : .blocks4Exact
    }
  }

  private static func product(_ node: Node, isFused: Bool, _ graph: Graph) -> WorkClass {
    if isFused { return .staticProduct }
    if let weight = node.operand(1), let pair = AffineNode.dequantize(behind: weight, graph) {
      let type = pair.codeType(graph)
      if type?.isFloat ?? false { return .float8 }
      if pair.blockSize > 0 { return type?.bitWidth == 8 ? .blocks8 : type?.bitWidth == 2 ? .blocks2 : .blocks4 }
      return .unfused
    }
    return isHalf(node, graph) ? .half : .floatProduct
  }

  private static func convolution(
    _ node: Node, _ extents: [Double], _ isFused: Bool, _ graph: Graph
  ) -> WorkClass {
    guard isFused else { return isCoded(node, graph) ? .unfused : isHalf(node, graph) ? .half : .floatConvolution }
    let groups = node.attributes.int("group", default: 1)
    guard let channels = extents.dropFirst().first else { return .convolution }
    if groups > 1, channels == 1 { return .depthwise }
    return channels <= 4 && groups == 1 ? .firstConvolution : .convolution
  }

  private static func isCoded(_ node: Node, _ graph: Graph) -> Bool {
    node.operand(1).flatMap { AffineNode.dequantize(behind: $0, graph) } != nil
  }

  private static func isHalf(_ node: Node, _ graph: Graph) -> Bool {
    guard let weight = node.operand(1) else { return false }
    let type = graph[weight].constant?.dataType ?? graph[weight].type.dataType
    return type == .float16 || type == .bfloat16
  }

  /// All gates of one step, for input and state.
  private static func recurrence(_ node: Node, _ extents: [Double], _ graph: Graph) -> Double {
    let state = node.operand(2).map { ProductWork.extents($0, graph) } ?? []
    return extents.reduce(1, *) + state.reduce(1, *)
  }

  private static func results(_ node: Node, _ graph: Graph) -> Double {
    node.result(0).map { extents($0, graph).reduce(1, *) } ?? 1
  }

  private static func extents(_ value: ValueID, _ graph: Graph) -> [Double] {
    if let data = graph[value].constant { return data.shape.map(Double.init) }
    return graph[value].type.shape?.dimensions.map { Double($0.fixed ?? 1) } ?? []
  }
}
