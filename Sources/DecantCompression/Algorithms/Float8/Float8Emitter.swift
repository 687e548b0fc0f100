internal import DecantForms
internal import DecantIR

/// Puts codes and their DequantizeLinear into one graph.
struct Float8Emitter {
  private struct Key: Hashable {
    let value: ValueID
    let axis: Int?
  }

  private let options: Float8Options
  private let ranges: CalibratedRanges?
  private var dequantized: [Key: ValueID] = [:]
  private var replaced: Set<ValueID> = []
  private var coded: [ValueID: ValueID] = [:]
  private(set) var weights = 0
  private(set) var activations = 0

  /// Weights of fewer elements are left alone: scales and a node would take what the codes save.
  private static let leastElements = 256

  init(_ options: Float8Options, usesRanges: Bool) {
    self.options = options
    ranges = usesRanges ? options.ranges : nil
  }

  // MARK: Operators

  /// A constant operand and the axis of its channels.
  private struct Weight {
    let operand: Int
    let axis: Int?
  }

  /// Which operands of a node may be weights.
  private static func weights(of node: Node, _ graph: Graph) -> [Weight] {
    func rank(_ index: Int) -> Int { node.operand(index).flatMap { graph[$0].constant?.rank } ?? 0 }
    switch node.op {
    case "Conv": return [Weight(operand: 1, axis: 0)]
    case "ConvTranspose": return [Weight(operand: 1, axis: 1)]
    case "Gemm":
      return [
        Weight(operand: 0, axis: nil),
        Weight(operand: 1, axis: node.attributes.int("transB", default: 0) != 0 ? 0 : 1),
      ]
    case "MatMul":
      return [Weight(operand: 0, axis: nil), Weight(operand: 1, axis: rank(1) >= 2 ? rank(1) - 1 : nil)]
    case "Gather":
      // Rows of a table are short: a scale each must not weigh more than it brings.
      let shape = node.operand(0).flatMap { graph[$0].constant?.shape } ?? []
      return [Weight(operand: 0, axis: shape.dropFirst().reduce(1, *) >= 64 && shape.count > 1 ? 0 : nil)]
    case "LSTM", "GRU", "RNN": return [Weight(operand: 1, axis: nil), Weight(operand: 2, axis: nil)]
    case "Einsum": return node.declaredOperands.indices.map { Weight(operand: $0, axis: nil) }
    default: return []
    }
  }

  /// The computed float32 operands of a product.
  static func activations(of node: Node, _ graph: Graph) -> [ValueID] {
    guard ["Conv", "ConvTranspose", "Gemm", "MatMul"].contains(node.op) else { return [] }
    return node.declaredOperands.prefix(2).compactMap { $0 }.filter {
      graph[$0].definition != .initializer && graph[$0].type.dataType == .float32
    }
  }

  /// Converts one node; what was done, or why nothing was.
  mutating func convert(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> NodeOutcome {
    let subject = rewriter.graph[node]
    let candidates = Float8Emitter.weights(of: subject, rewriter.graph)
    guard !candidates.isEmpty else {
      return .unconcerned("it has no weights that are stored as \(options.type.dataType)")
    }
    var done: [String] = []
    var reason = NodeOutcome.unconcerned("its weights are computed")
    for weight in candidates {
      guard let value = subject.operand(weight.operand), let data = rewriter.graph[value].constant,
        data.dataType == .float32
      else { continue }
      guard data.elementCount >= Float8Emitter.leastElements else {
        reason = .unconcerned("its weights are \(data.elementCount) elements, too few to gain")
        continue
      }
      let axis = options.isPerChannel ? weight.axis : nil
      let result = try dequantize(value, data, axis, node, &rewriter)
      rewriter.setOperand(weight.operand, of: node, to: result)
      done.append(axis.map { "weight per channel of axis \($0)" } ?? "weight per tensor")
    }
    guard !done.isEmpty || ranges != nil else { return reason }
    for value in Float8Emitter.activations(of: subject, rewriter.graph) {
      guard !isDequantized(value, rewriter.graph), let result = pair(value, &rewriter) else { continue }
      for (index, operand) in rewriter.graph[node].operands.enumerated() where operand == value {
        rewriter.setOperand(index, of: node, to: result)
      }
      done.append("activation '\(rewriter.graph[value].name)'")
    }
    return done.isEmpty ? reason : .quantized(done.joined(separator: ", "))
  }

  private func isDequantized(_ value: ValueID, _ graph: Graph) -> Bool {
    graph[value].producer.map { graph[$0].op == "DequantizeLinear" } ?? false
  }

  // MARK: Nodes

  private mutating func dequantize(
    _ value: ValueID, _ data: Tensor, _ axis: Int?, _ node: NodeID, _ rewriter: inout Rewriter
  ) throws(OpError) -> ValueID {
    let key = Key(value: value, axis: axis)
    if let known = dequantized[key] { return known }
    let name = rewriter.graph[value].name
    let weight: Float8Weight
    do throws(OpError) {
      weight = try Float8Weight(data, options.type, axis: axis)
    } catch {
      throw OpError("initializer '\(name)': \(error.message)", kind: error.kind)
    }
    let codes = rewriter.addInitializer(name + "_quantized", weight.codes)
    let scale = rewriter.addInitializer(name + "_scale", weight.scales)
    let result = rewriter.add(
      "DequantizeLinear", [codes, scale], axis.map { ["axis": .int(Int64($0))] } ?? [:],
      name: name + "_DequantizeLinear_Output", type: data.type, at: .before(node))
    if let producer = rewriter.graph[result].producer { rewriter.setName(producer, name + "_DequantizeLinear") }
    dequantized[key] = result
    replaced.insert(value)
    weights += 1
    return result
  }

  /// The value through codes and back; nil when calibration saw no data or a mask in it.
  private mutating func pair(_ value: ValueID, _ rewriter: inout Rewriter) -> ValueID? {
    if let known = coded[value] { return known }
    let name = rewriter.graph[value].name
    guard let ranges, !ranges.masked.contains(name), let range = ranges.byName[name], range.magnitude > 0 else {
      return nil
    }
    let scale = rewriter.addInitializer(
      name + "_scale", Tensor(scalar: max(range.magnitude / options.type.greatest, Float.leastNormalMagnitude)))
    let zero = rewriter.addInitializer(
      name + "_zero_point", Tensor(scalar: UInt8(0)).reinterpreted(as: options.type.dataType))
    let type = rewriter.graph[value].type
    let position =
      rewriter.graph[value].producer.map { Rewriter.Position.after($0) }
      ?? rewriter.graph.firstNode.map { .before($0) } ?? .end
    let codes = rewriter.add(
      "QuantizeLinear", [value, scale, zero], name: name + "_QuantizeLinear_Output",
      type: .tensor(options.type.dataType, type.shape), at: position)
    guard let quantize = rewriter.graph[codes].producer else { return nil }
    rewriter.setName(quantize, name + "_QuantizeLinear")
    let result = rewriter.add(
      "DequantizeLinear", [codes, scale, zero], name: name + "_DequantizeLinear_Output", type: type,
      at: .after(quantize))
    if let dequantize = rewriter.graph[result].producer { rewriter.setName(dequantize, name + "_DequantizeLinear") }
    coded[value] = result
    activations += 1
    return result
  }

  /// Drops the weights whose codes took their place.
  func finish(_ rewriter: inout Rewriter) {
    for value in rewriter.graph.initializers where rewriter.graph[value].useCount == 0 && replaced.contains(value) {
      rewriter.erase(value)
    }
  }
}
