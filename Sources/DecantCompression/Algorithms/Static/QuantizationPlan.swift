internal import DecantForms
internal import DecantIR

/// Which values become codes, and how; made node by node before anything but superfluous activations changes.
struct QuantizationPlan {
  /// How a value is quantized.
  enum Role: Hashable {
    /// On the range that calibration found, or for a constant on its own extremes, as activations are.
    case activation
    /// With the scale of another value.
    case sharing(ValueID)
    /// With a scale that is known whatever the range.
    case given(AffineParameters)
    /// As weights are, with a scale for each channel along an axis when there is one.
    case weight(axis: Int?)
  }

  /// A bias that becomes int32 codes.
  struct Bias {
    let node: NodeID
    let operand: Int
    let bias: ValueID
    let input: ValueID
    let weight: ValueID
    let beta: Float
  }

  /// A mark and its turn.
  private struct Mark {
    var role: Role
    let turn: Int
  }

  private var marks: [ValueID: Mark] = [:]
  private var turns = 0
  private(set) var biases: [Bias] = []
  /// Weights that are int8, whatever type others have.
  var signedWeights: Set<ValueID> = []
  /// Nodes that look rows of a constant table up, and shall find codes there.
  var tables: [NodeID] = []
  private var biasValues: Set<ValueID> = []

  /// The marked values and their roles, in the order of their marking.
  var ordered: [(value: ValueID, role: Role)] {
    marks.sorted { $0.value.turn < $1.value.turn }.map { ($0.key, $0.value.role) }
  }

  /// How a value is quantized; nil when it stays.
  func role(of value: ValueID) -> Role? { marks[value]?.role }

  /// Marks a value unless it is marked already.
  mutating func mark(_ value: ValueID, _ role: Role) {
    guard marks[value] == nil else { return }
    marks[value] = Mark(role: role, turn: turns)
    turns += 1
  }

  /// Marks a value whatever it was before; it keeps its turn.
  mutating func remark(_ value: ValueID, _ role: Role) {
    mark(value, role)
    marks[value]?.role = role
  }

  /// Takes a mark back.
  mutating func unmark(_ value: ValueID) { marks[value] = nil }

  /// Adds a bias.
  mutating func add(_ bias: Bias) {
    biases.append(bias)
    biasValues.insert(bias.bias)
  }

  /// Whether a value is marked, as a bias too.
  func contains(_ value: ValueID) -> Bool { marks[value] != nil || biasValues.contains(value) }
}
