public import DecantIR

/// What quantization did, for reports.
public struct QuantizationReport: Sendable {
  /// A node and what came of it.
  public struct Decision: Sendable, Hashable {
    /// The node's name, or that of its first result.
    public let node: String
    /// Its operator.
    public let op: OpName
    /// Whether it was quantized, and if not, whose choice that was.
    public let status: Status
    /// The rule that decided, by a short name.
    public let rule: String
    /// What was done, or why nothing was: `weight per channel, bias int32`, `left in float: …`.
    public let outcome: String
    /// Whether anything of it was quantized.
    public var isQuantized: Bool { status == .quantized }

    /// From its parts.
    init(node: String, op: OpName, status: Status, rule: String, outcome: String) {
      self.node = node
      self.op = op
      self.status = status
      self.rule = rule
      self.outcome = outcome
    }

    /// From an outcome, in words for codes.
    init(node: String, op: OpName, _ outcome: NodeOutcome, rule: String) {
      self.init(node: node, op: op, status: outcome.status, rule: rule, outcome: outcome.text)
    }
  }

  /// Whether a node was quantized, and if not, whose choice that was.
  public enum Status: String, Sendable, Hashable, CaseIterable {
    /// Something of it was quantized.
    case quantized
    /// There is nothing in it that the scheme quantizes, or by the scheme's own rules it is better left alone.
    case unconcerned
    /// The user's options leave it out.
    case excluded
    /// The scheme quantizes such nodes, and could not quantize this one.
    case skipped
  }

  /// A step beside the quantization itself, and what it did to one value.
  public struct Step: Sendable, Hashable {
    /// The step: `smooth`, `equalize`, `correct-bias`.
    public let step: String
    /// The value's name.
    public let value: String
    /// What was done, or why nothing was.
    public let outcome: String
  }

  /// Node by node, in graph order.
  public internal(set) var decisions: [Decision] = []
  /// How many weights and constants are codes now.
  public internal(set) var weights = 0
  /// How many biases are int32 codes now.
  public internal(set) var biases = 0
  /// How many activations go through a pair of QuantizeLinear and DequantizeLinear.
  public internal(set) var activations = 0
  /// How many activation functions the clipping of the codes made superfluous.
  public internal(set) var removedActivations = 0
  /// What was lost on the way, one sentence each.
  public internal(set) var losses: [String] = []
  /// What the steps beside it did, tensor by tensor.
  public internal(set) var steps: [Step] = []
  /// What the user should know.
  public internal(set) var notes: [String] = []

  /// Puts what earlier steps did first.
  public mutating func prepend(_ earlier: [Step]) { steps = earlier + steps }

  /// The nodes that should have been quantized and were not.
  public var skipped: [Decision] { decisions.filter { $0.status == .skipped } }
}

/// What came of one node: what was done, or why nothing was.
enum NodeOutcome {
  case quantized(String)
  case unconcerned(String)
  case excluded(String)
  case skipped(String)

  var status: QuantizationReport.Status {
    switch self {
    case .quantized: .quantized
    case .unconcerned: .unconcerned
    case .excluded: .excluded
    case .skipped: .skipped
    }
  }

  /// In words.
  var text: String {
    switch self {
    case .quantized(let text): text
    case .unconcerned(let reason), .excluded(let reason), .skipped(let reason): "left in float: \(reason)"
    }
  }

  var isQuantized: Bool { status == .quantized }
}
