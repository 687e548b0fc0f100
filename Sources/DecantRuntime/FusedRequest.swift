public import DecantIR

/// What a backend is told of a node and those that follow it, each read by the next alone, to be computed at once.
///
/// Calls give the operands of the root first, then the extras.
public struct FusedRequest: Sendable {
  /// The first node.
  public let root: KernelRequest
  /// The nodes that follow it, in order.
  public let steps: [EpilogueStep]
  /// The types of the operands that the steps read besides the result so far.
  public let extras: [ConcreteType]
  /// Those of the extras that are constants.
  public let extraConstants: [Tensor?]

  /// From its parts.
  public init(root: KernelRequest, steps: [EpilogueStep], extras: [ConcreteType], extraConstants: [Tensor?]) {
    self.root = root
    self.steps = steps
    self.extras = extras
    self.extraConstants = extraConstants
  }

  /// Where a call has extra `index`.
  public func place(ofExtra index: Int) -> Int { root.operands.count + index }

  /// The request for the first `count` steps.
  func prefix(_ count: Int) -> FusedRequest {
    FusedRequest(root: root, steps: Array(steps.prefix(count)), extras: extras, extraConstants: extraConstants)
  }
}

/// A node that takes the result of the one before it.
public struct EpilogueStep: Sendable {
  /// The operator.
  public let op: OpName
  /// Its attributes.
  public let attributes: Attributes
  /// Where its operands are.
  public let operands: [Operand]

  /// Where an operand is.
  public enum Operand: Sendable, Hashable {
    /// The result of the node before.
    case result
    /// One of the request's extras.
    case extra(Int)
    case absent
  }

  /// From its parts.
  public init(op: OpName, attributes: Attributes = [:], operands: [Operand]) {
    self.op = op
    self.attributes = attributes
    self.operands = operands
  }
}
