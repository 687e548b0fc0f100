internal import DecantBytes
internal import DecantCompression
internal import DecantForms
internal import DecantIR
internal import DecantRuntime

/// The distribution of one activation or weight.
struct TensorPicture: Sendable {
  let name: String
  /// The node that reads it.
  let node: String
  let isWeight: Bool
  let range: TensorRange
  let counts: [Double]
  /// Where the codes end; nil where that is found as the model runs.
  let clip: TensorRange?
  /// The range of the channel with the smallest one, for weights.
  let narrowest: TensorRange?
  /// How many masks are not counted.
  let leftOut: Int

  static let bins = 64

  /// What the nodes called `nodes` read: activations as `histograms` saw them, unless they are gone from the graph `quantized`
  /// with a function that codes made superfluous, and weights.
  static func all(
    read nodes: [String], _ trials: LayerTrials, _ quantized: Graph, _ histograms: [String: SignedHistogram], limit: Int
  ) throws(DecantError) -> (pictures: [TensorPicture], total: Int) {
    let graph = trials.model.graph
    var byName: [String: NodeID] = [:]
    for id in graph.order { byName[label(id, graph)] = id }
    var pictures: [TensorPicture] = []
    var seen: Set<ValueID> = []
    for name in nodes {
      guard let id = byName[name] else { continue }
      for case let operand? in graph[id].declaredOperands where seen.insert(operand).inserted {
        let value = graph[operand]
        if let data = value.constant {
          guard data.rank >= 2, let picture = try weight(data, value.name, graph[id], name) else { continue }
          pictures.append(picture)
        } else if quantized.value(named: value.name) != nil, let histogram = histograms[value.name],
          let range = histogram.range
        {
          pictures.append(
            TensorPicture(
              name: value.name, node: name, isWeight: false, range: range, counts: histogram.counts(bins: bins),
              clip: trials.ranges.byName[value.name], narrowest: nil, leftOut: histogram.leftOut))
        }
      }
    }
    return (Array(pictures.prefix(limit)), pictures.count)
  }

  /// The computed floats that the nodes called `nodes` read.
  static func activations(read nodes: [String], _ graph: Graph) -> [ValueID] {
    let names = Set(nodes)
    var seen: Set<ValueID> = []
    return graph.order.filter { names.contains(label($0, graph)) }.flatMap { graph[$0].declaredOperands }
      .compactMap { $0 }
      .filter {
        graph[$0].definition != .initializer && graph[$0].type.dataType == .float32 && seen.insert($0).inserted
      }
  }

  private static func label(_ id: NodeID, _ graph: Graph) -> String {
    graph[id].name.isEmpty
      ? graph[id].results.compactMap { $0 }.first.map { graph[$0].name } ?? "" : graph[id].name
  }

  private static func weight(
    _ data: Tensor, _ name: String, _ node: Node, _ reader: String
  ) throws(DecantError) -> TensorPicture? {
    guard data.dataType.isFloat, let floats = data.floats, !floats.isEmpty else { return nil }
    var histogram = SignedHistogram()
    do throws(OpError) {
      try histogram.observe(data)
      guard let range = histogram.range else { return nil }
      let axis = channelAxis(node, data.rank)
      let channels = try QuantizedWeight.ranges(of: Tensor(floats, shape: data.shape), axis: axis)
      return TensorPicture(
        name: name, node: reader, isWeight: true, range: range, counts: histogram.counts(bins: bins), clip: range,
        narrowest: channels.count > 1 ? channels.min { $0.magnitude < $1.magnitude } : nil,
        leftOut: histogram.leftOut)
    } catch {
      throw DecantError(error, at: ["initializer '\(name)'"])
    }
  }

  private static func channelAxis(_ node: Node, _ rank: Int) -> Int {
    switch node.op {
    case "Conv", "Gather": 0
    case "ConvTranspose": 1
    case "Gemm": node.attributes.int("transB", default: 0) != 0 ? 0 : 1
    default: rank - 1
    }
  }
}
