internal import DecantIR

/// A node on the way back, and how the target changes with its result.
struct GradientStep: Sendable {
  /// The node.
  let node: Node
  /// Its result.
  let y: ValueID
  /// The derivative by ``y``, of its shape.
  let gradient: ValueID
  /// Which operands a derivative is asked for.
  let wants: [Bool]

  /// Operand `index`.
  ///
  /// - Throws: when it is left out.
  func operand(_ index: Int) throws(OpError) -> ValueID {
    guard index >= 0, let value = node.operand(index) else {
      throw OpError("operand \(index) of '\(node.op)' is missing")
    }
    return value
  }
}

/// How the derivative by an operator's result becomes those by its operands.
struct GradientRule: Sendable {
  /// Adds nodes and returns a derivative for each operand, of its shape; nil where there is none, or none is asked for.
  typealias Run = @Sendable (GradientStep, inout Expander) throws(OpError) -> [ValueID?]

  /// The operator.
  let op: OpName
  /// The rule.
  let run: Run

  init(_ op: OpName, _ run: @escaping Run) {
    self.op = op
    self.run = run
  }

  /// The rule of `op`; nil when there is none.
  static func of(_ op: OpName) -> GradientRule? { table[op] }

  private static let table = Dictionary(
    [ElementwiseGradients.all, LayoutGradients.all, ProductGradients.all].joined().map { ($0.op, $0) },
    uniquingKeysWith: { first, _ in first })
}

extension Expander {
  /// A product element by element.
  mutating func product(_ a: ValueID, _ b: ValueID) -> ValueID { add("Mul", [a, b]) }

  /// One number everywhere, of the shape and element type of `value`.
  mutating func filled(_ number: Double, like value: ValueID) throws(OpError) -> ValueID {
    let type = try dataType(value)
    guard type.isFloat else { throw OpError("derivatives expected floats, got \(type)") }
    if shape(value)?.rank == 0 { return try self.number(number, like: value) }
    let element = try Expander.converted(Tensor([number]), to: type)
    return add("ConstantOfShape", [add("Shape", [value])], ["value": .tensor(element)])
  }

  /// `gradient` summed over the axes along which `value` was spread to its shape.
  mutating func fit(_ gradient: ValueID, to value: ValueID) throws(OpError) -> ValueID {
    guard let from = shape(gradient), let to = shape(value), from.rank >= to.rank else {
      throw OpError("the shape of '\(rewriter.graph[value].name)' is not known")
    }
    let outer = from.rank - to.rank
    var spread: [Int] = []
    for axis in 0..<to.rank where from[outer + axis] != to[axis] || from[outer + axis] == .unknown {
      guard to[axis] == 1 else {
        throw OpError("extent \(axis) of '\(rewriter.graph[value].name)' may be 1 or not: \(to[axis])")
      }
      spread.append(outer + axis)
    }
    var sum = gradient
    if !spread.isEmpty { sum = add("ReduceSum", [sum, integers(spread)], ["keepdims": .int(1)]) }
    if outer > 0 { sum = add("ReduceSum", [sum, integers(Array(0..<outer))], ["keepdims": .int(0)]) }
    return sum
  }
}
