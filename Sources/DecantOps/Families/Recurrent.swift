internal import DecantIR

/// Recurrent layers.
enum Recurrent {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "GRU",
      schema: OpSchema(
        since: 1, reads: ["X", "W", "R", "B?", "sequence_lens?", "initial_h?"], gives: ["Y?", "Y_h?"],
        attributes: common + [.init("linear_before_reset", .int)]),
      infer: infer, evaluate: GRUKernel.evaluate),
    OpDefinition(
      "LSTM",
      schema: OpSchema(
        since: 1, reads: ["X", "W", "R", "B?", "sequence_lens?", "initial_h?", "initial_c?", "P?"],
        gives: ["Y?", "Y_h?", "Y_c?"], attributes: common + [.init("input_forget", .int)]),
      infer: infer, evaluate: LSTMKernel.evaluate),
    OpDefinition(
      "RNN",
      schema: OpSchema(
        since: 1, reads: ["X", "W", "R", "B?", "sequence_lens?", "initial_h?"], gives: ["Y?", "Y_h?"],
        attributes: common),
      infer: infer, evaluate: RNNKernel.evaluate),
  ]

  static let common: [OpSchema.AttributeRule] = [
    .init("activation_alpha", .floats), .init("activation_beta", .floats), .init("activations", .strings),
    .init("clip", .float), .init("direction", .string), .init("hidden_size", .int), .init("layout", .int),
  ]

  static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    for index in 0..<3 {
      if let shape = context.shape(index), shape.rank != 3 {
        throw OpError("operand \(index): expected rank 3, got \(shape)")
      }
    }
    let directions = Dimension.fixed(try RecurrentDirection(context.attributes).count)
    let hidden = context.attributes.int("hidden_size").map { Dimension.fixed($0) } ?? context.shape(2)?[2] ?? .unknown
    let x = context.shape(0) ?? [.unknown, .unknown, .unknown]
    let isBatchFirst = context.attributes.int("layout", default: 0) != 0
    let (steps, batch) = isBatchFirst ? (x[1], x[0]) : (x[0], x[1])
    let all: Shape = isBatchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
    let last: Shape = isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    return [.tensor(.init(type, all)), .tensor(.init(type, last)), .tensor(.init(type, last))]
  }
}

/// Which way a recurrent layer reads its steps.
enum RecurrentDirection: String {
  case forward
  case reverse
  case bidirectional

  /// The attribute `direction`.
  init(_ attributes: Attributes) throws(OpError) {
    let text = attributes.string("direction") ?? "forward"
    guard let direction = RecurrentDirection(rawValue: text) else {
      throw OpError("'direction' expected forward, reverse or bidirectional, got '\(text)'")
    }
    self = direction
  }

  /// How many passes it makes.
  var count: Int { self == .bidirectional ? 2 : 1 }

  /// Whether pass `index` starts from the end.
  func isReverse(_ index: Int) -> Bool { self == .reverse || index == 1 }
}
