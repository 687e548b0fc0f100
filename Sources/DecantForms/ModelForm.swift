public import DecantIR

/// How a quantized model says what it computes with.
public enum ModelForm: String, Sendable, CaseIterable {
  /// ONNX's own: float operators between DequantizeLinear and QuantizeLinear, weights behind DequantizeLinear.
  case pairs = "qdq"
  /// Operators on codes: QLinearConv, QLinearMatMul, and ONNX Runtime's for the rest.
  case operators = "qoperator"
  /// Products with weights in blocks of codes, as ONNX Runtime's MatMulNBits and GatherBlockQuantized.
  case blocks = "matmulnbits"
  /// No codes: the float model that the quantized one stands for.
  case float

  /// The names, as a list for messages.
  public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// What a conversion between forms did, for reports.
public struct FormReport: Sendable {
  /// A node that has to do with codes, and what came of it.
  public struct Decision: Sendable, Hashable {
    /// The node's name.
    public let node: String
    /// Its operator, before the conversion.
    public let op: OpName
    /// What it is now, or why it was left: `QLinearConv`, `left: the scale of its operand 0 is computed`.
    public let outcome: String
    /// Whether it was converted.
    public let isConverted: Bool
  }

  /// Node by node, in the order they were looked at.
  public internal(set) var decisions: [Decision] = []
  /// How many activations are no longer rounded to codes.
  public internal(set) var unroundedActivations = 0
  /// How many activations keep the limits that their codes had, as Clip.
  public internal(set) var clippedActivations = 0

  /// How many nodes were converted.
  public var converted: Int { decisions.filter(\.isConverted).count }
  /// The nodes that have to do with codes and were left, with the reason.
  public var left: [Decision] { decisions.filter { !$0.isConverted } }

  mutating func convert(_ node: String, _ op: OpName, to outcome: String) {
    decisions.append(Decision(node: node, op: op, outcome: outcome, isConverted: true))
  }

  mutating func leave(_ node: String, _ op: OpName, _ reason: String) {
    decisions.append(Decision(node: node, op: op, outcome: "left: \(reason)", isConverted: false))
  }
}
