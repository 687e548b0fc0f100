/// Everything that is true of an operator, whatever backend runs it and whatever file it came in.
public struct OpDefinition: Sendable {
  /// The types of a node's results, one for each result that the node has; a result left out still has its entry.
  public typealias Inference = @Sendable (InferenceContext) throws(OpError) -> [ValueType]
  /// What integer results hold in terms of symbols, for shape arithmetic; nil where it is not known.
  public typealias Propagation = @Sendable (InferenceContext) throws(OpError) -> [SymbolicTensor?]
  /// The reference kernel: computes the results, and folds constants.
  public typealias Evaluation = @Sendable (EvaluationContext) throws(OpError) -> [Tensor]
  /// The reference kernel on sequences, optionals, maps and subgraphs.
  public typealias ValueEvaluation = @Sendable (ValueContext) throws(OpError) -> [RuntimeValue]

  /// The operator.
  public let name: OpName
  /// Its form.
  public var schema: OpSchema
  /// Infers the types of its results.
  public var infer: Inference
  /// Computes small integer results symbolically, so that shape arithmetic stays precise. Only for operators that
  /// exporters use on shapes.
  public var propagate: Propagation?
  /// Computes its results from tensors; nil for operators that are not on tensors alone.
  public var evaluate: Evaluation?
  /// Computes its results where an operand is no tensor, or where it runs subgraphs; nil for operators on tensors.
  public var evaluateValues: ValueEvaluation?
  /// How a quantizer treats it.
  public var quantization: QuantizationRule
  /// Ways in which it simplifies alone.
  public var identities: [RewriteRule]

  /// From its parts. Functions are named, so that their typed throws are written out.
  public init(
    _ name: OpName, schema: OpSchema, infer: @escaping Inference, propagate: Propagation? = nil,
    evaluate: Evaluation? = nil, evaluateValues: ValueEvaluation? = nil,
    quantization: QuantizationRule = .never, identities: [RewriteRule] = []
  ) {
    self.name = name
    self.schema = schema
    self.infer = infer
    self.propagate = propagate
    self.evaluate = evaluate
    self.evaluateValues = evaluateValues
    self.quantization = quantization
    self.identities = identities
  }
}

/// How a quantizer treats an operator.
public enum QuantizationRule: Sendable, Hashable {
  /// Left in float.
  case never
  /// A product of activations and weights: operand 1 is the weight, whose channels run along `weightAxis` (negative from
  /// the end; nil when an attribute decides), operand 2 the bias.
  case weighted(weightAxis: Int?)
  /// Every float operand and result has a scale of its own.
  case arithmetic
  /// Results carry the scale of operand 0, for they hold its values.
  case passThrough
}

/// Definitions by name.
public protocol OpCatalog: Sendable {
  /// The definition of `op`; nil when it is not known.
  func definition(of op: OpName) -> OpDefinition?
}
