internal import DecantIR

/// Normalizations: modes that went away, and parameters that changed their shape.
enum NormalizationUpgrades {
  static let steps = [
    OpsetStep("BatchNormalization", 9, spatial), OpsetStep("BatchNormalization", 14, training),
    OpsetStep("GroupNormalization", 21, channels),
  ]

  private static func spatial(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].attributes.int("spatial", default: 1) == 1 else {
      throw OpError("'spatial' expected to be 1, got 0", kind: .unsupported)
    }
    rewriter.setAttribute(node, "spatial", nil)
  }

  /// Results beyond the first meant training, where they are read; saved statistics exist no more.
  private static func training(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    var isTraining = false
    for index in rewriter.graph[node].results.indices.dropFirst().reversed() {
      guard let result = rewriter.graph[node].result(index) else { continue }
      guard rewriter.graph[result].useCount == 0 else {
        guard index < 3 else { throw OpError("saved statistics of training are read", kind: .unsupported) }
        isTraining = true
        continue
      }
      rewriter.dropResult(index, of: node)
    }
    if isTraining { rewriter.setAttribute(node, "training_mode", .int(1)) }
  }

  /// Scale and bias were given for each group, and are for each channel.
  private static func channels(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let groups = rewriter.graph[node].attributes.int("num_groups"), groups > 0 else {
      throw OpError("attribute 'num_groups' is missing")
    }
    guard let input = rewriter.graph[node].operand(0) else { throw OpError("operand 0 is missing") }
    for index in [1, 2] {
      guard let old = rewriter.graph[node].operand(index) else { throw OpError("operand \(index) is missing") }
      let spread = spread(old, index == 1 ? "scale" : "bias", to: input, of: groups, before: node, &rewriter)
      rewriter.setOperand(index, of: node, to: spread)
      rewriter.eraseUnread(old)
    }
  }

  /// A value for each of `groups` as one for each channel of `input`: a constant where all is known.
  private static func spread(
    _ value: ValueID, _ name: String, to input: ValueID, of groups: Int, before node: NodeID, _ rewriter: inout Rewriter
  ) -> ValueID {
    let shape = rewriter.graph[input].type.shape
    if let tensor = rewriter.graph.knownConstant(value), let values = tensor.floats, tensor.dataType == .float32,
      let shape, shape.rank > 1, let channels = shape[1].fixed, values.count == groups, channels % groups == 0
    {
      return rewriter.addInitializer(name, Tensor(values.flatMap { [Float](repeating: $0, count: channels / groups) }))
    }
    func add(_ op: OpName, _ operands: [ValueID?], _ attributes: Attributes = [:], _ suffix: String) -> ValueID {
      rewriter.add(op, operands, attributes, name: "\(name)_\(suffix)", at: .before(node))
    }
    func constant(_ numbers: Int64...) -> ValueID { rewriter.sharedInitializer(Tensor(numbers), role: "groups") }
    let channels = add("Shape", [input], ["start": .int(1), "end": .int(2)], "channels")
    let each = add("Div", [channels, constant(Int64(groups))], [:], "each")
    let size = add("Concat", [constant(Int64(groups)), each], ["axis": .int(0)], "size")
    let rows = add("Expand", [add("Unsqueeze", [value, constant(1)], [:], "column"), size], [:], "rows")
    return add("Reshape", [rows, constant(-1)], [:], "spread")
  }
}
