internal import DecantIR

/// What older versions say with other operators: forms of a node that an `Expansion` takes apart.
///
/// Operators that did not exist are taken apart as well; they need no line here.
enum ExpansionDowngrades {
  /// A form that came with a version.
  struct Form: Sendable {
    let op: OpName
    let since: Int
    /// What the form is, for messages: `'layout' 1`.
    let name: String
    let isUsed: @Sendable (NodeID, Graph) -> Bool

    init(_ op: String, _ since: Int, _ name: String, _ isUsed: @escaping @Sendable (NodeID, Graph) -> Bool) {
      self.op = OpName(op)
      self.since = since
      self.name = name
      self.isUsed = isUsed
    }
  }

  /// The forms of `op`, the newest first.
  static func forms(of op: OpName) -> [Form] { table[op] ?? [] }

  private static let table = Dictionary(grouping: forms.sorted { $0.since > $1.since }, by: \.op)

  private static let forms: [Form] =
    [
      Form("Attention", 25, "a window") { node, graph in
        let attributes = graph[node].attributes
        return attributes.int("left_window_size", default: -1) >= 0
          || attributes.int("right_window_size", default: -1) >= 0
      },
      Form("Attention", 24, "lengths of keys") { node, graph in graph[node].operand(6) != nil },
      Form("Clip", 11, "computed limits") { node, graph in
        [1, 2].contains { graph[node].operand($0).map { graph.knownConstant($0) == nil } ?? false }
      },
      Form("DepthToSpace", 11, "'mode' CRD") { node, graph in graph[node].attributes.string("mode") == "CRD" },
      Form("DequantizeLinear", 23, "'output_dtype'") { node, graph in
        let wanted = graph[node].attributes.int("output_dtype", default: 0)
        return wanted != 0 && graph.elementType(ofOperand: 1, of: node).map { wanted != Int($0.rawValue) } ?? true
      },
      Form("GroupNormalization", 21, "scale and bias for each channel") { _, _ in true },
      Form("Identity", 16, "an optional") { node, graph in
        if case .optional? = graph.type(ofOperand: 0, of: node) { true } else { false }
      },
      Form("Identity", 14, "a sequence") { node, graph in
        if case .sequence? = graph.type(ofOperand: 0, of: node) { true } else { false }
      },
      Form("OptionalGetElement", 18, "an operand that is no optional", isPlain),
      Form("OptionalHasElement", 18, "an operand that is no optional", isPlain),
      Form("Pow", 12, "an exponent of another type") { node, graph in
        let (base, exponent) = (graph.elementType(ofOperand: 0, of: node), graph.elementType(ofOperand: 1, of: node))
        return base != nil && exponent != nil && base != exponent
      },
      Form("Shape", 15, "'start' and 'end'") { node, graph in
        let attributes = graph[node].attributes
        return attributes.int("start", default: 0) != 0 || attributes["end"] != nil
      },
      Form("SpaceToDepth", 28, "'mode' CRD") { node, graph in graph[node].attributes.string("mode") == "CRD" },
      Form("TopK", 11, "'largest' 0") { node, graph in graph[node].attributes.int("largest", default: 1) == 0 },
    ]
    + ["GRU", "LSTM", "RNN"].map {
      Form($0, 14, "'layout' 1") { node, graph in graph[node].attributes.int("layout", default: 0) == 1 }
    }
    + ["DequantizeLinear", "QuantizeLinear"].flatMap { op in
      [
        Form(op, 21, "'block_size'") { node, graph in graph[node].attributes.int("block_size", default: 0) > 0 },
        Form(op, 13, "scales along an axis", hasScales),
      ]
    }
    + ["Hardmax", "LogSoftmax", "Softmax"].map { Form($0, 13, "'axis' that is not the last", isInner) }

  @Sendable private static func isPlain(_ node: NodeID, _ graph: Graph) -> Bool {
    switch graph.type(ofOperand: 0, of: node) {
    case nil, .tensor?, .sequence?: true
    default: false
    }
  }

  @Sendable private static func hasScales(_ node: NodeID, _ graph: Graph) -> Bool {
    guard let scale = graph[node].operand(1) else { return false }
    let shape = graph.knownConstant(scale)?.type.shape ?? graph[scale].type.shape
    guard let shape else { return false }
    return shape.rank > 0 && shape.elementCount != .fixed(1)
  }

  @Sendable private static func isInner(_ node: NodeID, _ graph: Graph) -> Bool {
    let axis = graph[node].attributes.int("axis", default: -1)
    guard let rank = graph[node].operand(0).flatMap({ graph.rank(of: $0) }) else { return false }
    return axis != -1 && axis != rank - 1
  }
}
