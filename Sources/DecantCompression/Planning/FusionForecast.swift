internal import DecantForms
public import DecantIR

/// Which operators between pairs a target will run on codes, and how many QuantizeLinear and DequantizeLinear it is left with.
///
/// It is exact for ONNX Runtime on x86 with uint8 activations, as far as its graphs were compared; others are estimates.
public struct FusionForecast: Sendable, Hashable {
  /// How many QuantizeLinear nodes the model has.
  public private(set) var quantizing = 0
  /// How many DequantizeLinear nodes the model has, those of blocks of weights left out.
  public private(set) var dequantizing = 0
  /// How many QuantizeLinear nodes run as such.
  public private(set) var survivingQuantizing = 0
  /// How many DequantizeLinear nodes run as such; one with several readers counts for each.
  public private(set) var survivingDequantizing = 0
  /// The nodes that run on codes.
  private(set) var fused: Set<NodeID> = []

  /// Whether the model has pairs at all.
  public var hasPairs: Bool { quantizing + dequantizing > 0 }

  /// Looks at the nodes of `graph`, whose types are inferred.
  public init(_ graph: Graph, _ profile: TargetProfile) {
    let flow = CodeFlow(graph: graph, profile: profile)
    for id in graph.order where flow.fuses(id) { fused.insert(id) }
    for id in graph.order {
      if !fused.contains(id) { survivingDequantizing += flow.addedCodes(id) }
      if let pair = AffineNode.quantize(id, graph) {
        quantizing += 1
        survivingQuantizing += flow.isAbsorbed(pair, fused) ? 0 : 1
      } else if let pair = AffineNode.dequantize(id, graph), pair.blockSize == 0 {
        dequantizing += 1
        survivingDequantizing += flow.readers(of: pair.result, fused, depth: CodeFlow.depth)
      }
    }
  }
}

/// How codes run through a graph with pairs on one target.
private struct CodeFlow {
  /// How many operators in a row are followed.
  static let depth = 64

  let graph: Graph
  let profile: TargetProfile

  /// Whether a node will run on codes.
  func fuses(_ id: NodeID) -> Bool {
    let node = graph[id]
    guard node.op.domain.isEmpty, profile.fused.contains(node.op.type) else { return false }
    for (index, operand) in node.operands.enumerated() {
      guard let operand, isFloat(operand) else { continue }
      if index > 0, profile.weighted.contains(node.op.type), graph[operand].constant != nil { continue }
      guard isCoded(operand, depth: CodeFlow.depth) else { return false }
    }
    let isQuantized = node.results.allSatisfy { $0.map { isWanted($0, depth: CodeFlow.depth) } ?? true }
    return isQuantized || profile.givesFloats.contains(node.op.type)
  }

  /// How many float constants of a node the target makes codes of, and dequantizes again.
  func addedCodes(_ id: NodeID) -> Int {
    let node = graph[id]
    guard node.op.domain.isEmpty, profile.weighted.contains(node.op.type), let input = node.operand(0),
      isCoded(input, depth: CodeFlow.depth), let result = node.result(0), isWanted(result, depth: CodeFlow.depth)
    else { return 0 }
    return node.operands.dropFirst().count { $0.map { graph[$0].constant != nil } ?? false }
  }

  private func isFloat(_ value: ValueID) -> Bool {
    (graph[value].constant?.dataType ?? graph[value].type.dataType).map(\.isFloat) ?? false
  }

  /// Whether a float is what codes stand for, as the target sees it.
  private func isCoded(_ value: ValueID, depth: Int) -> Bool {
    guard depth > 0, let producer = graph[value].producer else { return false }
    if let pair = AffineNode.dequantize(producer, graph) {
      guard pair.blockSize == 0, let type = pair.codeType(graph) else { return false }
      if graph[pair.source].constant != nil { return [.int8, .uint8, .int32].contains(type) }
      return profile.activationTypes.contains(type) && pair.parameters(graph) != nil
    }
    guard isMover(producer, profile.movers), let source = graph[producer].operand(0) else { return false }
    return isCoded(source, depth: depth - 1)
  }

  /// Whether a value is read as codes only.
  private func isWanted(_ value: ValueID, depth: Int) -> Bool {
    guard depth > 0, !graph.isOutput(value) else { return false }
    let readers = graph.consumers(of: value)
    return !readers.isEmpty
      && readers.allSatisfy { reader in
        if let pair = AffineNode.quantize(reader, graph) {
          return pair.codeType(graph).map(profile.activationTypes.contains) ?? false
        }
        guard isMover(reader, profile.movers), let result = graph[reader].result(0) else { return false }
        return isWanted(result, depth: depth - 1)
      }
  }

  private func isMover(_ id: NodeID, _ names: Set<String>) -> Bool {
    graph[id].op.domain.isEmpty && names.contains(graph[id].op.type)
  }

  /// Whether a QuantizeLinear becomes part of what computes its source, or cancels a DequantizeLinear before it.
  func isAbsorbed(_ pair: AffineNode, _ fused: Set<NodeID>) -> Bool {
    var value = pair.source
    for _ in 0..<CodeFlow.depth {
      guard let producer = graph[value].producer else { return false }
      if fused.contains(producer) { return isWanted(value, depth: CodeFlow.depth) }
      if let before = AffineNode.dequantize(producer, graph) { return before.means(the: pair, graph) }
      guard isMover(producer, profile.movers.union(profile.followers)), let source = graph[producer].operand(0) else {
        return false
      }
      value = source
    }
    return false
  }

  /// How many readers of the dequantized `value` have to have it as floats.
  func readers(of value: ValueID, _ fused: Set<NodeID>, depth: Int) -> Int {
    var count = graph.isOutput(value) ? 1 : 0
    for reader in graph.consumers(of: value) where !fused.contains(reader) {
      if let pair = AffineNode.quantize(reader, graph) {
        count += isAbsorbed(pair, fused) ? 0 : 1
      } else if depth > 0, isMover(reader, profile.movers), let result = graph[reader].result(0) {
        count += readers(of: result, fused, depth: depth - 1)
      } else if isMover(reader, profile.followers),
        graph[reader].results.allSatisfy({ $0.map { isWanted($0, depth: depth) } ?? true })
      {
        continue
      } else {
        count += 1
      }
    }
    return count
  }
}
