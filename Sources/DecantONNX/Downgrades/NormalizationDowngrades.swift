internal import DecantIR

/// `BatchNormalization` that trains, which older versions tell by its results.
enum NormalizationDowngrades {
  static let steps = [OpsetStep("BatchNormalization", 14, training), OpsetStep("BatchNormalization", 15, types)]

  private static func training(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let isTraining = rewriter.graph[node].attributes.int("training_mode", default: 0) != 0
    rewriter.setAttribute(node, "training_mode", nil)
    guard isTraining else { return }
    let name = rewriter.graph[node].name
    // One result or all five.
    while rewriter.graph[node].results.count < 5 {
      _ = rewriter.addResult(node, name: "\(name)_statistics", type: .unknown)
    }
  }

  /// All operands have one type.
  private static func types(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let types = Set((0..<5).compactMap { rewriter.graph.elementType(ofOperand: $0, of: node) })
    guard types.count <= 1 else { throw OpError("older versions take operands of one type") }
  }
}
