public import DecantIR

/// What quantization did, for reports.
public struct QuantizationReport: Sendable {
  /// A node and what came of it.
  public struct Decision: Sendable, Hashable {
    /// The node's name.
    public let node: String
    /// Its operator.
    public let op: OpName
    /// What was done, or why nothing was: `weight per channel, bias int32`, `left in float: …`.
    public let outcome: String
    /// Whether anything of it was quantized.
    public let isQuantized: Bool
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
  /// What the user should know.
  public internal(set) var notes: [String] = []
}
