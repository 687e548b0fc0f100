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

  /// Results beyond the first meant training; saved statistics exist no more.
  private static func training(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    for index in rewriter.graph[node].results.indices.dropFirst().reversed() {
      guard let result = rewriter.graph[node].result(index) else { continue }
      guard rewriter.graph[result].useCount == 0 else {
        throw OpError("statistics of training are read", kind: .unsupported)
      }
      rewriter.dropResult(index, of: node)
    }
  }

  /// Scale and bias were given for each group, and are for each channel.
  private static func channels(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let groups = rewriter.graph[node].attributes.int("num_groups"), groups > 0 else {
      throw OpError("attribute 'num_groups' is missing")
    }
    for index in [1, 2] {
      guard let tensor = rewriter.knownOperand(index, of: node), let values = tensor.floats,
        let shape = rewriter.graph.type(ofOperand: 0, of: node)?.shape, shape.rank > 1, let channels = shape[1].fixed,
        values.count == groups, channels % groups == 0, tensor.dataType == .float32
      else {
        throw OpError("scale and bias for each group, which are not constant or of unknown shape", kind: .unsupported)
      }
      let spread = values.flatMap { [Float](repeating: $0, count: channels / groups) }
      let old = rewriter.graph[node].operand(index)
      rewriter.setOperand(index, of: node, to: rewriter.addInitializer(index == 1 ? "scale" : "bias", Tensor(spread)))
      if let old { rewriter.eraseUnread(old) }
    }
  }
}
