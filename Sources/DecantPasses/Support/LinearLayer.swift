internal import DecantIR

/// A layer with a constant weight that can take up a ``ChannelAffine`` behind it: `Conv`, `ConvTranspose`, `Gemm`, `MatMul`.
struct LinearLayer {
  /// The node.
  let node: NodeID
  /// Its result.
  let result: ValueID
  /// How many channels the result has.
  let channels: Int
  /// The axis of the result along which they run.
  let axis: Int
  /// The rank of the result.
  let rank: Int

  private let op: OpName
  private let weight: Tensor
  private let bias: Tensor?
  private let groups: Int
  private let isTransposed: Bool

  /// The operators that can be such a layer.
  static let operators: Set<OpName> = ["Conv", "ConvTranspose", "Gemm", "MatMul"]

  /// Why a node is not such a layer.
  enum Match {
    case layer(LinearLayer)
    case no(String)
  }

  /// The layer at `node`, or the reason why it is none.
  static func match(_ node: NodeID, in graph: Graph) -> Match {
    let op = graph[node].op
    guard operators.contains(op), let result = graph[node].result(0) else { return .no("it is not a linear layer") }
    guard let weight = graph.constant(ofOperand: 1, of: node) else { return .no("the weight is not constant") }
    guard weight.dataType == .float32 || weight.dataType == .float64 else {
      return .no("the weight is \(weight.dataType): the product would be rounded too coarsely")
    }
    guard weight.bytes != nil else { return .no("the data of the weight is absent") }
    var bias: Tensor?
    if graph[node].operand(2) != nil {
      bias = graph.constant(ofOperand: 2, of: node)
      guard let bias, bias.bytes != nil else { return .no("the bias is not constant") }
    }
    return layer(node, op, result, weight, bias, in: graph)
  }

  private static func layer(
    _ node: NodeID, _ op: OpName, _ result: ValueID, _ weight: Tensor, _ bias: Tensor?, in graph: Graph
  ) -> Match {
    let groups = graph[node].attributes.int("group", default: 1)
    let isTransposed = graph[node].attributes.int("transB", default: 0) != 0
    let (channels, axis, rank): (Int, Int, Int)
    switch op {
    case "Conv":
      guard weight.rank >= 3 else { return .no("the weight has rank \(weight.rank)") }
      (channels, axis, rank) = (weight.shape[0], 1, weight.rank)
    case "ConvTranspose":
      guard weight.rank >= 3, groups > 0, weight.shape[0] % groups == 0 else { return .no("the groups do not divide") }
      let (product, overflow) = weight.shape[1].multipliedReportingOverflow(by: groups)
      guard !overflow else { return .no("there are too many channels") }
      (channels, axis, rank) = (product, 1, weight.rank)
    case "Gemm":
      guard weight.rank == 2 else { return .no("the weight has rank \(weight.rank)") }
      (channels, axis, rank) = (weight.shape[isTransposed ? 0 : 1], 1, 2)
    default:
      guard weight.rank == 2, let operand = graph.shape(of: graph[node].operand(0)), operand.rank >= 2 else {
        return .no("the ranks are not known to be a matrix and more")
      }
      (channels, axis, rank) = (weight.shape[1], operand.rank - 1, operand.rank)
    }
    guard channels > 0, weight.elementCount > 0 else { return .no("there are no channels") }
    if let bias {
      let isVector = bias.elementCount == channels && bias.shape.last == channels
      guard isVector || (op == "Gemm" && bias.elementCount == 1) else {
        return .no("the bias is not one number for each channel")
      }
    }
    return .layer(
      LinearLayer(
        node: node, result: result, channels: channels, axis: axis, rank: rank, op: op, weight: weight, bias: bias,
        groups: groups, isTransposed: isTransposed))
  }

  /// Gives the layer a new weight and a new bias that include `affine`; nil, or why it cannot.
  func absorb(_ affine: ChannelAffine, _ rewriter: inout Rewriter) -> String? {
    guard op != "MatMul" || affine.isLinear else { return "a MatMul has no bias" }
    guard let scaled = scaledWeight(affine.scale) else { return "a weight would overflow" }
    let beta = op == "Gemm" ? Double(rewriter.graph[node].attributes.float("beta", default: 1)) : 1
    let old = (bias?.doubles).map { $0.count == channels ? $0 : Array(repeating: $0[0], count: channels) }
    let terms = (0..<channels).map { (old?[$0] ?? 0) * beta * affine.scale[$0] + affine.shift[$0] }
    guard let newBias = Tensor.vector(terms, of: weight.dataType) else { return "a bias would overflow" }
    if affine.scale.contains(where: { $0 != 1 }) { rewriter.exchange(constant: 1, of: node, for: scaled) }
    guard bias != nil || !affine.isLinear else { return nil }
    rewriter.exchange(constant: 2, of: node, for: newBias, name: "\(rewriter.graph[result].name)_bias")
    if op == "Gemm" { rewriter.setAttribute(node, "beta", nil) }
    return nil
  }

  /// The weight with each channel scaled, in double precision and then rounded; nil when a product is not finite.
  private func scaledWeight(_ scale: [Double]) -> Tensor? {
    let weight = weight.aligned
    var isFinite = true
    let result: Tensor
    switch weight.dataType {
    case .float32:
      let source = weight.span(of: Float.self)
      result = Tensor(of: Float.self, shape: weight.shape) { target in
        forEachRun { start, count, channel, stride in
          if stride == 0 {
            let run = source.extracting(start..<start + count)
            isFinite = LinearLayer.scale(run, by: scale[channel], into: &target, at: start) && isFinite
            return
          }
          for index in 0..<count {
            let product = Float(Double(source[start + index]) * scale[channel + index])
            isFinite = isFinite && product.isFinite
            target[start + index] = product
          }
        }
      }
    case .float64:
      let source = weight.span(of: Double.self)
      result = Tensor(of: Double.self, shape: weight.shape) { target in
        forEachRun { start, count, channel, stride in
          for index in 0..<count {
            let product = source[start + index] * scale[channel + index * stride]
            isFinite = isFinite && product.isFinite
            target[start + index] = product
          }
        }
      }
    default: return nil
    }
    return isFinite ? result : nil
  }

  /// Writes the products of a run with one factor, and returns whether all are finite. Written so that it is done in vectors.
  private static func scale(
    _ run: Span<Float>, by factor: Double, into target: inout MutableSpan<Float>, at start: Int
  ) -> Bool {
    guard start >= 0, start <= target.count - run.count else { return false }
    var largest: UInt32 = 0
    for index in run.indices {
      let product = Float(Double(run[index]) * factor)
      largest = max(largest, product.magnitude.bitPattern)
      target[start &+ index] = product
    }
    return largest < Float.infinity.bitPattern
  }

  /// Calls `body` with runs of the weight's elements: where one starts, how long it is, the channel of its first element,
  /// and by how many channels the next element lies further.
  private func forEachRun(_ body: (Int, Int, Int, Int) -> Void) {
    switch (op, isTransposed) {
    case ("Conv", _), ("Gemm", true):
      let length = weight.elementCount / channels
      for channel in 0..<channels { body(channel * length, length, channel, 0) }
    case ("ConvTranspose", _):
      let (inputs, perGroup) = (weight.shape[0], weight.shape[1])
      let length = weight.elementCount / (inputs * perGroup)
      for input in 0..<inputs {
        let group = input / (inputs / groups)
        for output in 0..<perGroup {
          body((input * perGroup + output) * length, length, group * perGroup + output, 0)
        }
      }
    default:
      for row in 0..<weight.elementCount / channels { body(row * channels, channels, 0, 1) }
    }
  }
}
