internal import DecantIR

/// A change of each channel by a factor and a term: `y = scale · x + shift`.
struct ChannelAffine {
  /// One for each channel.
  let scale: [Double]
  /// One for each channel.
  let shift: [Double]

  /// Whether no channel is shifted.
  var isLinear: Bool { shift.allSatisfy { $0 == 0 } }

  /// What a batch normalization in inference mode does; nil where an operand is not constant or not of this size.
  init?(normalization node: NodeID, channels: Int, in graph: Graph) {
    let parameters = (1...4).compactMap { index -> [Double]? in
      guard let tensor = graph.constant(ofOperand: index, of: node), tensor.elementCount == channels else { return nil }
      return tensor.doubles
    }
    guard parameters.count == 4 else { return nil }
    let epsilon = Double(graph[node].attributes.float("epsilon", default: 1e-5))
    let factors = zip(parameters[0], parameters[3]).map { $0 / ($1 + epsilon).squareRoot() }
    scale = factors
    shift = (0..<channels).map { parameters[1][$0] - parameters[2][$0] * factors[$0] }
    guard isFinite else { return nil }
  }

  /// What an addition, subtraction, multiplication or division by constant operand `index` does to the other operand,
  /// whose channels run along `axis` of `rank`; nil where the constant changes along other axes.
  init?(arithmetic node: NodeID, constant index: Int, channels: Int, axis: Int, rank: Int, in graph: Graph) {
    guard let tensor = graph.constant(ofOperand: index, of: node), tensor.rank <= rank else { return nil }
    let offset = rank - tensor.rank
    for (place, extent) in tensor.shape.enumerated() {
      guard extent == 1 || (place + offset == axis && extent == channels) else { return nil }
    }
    guard let all = tensor.doubles else { return nil }
    let numbers = all.count == 1 ? Array(repeating: all[0], count: channels) : all
    guard numbers.count == channels else { return nil }
    let (none, one) = (Array(repeating: 0.0, count: channels), Array(repeating: 1.0, count: channels))
    switch graph[node].op {
    case "Add": (scale, shift) = (one, numbers)
    case "Sub" where index == 1: (scale, shift) = (one, numbers.map { -$0 })
    case "Sub": (scale, shift) = (one.map { -$0 }, numbers)
    case "Mul": (scale, shift) = (numbers, none)
    case "Div" where index == 1: (scale, shift) = (numbers.map { 1 / $0 }, none)
    default: return nil
    }
    guard isFinite else { return nil }
  }

  private var isFinite: Bool { scale.allSatisfy(\.isFinite) && shift.allSatisfy(\.isFinite) }
}
