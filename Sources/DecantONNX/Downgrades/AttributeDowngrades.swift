internal import DecantIR

/// Attributes that older versions lack: dropped where they say what was always so, refused where they say more.
enum AttributeDowngrades {
  static let steps =
    rows.map { row in
      OpsetStep(row.op, row.since) { (node: NodeID, rewriter: inout Rewriter) throws(OpError) in
        try drop(row.attribute, row.usual, node, &rewriter)
      }
    }
    + choices.map { choice in
      OpsetStep(choice.op, choice.since) { (node: NodeID, rewriter: inout Rewriter) throws(OpError) in
        try refuse(choice.attribute, choice.values, node, rewriter)
      }
    }

  /// What an attribute says when it says nothing new.
  private enum Usual: Sendable {
    case int(Int)
    case text(String)
    /// Ones on every axis.
    case ones
    /// Nothing: any value is new.
    case absent
    /// Anything: the older form allows what the attribute asks for.
    case any
  }

  private struct Row: Sendable {
    let op: String
    let since: Int
    let attribute: String
    let usual: Usual

    init(_ op: String, _ since: Int, _ attribute: String, _ usual: Usual) {
      self.op = op
      self.since = since
      self.attribute = attribute
      self.usual = usual
    }
  }

  private static let rows =
    [
      Row("ArgMax", 12, "select_last_index", .int(0)),
      Row("ArgMin", 12, "select_last_index", .int(0)),
      Row("Attention", 25, "left_window_size", .int(-1)),
      Row("Attention", 25, "right_window_size", .int(-1)),
      Row("AveragePool", 10, "ceil_mode", .int(0)),
      Row("AveragePool", 19, "dilations", .ones),
      Row("Cast", 19, "saturate", .int(1)),
      Row("Cast", 24, "round_mode", .text("up")),
      Row("CastLike", 19, "saturate", .int(1)),
      Row("CastLike", 24, "round_mode", .text("up")),
      Row("DepthToSpace", 11, "mode", .text("DCR")),
      Row("DequantizeLinear", 21, "block_size", .int(0)),
      Row("GRU", 14, "layout", .int(0)),
      Row("GatherND", 12, "batch_dims", .int(0)),
      Row("GroupNormalization", 21, "stash_type", .int(1)),
      Row("LSTM", 14, "layout", .int(0)),
      Row("LpPool", 18, "ceil_mode", .int(0)),
      Row("LpPool", 18, "dilations", .ones),
      Row("MaxPool", 8, "storage_order", .int(0)),
      Row("MaxPool", 10, "ceil_mode", .int(0)),
      Row("MaxPool", 10, "dilations", .ones),
      Row("QuantizeLinear", 19, "saturate", .int(1)),
      Row("QuantizeLinear", 21, "block_size", .int(0)),
      Row("RNN", 14, "layout", .int(0)),
      Row("Resize", 18, "antialias", .int(0)),
      Row("ScatterElements", 16, "reduction", .text("none")),
      Row("ScatterND", 16, "reduction", .text("none")),
      Row("Shape", 15, "start", .int(0)),
      Row("Shape", 15, "end", .absent),
      Row("SpaceToDepth", 28, "mode", .text("DCR")),
      Row("TopK", 11, "largest", .int(1)),
      Row("TopK", 11, "sorted", .any),
    ]

  private static func drop(
    _ name: String, _ usual: Usual, _ node: NodeID, _ rewriter: inout Rewriter
  ) throws(OpError) {
    let attributes = rewriter.graph[node].attributes
    guard attributes[name] != nil else { return }
    let saysNothing =
      switch usual {
      case .int(let value): attributes.int(name) == value
      case .text(let value): attributes.string(name) == value
      case .ones: attributes.ints(name)?.allSatisfy { $0 == 1 } ?? false
      case .absent: false
      case .any: true
      }
    guard saysNothing else { throw OpError("older versions have no attribute '\(name)'") }
    rewriter.setAttribute(node, name, nil)
  }

  // MARK: Values of attributes

  /// Values of an attribute that a version brought.
  private struct Choice: Sendable {
    let op: String
    let since: Int
    let attribute: String
    let values: Set<String>

    init(_ op: String, _ since: Int, _ attribute: String, _ values: Set<String>) {
      self.op = op
      self.since = since
      self.attribute = attribute
      self.values = values
    }
  }

  private static let choices = [
    Choice("Pad", 19, "mode", ["wrap"]),
    Choice("Resize", 19, "coordinate_transformation_mode", ["half_pixel_symmetric"]),
    Choice("ScatterElements", 18, "reduction", ["max", "min"]),
    Choice("ScatterND", 18, "reduction", ["max", "min"]),
  ]

  private static func refuse(
    _ name: String, _ values: Set<String>, _ node: NodeID, _ rewriter: borrowing Rewriter
  ) throws(OpError) {
    guard let value = rewriter.graph[node].attributes.string(name), values.contains(value) else { return }
    throw OpError("older versions have no '\(name)' \(value)")
  }
}
