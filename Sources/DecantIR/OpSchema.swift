/// The form of an operator: its operands, results and attributes at the pinned opset.
public struct OpSchema: Sendable {
  /// An operand or a result.
  public struct Parameter: Sendable {
    /// How often it may stand.
    public enum Arity: Sendable {
      case single
      case optional
      /// The last one, repeated at least `minimum` times.
      case variadic(minimum: Int)
    }

    /// The name in the specification.
    public let name: String
    /// How often it may stand.
    public let arity: Arity

    /// From its parts.
    public init(_ name: String, _ arity: Arity = .single) {
      self.name = name
      self.arity = arity
    }
  }

  /// An attribute.
  public struct AttributeRule: Sendable {
    /// The name in the specification.
    public let name: String
    /// The kind that it must have.
    public let kind: AttributeKind
    /// Whether a node must give it.
    public let isRequired: Bool

    /// From its parts.
    public init(_ name: String, _ kind: AttributeKind, isRequired: Bool = false) {
      self.name = name
      self.kind = kind
      self.isRequired = isRequired
    }
  }

  /// The operator set's version in which the operator first appeared.
  public let since: Int
  /// What it reads.
  public let operands: [Parameter]
  /// What it produces.
  public let results: [Parameter]
  /// What it can be told.
  public let attributes: [AttributeRule]
  /// Whether the same operands always give the same results; false for random numbers.
  public let isDeterministic: Bool

  /// From its parts.
  public init(
    since: Int, operands: [Parameter], results: [Parameter], attributes: [AttributeRule] = [],
    isDeterministic: Bool = true
  ) {
    self.since = since
    self.operands = operands
    self.results = results
    self.attributes = attributes
    self.isDeterministic = isDeterministic
  }

  /// Checks the counts and kinds of a node's operands, results and attributes.
  ///
  /// - Throws: ``OpError`` that says what was expected and what stands there.
  public func check(_ node: Node) throws(OpError) {
    try OpSchema.check(node.declaredOperands.map { $0 != nil }, against: operands, what: "operand")
    try OpSchema.check(node.results.map { $0 != nil }, against: results, what: "result")
    for rule in attributes {
      guard let value = node.attributes[rule.name] else {
        guard !rule.isRequired else { throw OpError("attribute '\(rule.name)' is missing") }
        continue
      }
      guard value.kind == rule.kind else {
        throw OpError("attribute '\(rule.name)': expected \(rule.kind), got \(value.kind)")
      }
    }
  }

  private static func check(_ present: [Bool], against parameters: [Parameter], what: String) throws(OpError) {
    var minimum = 0
    var maximum: Int? = 0
    for (index, parameter) in parameters.enumerated() {
      switch parameter.arity {
      case .single:
        minimum = index + 1
        maximum = index + 1
        guard what == "result" || index >= present.count || present[index] else {
          throw OpError("\(what) \(index) ('\(parameter.name)') is left out, and it is not optional")
        }
      case .optional: maximum = index + 1
      case .variadic(let count):
        minimum = max(minimum, index + count)
        maximum = nil
      }
    }
    guard present.count >= minimum, maximum.map({ present.count <= $0 }) ?? true else {
      let range = maximum.map { $0 == minimum ? "\(minimum)" : "\(minimum) to \($0)" } ?? "at least \(minimum)"
      throw OpError("expected \(range) \(what)s, got \(present.count)")
    }
  }
}
