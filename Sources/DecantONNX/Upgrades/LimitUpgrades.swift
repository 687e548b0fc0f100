internal import DecantIR

/// Single numbers that became operands: the limits of `Clip`, the fill of `Pad`, the ratio of `Dropout`.
enum LimitUpgrades {
  static let steps = [
    OpsetStep("Clip", 11, clip), OpsetStep("Pad", 11, pad), OpsetStep("Dropout", 12, dropout),
    OpsetStep("Dropout", 10, mask),
  ]

  private static func clip(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    for (index, name) in [(1, "min"), (2, "max")] {
      guard let limit = rewriter.graph[node].attributes.float(name) else { continue }
      rewriter.putOperand(index, of: node, try scalar(limit, like: node, "\(name)_limit", &rewriter))
      rewriter.setAttribute(node, name, nil)
    }
  }

  private static func pad(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].attributes.ints("pads") != nil else { throw OpError("attribute 'pads' is missing") }
    rewriter.moveToOperand("pads", 1, of: node)
    guard let fill = rewriter.graph[node].attributes.float("value") else { return }
    rewriter.putOperand(2, of: node, try scalar(fill, like: node, "pad_value", &rewriter))
    rewriter.setAttribute(node, "value", nil)
  }

  private static func dropout(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let ratio = rewriter.graph[node].attributes.float("ratio") else { return }
    rewriter.putOperand(1, of: node, rewriter.addInitializer("ratio", Tensor(scalar: ratio)))
    rewriter.setAttribute(node, "ratio", nil)
  }

  /// The mask had the type of the data.
  private static func mask(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let mask = rewriter.graph[node].result(1), rewriter.graph[mask].useCount > 0,
      let data = rewriter.graph[node].operand(0)
    else { return }
    rewriter.wrapResult(mask, of: node, suffix: "kept") { mask, rewriter in
      guard let type = rewriter.graph.elementType(of: data) else {
        return rewriter.add("CastLike", [mask, data], name: "mask", at: .after(node))
      }
      return rewriter.add("Cast", [mask], ["to": .int(Int64(type.rawValue))], name: "mask", at: .after(node))
    }
  }

  /// `value` as a scalar of the type of the node's first operand: float32 where nothing says otherwise.
  private static func scalar(
    _ value: Float, like node: NodeID, _ name: String, _ rewriter: inout Rewriter
  ) throws(OpError) -> ValueID {
    let type = rewriter.graph[node].operand(0).flatMap { rewriter.graph.elementType(of: $0) } ?? .float32
    switch type {
    case .float32: return rewriter.addInitializer(name, Tensor(scalar: value))
    case .float64: return rewriter.addInitializer(name, Tensor(scalar: Double(value)))
    case .float16: return rewriter.addInitializer(name, Tensor(scalar: Float16(value)))
    default: throw OpError("a float expected of type f32, f64 or f16, got \(type)", kind: .unsupported)
    }
  }
}
