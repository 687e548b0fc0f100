internal import DecantIR

/// The nodes that a target would run slower on codes than in float.
enum SlowNodes {
  /// With the reason. A depthwise or first convolution is slow by itself, and worth it where a neighbour is int8 anyway: codes
  /// then go from one to the other, and float would cost a pair between them.
  static func find(_ graph: Graph, _ target: DeploymentTarget, _ style: PlacementStyle) -> [NodeID: String] {
    let profile = target.profile
    guard !profile.fused.isEmpty else { return [:] }
    let runsCodes = profile.fused.union(profile.movers).union(profile.followers)
    var slow: [NodeID: String] = [:]
    for id in graph.order {
      let node = graph[id]
      guard node.op.domain.isEmpty, let placement = style.placements[node.op.type] else { continue }
      if !runsCodes.contains(node.op.type), placement != .removable, placement != .gather {
        slow[id] = "\(target.rawValue) has no kernel on codes for it"
        continue
      }
      guard node.op == "Conv", let kind = slowKind(node, graph) else { continue }
      guard !hasDenseNeighbour(id, graph) else { continue }
      slow[id] = "a \(kind) alone is slower on codes on \(target.rawValue), and no neighbour is int8"
    }
    return slow
  }

  private static func slowKind(_ node: Node, _ graph: Graph) -> String? {
    guard let weight = node.operand(1), let shape = graph[weight].constant?.shape, shape.count > 2 else { return nil }
    let groups = node.attributes.int("group", default: 1)
    if groups > 1, shape[1] == 1 { return "depthwise convolution" }
    return groups == 1 && shape[1] <= 4 ? "convolution of \(shape[1]) channels" : nil
  }

  /// Operators that codes pass on the way from one layer to the next.
  private static let between: Set<OpName> = [
    "Relu", "Clip", "LeakyRelu", "MaxPool", "AveragePool", "GlobalAveragePool", "Pad", "Reshape", "Flatten", "Squeeze",
    "Unsqueeze", "Transpose", "Add", "Mul", "Concat", "Resize",
  ]

  /// Whether a product with dense weights comes just before or after, whatever moves codes between them.
  private static func hasDenseNeighbour(_ id: NodeID, _ graph: Graph) -> Bool {
    func isDense(_ other: NodeID) -> Bool {
      let node = graph[other]
      guard other != id, ["Conv", "Gemm", "MatMul"].contains(node.op), let weight = node.operand(1),
        graph[weight].constant != nil
      else { return false }
      return node.op != "Conv" || slowKind(node, graph) == nil
    }
    var seen: Set<NodeID> = [id]
    var waiting = [(id, true), (id, false)]
    while let (current, isForward) = waiting.popLast() {
      let node = graph[current]
      let next =
        isForward
        ? node.results.compactMap { $0 }.flatMap { graph.consumers(of: $0) }
        : node.declaredOperands.compactMap { $0 }.compactMap { graph[$0].producer }
      for other in next {
        if isDense(other) { return true }
        guard between.contains(graph[other].op), seen.insert(other).inserted else { continue }
        waiting.append((other, isForward))
      }
    }
    return false
  }
}
