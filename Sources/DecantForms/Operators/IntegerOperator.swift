internal import DecantIR

/// An operator on codes, the float operator that it stands for, and which operand goes where.
struct IntegerOperator: Sendable {
  /// What an operand of the integer operator is.
  enum Slot: Hashable, Sendable {
    /// The codes of an operand of the float operator.
    case codes(Int)
    /// Their scale.
    case scale(Int)
    /// Their zero point.
    case zeroPoint(Int)
    /// An operand that is no number in codes.
    case plain(Int)
    /// An operand as int32 codes on the scale of the product of operands 0 and 1.
    case bias(Int)
    /// A float that is added to the result.
    case addend
    /// The scale of the result.
    case resultScale
    /// The zero point of the result.
    case resultZeroPoint
  }

  let float: OpName
  let integer: OpName
  /// The operands of the integer operator, in order.
  let slots: [Slot]
  /// Whether every operand follows the slots as codes, scale and zero point.
  var repeats = false
  /// Whether the result is float: no scale is given for it.
  var givesFloat = false

  /// All operands of the integer operator for a float operator with `count` operands.
  func slots(count: Int) -> [Slot] { repeats ? slots + (0..<count).flatMap(IntegerOperator.triple) : slots }

  /// The axis along which operand `index` may have a scale for each channel, negative from the end; nil where it may not.
  static func channelAxis(_ op: OpName, operand index: Int, _ attributes: Attributes) -> Int? {
    guard index == 1 else { return nil }
    switch op.type {
    case "Conv": return 0
    case "MatMul": return -1
    case "Gemm": return attributes.int("transB", default: 0) != 0 ? 0 : 1
    default: return nil
    }
  }

  /// Operators that give their operand's elements as they are, in another place or a selection of them: they are the same on codes.
  static let movers: Set<OpName> = [
    "DepthToSpace", "Expand", "Flatten", "Gather", "GatherElements", "GatherND", "Identity", "MaxPool", "Pad",
    "Reshape", "Resize", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze",
  ]

  /// The integer operators for float operators with results in codes.
  static let all: [IntegerOperator] = [
    IntegerOperator(
      float: "Conv", integer: "QLinearConv", slots: triple(0) + triple(1) + [.resultScale, .resultZeroPoint, .bias(2)]),
    IntegerOperator(
      float: "MatMul", integer: "QLinearMatMul", slots: triple(0) + triple(1) + [.resultScale, .resultZeroPoint]),
    IntegerOperator(
      float: "Gemm", integer: .microsoft("QGemm"),
      slots: triple(0) + triple(1) + [.bias(2), .resultScale, .resultZeroPoint]),
    IntegerOperator(
      float: "Add", integer: .microsoft("QLinearAdd"),
      slots: triple(0) + triple(1) + [.resultScale, .resultZeroPoint]),
    IntegerOperator(
      float: "Mul", integer: .microsoft("QLinearMul"),
      slots: triple(0) + triple(1) + [.resultScale, .resultZeroPoint]),
    unary("Sigmoid"), unary("LeakyRelu"), unary("AveragePool"), unary("GlobalAveragePool"), unary("Softmax"),
    IntegerOperator(
      float: "Concat", integer: .microsoft("QLinearConcat"), slots: [.resultScale, .resultZeroPoint], repeats: true),
    IntegerOperator(
      float: "Where", integer: .microsoft("QLinearWhere"),
      slots: [.plain(0)] + triple(1) + triple(2) + [.resultScale, .resultZeroPoint]),
  ]

  /// The integer operators whose results are float.
  static let givingFloat: [IntegerOperator] = [
    IntegerOperator(
      float: "MatMul", integer: .microsoft("MatMulIntegerToFloat"),
      slots: [.codes(0), .codes(1), .scale(0), .scale(1), .zeroPoint(0), .zeroPoint(1), .addend], givesFloat: true),
    IntegerOperator(
      float: "Gemm", integer: .microsoft("QGemm"), slots: triple(0) + triple(1) + [.bias(2)], givesFloat: true),
  ]

  /// The integer operator in the place of `op`.
  static func replacing(_ op: OpName, givingFloat: Bool) -> IntegerOperator? {
    (givingFloat ? self.givingFloat : all).first { $0.float == op }
  }

  /// What the integer operator `node` stands for; nil when it is none.
  static func standing(for node: Node) -> IntegerOperator? {
    let op = node.op == .microsoft("QLinearConv") ? "QLinearConv" : node.op
    // A QGemm without a scale for its result gives floats.
    let givesFloat = op.type == "QGemm" && node.operand(7) == nil || op.type == "MatMulIntegerToFloat"
    return (givesFloat ? givingFloat : all).first { $0.integer == op }
  }

  private static func triple(_ index: Int) -> [Slot] { [.codes(index), .scale(index), .zeroPoint(index)] }

  private static func unary(_ type: String) -> IntegerOperator {
    IntegerOperator(
      float: OpName(type), integer: .microsoft("QLinear" + type), slots: triple(0) + [.resultScale, .resultZeroPoint])
  }
}
