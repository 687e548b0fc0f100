internal import DecantIR

/// Where factors for the channels of an activation can go: into constants that make it, without any change of the function.
///
/// Steps back from the activation over operators that do not mind positive factors of channels, as long as nothing else reads
/// what lies between, to constants that take the factors up. Channels may lie along several axes, as heads of attention do:
/// factors of what a projection reads go into the weights of the values that attention mixes.
struct ChannelFolding {
  /// How far back constants are looked for.
  enum Reach {
    /// In the node that makes the activation: no other value changes.
    case producer
    /// Over several nodes: the values between change, too.
    case chain
  }

  /// A constant with an element, a column or a row for each channel.
  struct Place {
    enum Layout { case vector, columns, rows }
    let node: NodeID
    let operand: Int
    let layout: Layout
  }

  let places: [Place]
  /// What takes the factors up, for reports.
  let name: String

  private static let limit = 16
  /// Operators `f` of one operand with `f(s·x) = s·f(x)` for each element and s > 0.
  private static let homogeneous: Set<OpName> = ["Relu", "LeakyRelu", "Identity"]

  /// The places for factors of the last axis of `value`, of which `readers` uses are made up for; nil where there are none.
  init?(_ value: ValueID, columns: Int, readers: Int, reach: Reach, in graph: Graph) {
    guard let rank = graph[value].type.shape?.rank, rank > 0,
      let found = Search(columns: columns, reach: reach, graph: graph)
        .places(value, axes: [rank - 1], readers: readers, left: ChannelFolding.limit)
    else { return nil }
    (places, name) = found
  }

  /// Divides by the factors of the channels. Precondition: none is zero.
  func divide(by factors: [Float], _ rewriter: inout Rewriter) {
    for place in places {
      guard let old = rewriter.graph[place.node].operand(place.operand), let data = rewriter.graph[old].constant,
        let values = data.floats, let columns = data.shape.last
      else { continue }
      let divided = values.indices.map { index in
        switch place.layout {
        case .vector: values[index] / factors[index]
        case .columns: values[index] / factors[index % columns]
        case .rows: values[index] / factors[index / columns]
        }
      }
      let new = rewriter.addInitializer(rewriter.graph[old].name + "_smoothed", Tensor(divided, shape: data.shape))
      rewriter.setOperand(place.operand, of: place.node, to: new)
      if rewriter.graph[old].useCount == 0 { rewriter.erase(old) }
    }
  }
}

/// Steps back from an activation.
private struct Search {
  typealias Found = (places: [ChannelFolding.Place], name: String)

  let columns: Int
  let reach: ChannelFolding.Reach
  let graph: Graph

  /// - Parameters:
  ///   - axes: those that channels lie along, the slowest first.
  ///   - readers: how many uses of the value may be.
  ///   - left: how many steps more may be taken.
  func places(_ value: ValueID, axes: [Int], readers: Int, left: Int) -> Found? {
    guard left > 0, graph[value].useCount == readers, let shape = graph[value].type.shape, holds(axes, shape),
      let id = graph[value].producer
    else { return nil }
    let (node, isLast) = (graph[id], axes == [shape.rank - 1])
    func back(_ operand: Int, _ axes: [Int]) -> Found? {
      guard reach == .chain, let next = node.operand(operand) else { return nil }
      return places(next, axes: axes, readers: 1, left: left - 1)
    }
    switch node.op {
    case "LayerNormalization", "RMSNormalization": return isLast ? normalization(id, node) : nil
    case "Mul":
      for index in 0...1 where isLast && vector(id, index) {
        return ([.init(node: id, operand: index, layout: .vector)], "the factor before it")
      }
      // A factor of one number may be part of a GELU that a runtime knows as such, which factors must not tear apart.
      guard graph.constant(ofOperand: 0, of: id) == nil, graph.constant(ofOperand: 1, of: id) == nil else { return nil }
      return back(0, axes) ?? back(1, axes)
    case "Add":
      for index in 0...1 where isLast && vector(id, index) {
        guard let found = back(1 - index, axes) else { return nil }
        return ([.init(node: id, operand: index, layout: .vector)] + found.places, found.name)
      }
      return nil
    case "MatMul", "Gemm":
      if graph.constant(ofOperand: 1, of: id) != nil { return isLast ? product(id, node) : nil }
      // Rows of the second factor are mixed, its columns are not, nor are matrices.
      guard node.op == "MatMul", !axes.contains(shape.rank - 2) else { return nil }
      return back(1, axes)
    case "Transpose":
      let order = node.attributes.ints("perm") ?? (0..<shape.rank).reversed().map { $0 }
      guard order.count == shape.rank, order.allSatisfy({ $0 >= 0 && $0 < shape.rank }) else { return nil }
      return back(0, axes.map { order[$0] })
    case "Reshape": return reshaped(node, shape, axes).flatMap { back(0, $0) }
    case let op where ChannelFolding.isHomogeneous(op): return back(0, axes)
    default: return nil
    }
  }

  /// Whether the axes are there, and have an element for each channel together.
  private func holds(_ axes: [Int], _ shape: Shape) -> Bool {
    guard axes.allSatisfy({ $0 >= 0 && $0 < shape.rank }) else { return false }
    let extents = axes.map { shape.dimensions[$0].fixed }
    return !extents.contains(nil) && extents.compactMap { $0 }.reduce(1, *) == columns
  }

  /// The axes before a Reshape that takes the last axis apart or puts the last axes together, all others left alone.
  private func reshaped(_ node: Node, _ after: Shape, _ axes: [Int]) -> [Int]? {
    guard let before = node.operand(0).flatMap({ graph[$0].type.shape }), before.rank > 0 else { return nil }
    let last = before.rank - 1
    // Channels are the last elements of each row before and after, in the same order.
    guard axes == Array(after.rank - axes.count..<after.rank) else { return nil }
    if before.dimensions[last].fixed == columns { return [last] }
    var (product, first) = (1, before.rank)
    while first > 0, product < columns, let extent = before.dimensions[first - 1].fixed, extent > 0 {
      first -= 1
      product *= extent
    }
    return product == columns ? Array(first..<before.rank) : nil
  }

  private func normalization(_ id: NodeID, _ node: Node) -> Found? {
    let given = (1...2).filter { node.operand($0) != nil }
    guard !given.isEmpty, given.allSatisfy({ vector(id, $0) }) else { return nil }
    return (given.map { .init(node: id, operand: $0, layout: .vector) }, "the normalization before it")
  }

  private func product(_ id: NodeID, _ node: Node) -> Found? {
    guard reach == .chain, let weight = node.operand(1), graph[weight].useCount == 1,
      let data = graph[weight].constant, data.dataType == .float32, data.bytes != nil, data.rank == 2
    else { return nil }
    let isTransposed = node.op == "Gemm" && node.attributes.int("transB", default: 0) != 0
    guard data.shape[isTransposed ? 0 : 1] == columns else { return nil }
    let matrix = ChannelFolding.Place(node: id, operand: 1, layout: isTransposed ? .rows : .columns)
    guard node.op == "Gemm", node.operand(2) != nil else { return ([matrix], "the product before it") }
    guard vector(id, 2) else { return nil }
    return ([matrix, .init(node: id, operand: 2, layout: .vector)], "the product before it")
  }

  /// Whether an operand is a constant with one float for each channel.
  private func vector(_ id: NodeID, _ operand: Int) -> Bool {
    guard let data = graph.constant(ofOperand: operand, of: id) else { return false }
    return data.dataType == .float32 && data.bytes != nil && data.shape == [columns]
  }
}

extension ChannelFolding {
  fileprivate static func isHomogeneous(_ op: OpName) -> Bool { homogeneous.contains(op) }
}
