internal import DecantIR

/// A convolution or product with a constant weight, whose output and input channels can be scaled.
struct EqualizedLayer {
  let node: NodeID
  /// The weight's elements, in its layout.
  private(set) var weight: [Float]
  /// One number for each output channel; nil when there is no bias.
  private(set) var bias: [Float]?
  let inputs: Int
  let outputs: Int
  private let shape: [Int]
  private let groups: Int
  private let isOutputFirst: Bool

  /// The layer at `node`; nil when it is none, or when its constants are not plain float32.
  init?(_ node: NodeID, in graph: Graph) {
    let attributes = graph[node].attributes
    guard let data = graph.constant(ofOperand: 1, of: node), data.elementCount > 0,
      let weight = data.array(of: Float.self), weight.allSatisfy(\.isFinite)
    else { return nil }
    switch graph[node].op {
    case "Conv":
      guard data.rank >= 3 else { return nil }
      groups = attributes.int("group", default: 1)
      isOutputFirst = true
      outputs = data.shape[0]
      guard groups > 0, outputs % groups == 0, data.shape[1] <= Int(Int32.max) / groups else { return nil }
      inputs = data.shape[1] * groups
    case "Gemm":
      guard data.rank == 2, attributes.int("transA", default: 0) == 0 else { return nil }
      groups = 1
      isOutputFirst = attributes.int("transB", default: 0) != 0
      (outputs, inputs) = isOutputFirst ? (data.shape[0], data.shape[1]) : (data.shape[1], data.shape[0])
    default: return nil
    }
    if graph[node].operand(2) != nil {
      guard let data = graph.constant(ofOperand: 2, of: node), data.elementCount == outputs,
        data.shape.last == outputs, let values = data.array(of: Float.self)
      else { return nil }
      bias = values
    }
    self.node = node
    self.weight = weight
    shape = data.shape
  }

  /// The largest magnitude of the weights of each output channel.
  var outputReaches: [Float] {
    var reaches = [Float](repeating: 0, count: outputs)
    forEach { index, output, _ in reaches[output] = max(reaches[output], abs(weight[index])) }
    return reaches
  }

  /// The largest magnitude of the weights of each input channel, of `count` channels of neighbouring inputs.
  func inputReaches(channels count: Int) -> [Float] {
    let run = inputs / count
    var reaches = [Float](repeating: 0, count: count)
    forEach { index, _, input in reaches[input / run] = max(reaches[input / run], abs(weight[index])) }
    return reaches
  }

  /// Divides output channels by `factors`, bias included.
  mutating func divideOutputs(by factors: [Float]) {
    var scaled = weight
    forEach { index, output, _ in scaled[index] /= factors[output] }
    weight = scaled
    bias = bias.map { zip($0, factors).map { $0 / $1 } }
  }

  /// Multiplies input channels by `factors`, each of as many neighbouring inputs as divide evenly.
  mutating func multiplyInputs(by factors: [Float]) {
    let run = inputs / factors.count
    var scaled = weight
    forEach { index, _, input in scaled[index] *= factors[input / run] }
    weight = scaled
  }

  /// Gives the node its new constants.
  func store(_ rewriter: inout Rewriter) {
    replace(1, by: Tensor(weight, shape: shape), &rewriter)
    guard let bias, let old = rewriter.graph.constant(ofOperand: 2, of: node) else { return }
    replace(2, by: Tensor(bias, shape: old.shape), &rewriter)
  }

  private func replace(_ index: Int, by data: Tensor, _ rewriter: inout Rewriter) {
    guard let old = rewriter.graph[node].operand(index) else { return }
    guard rewriter.graph[old].useCount > 1 else {
      rewriter.setData(old, data)
      return
    }
    rewriter.setOperand(index, of: node, to: rewriter.addInitializer(rewriter.graph[old].name, data))
  }

  /// Calls `body` with the index of each element, its output channel and its input channel.
  private func forEach(_ body: (_ index: Int, _ output: Int, _ input: Int) -> Void) {
    guard isOutputFirst else {
      for index in weight.indices { body(index, index % outputs, index / outputs) }
      return
    }
    let perGroup = inputs / groups
    let kernel = weight.count / (outputs * perGroup)
    var index = 0
    for output in 0..<outputs {
      let first = output / (outputs / groups) * perGroup
      for input in 0..<perGroup {
        for _ in 0..<kernel {
          body(index, output, first + input)
          index += 1
        }
      }
    }
  }
}
