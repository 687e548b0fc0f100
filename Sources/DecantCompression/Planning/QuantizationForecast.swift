internal import DecantForms
public import DecantIR

/// What a quantized model will be worth on a target: how fast its products are, which pairs stay, what to beware of.
public struct QuantizationForecast: Sendable {
  /// Where the model is going to run.
  public let target: DeploymentTarget
  /// Which facts it rests on.
  public let tableVersion: String
  /// What becomes of QuantizeLinear and DequantizeLinear; nil when nothing is known of the target, or there are none.
  public let fusion: FusionForecast?
  /// The products and their speeds.
  public let work: WorkForecast
  /// What the user should know before the model is deployed.
  public let warnings: [String]

  /// Below this a model is not faster.
  private static let gain = 1.05

  /// Looks at `graph`, which is quantized or planned to be.
  public init(_ graph: Graph, target: DeploymentTarget) {
    self.target = target
    tableVersion = TargetTable.version
    let profile = target.profile
    let fusion = FusionForecast(graph, profile)
    work = WorkForecast(graph, fused: fusion.fused, profile)
    self.fusion = fusion.hasPairs && !profile.fused.isEmpty ? fusion : nil
    var warnings: [String] = []
    if let oneRow = work.oneRow, let manyRows = work.manyRows {
      let isCoded = work.shares.contains { !$0.work.isFloat }
      if isCoded, max(oneRow, manyRows) < QuantizationForecast.gain {
        warnings.append(
          "smaller, not faster: on \(target.rawValue) nothing computes with these codes faster than with floats")
      } else if isCoded, manyRows < QuantizationForecast.gain {
        warnings.append(
          "faster with one row at a time only, as in decoding: with many rows '\(target.rawValue)' is not")
      }
    }
    if let type = QuantizationForecast.foreignType(graph, profile) {
      let best = profile.activationType
      warnings.append("\(target.rawValue) fuses pairs of \(best) activations; of these, of \(type), some or all stay")
    }
    if let block = QuantizationForecast.largestBlock(graph), let limit = profile.largestBlock, block > limit {
      warnings.append("\(target.rawValue) takes blocks of up to \(limit) weights, and not of \(block)")
    }
    self.warnings = warnings
  }

  /// A type of activations' codes that the target does not fuse.
  private static func foreignType(_ graph: Graph, _ profile: TargetProfile) -> DataType? {
    guard !profile.activationTypes.isEmpty else { return nil }
    for id in graph.order {
      guard let type = AffineNode.quantize(id, graph)?.codeType(graph) else { continue }
      if !profile.activationTypes.contains(type) { return type }
    }
    return nil
  }

  private static func largestBlock(_ graph: Graph) -> Int? {
    graph.order.filter { graph[$0].op == .microsoft("MatMulNBits") }
      .map { graph[$0].attributes.int("block_size", default: 0) }.max()
  }
}
