internal import DecantIR

/// Mathematical functions of one operand.
enum MathFunctions {
  static let definitions: [OpDefinition] = [
    numeric("Abs", since: 1, "X", "Y", propagate: propagateMagnitude, by: AbsoluteValue()),
    real("Acos", since: 7, by: ArcCosine()),
    real("Acosh", since: 9, by: AreaCosine()),
    real("Asin", since: 7, by: ArcSine()),
    real("Asinh", since: 9, by: AreaSine()),
    real("Atan", since: 7, by: ArcTangent()),
    real("Atanh", since: 9, by: AreaTangent()),
    real("Ceil", since: 1, "X", "Y", propagate: Infer.sameSymbols, by: RoundUp()),
    real("Cos", since: 7, by: Cosine()),
    real("Cosh", since: 9, by: HyperbolicCosine()),
    real("Erf", since: 9, by: ErrorFunction()),
    real("Exp", since: 1, by: Exponential()),
    real("Floor", since: 1, "X", "Y", propagate: Infer.sameSymbols, by: RoundDown()),
    real("Log", since: 1, by: Logarithm()),
    numeric("Neg", since: 1, "X", "Y", propagate: propagateNegation, by: Negation()),
    real("Reciprocal", since: 1, "X", "Y", by: ReciprocalValue()),
    real("Round", since: 11, "X", "Y", propagate: Infer.sameSymbols, by: RoundToEven()),
    numeric("Sign", since: 9, by: SignOf()),
    real("Sin", since: 7, by: Sine()),
    real("Sinh", since: 9, by: HyperbolicSine()),
    real("Sqrt", since: 1, "X", "Y", by: SquareRoot()),
    real("Tan", since: 7, by: Tangent()),
  ]

  /// An operator on floats.
  private static func real(
    _ name: OpName, since: Int, _ operand: String = "input", _ result: String = "output",
    propagate: OpDefinition.Propagation? = nil, by kernel: some UnaryKernel
  ) -> OpDefinition {
    @Sendable func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
      [try context.map(try context.operand(0), kernel)]
    }
    return OpDefinition(
      name, schema: OpSchema(since: since, reads: [operand], gives: [result]), infer: Infer.sameType,
      propagate: propagate, evaluate: evaluate)
  }

  /// An operator on numbers of every type.
  private static func numeric(
    _ name: OpName, since: Int, _ operand: String = "input", _ result: String = "output",
    propagate: OpDefinition.Propagation? = nil, by kernel: some SignedKernel
  ) -> OpDefinition {
    @Sendable func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
      [try context.mapNumbers(try context.operand(0), kernel)]
    }
    return OpDefinition(
      name, schema: OpSchema(since: since, reads: [operand], gives: [result]), infer: Infer.sameType,
      propagate: propagate, evaluate: evaluate)
  }

  @Sendable private static func propagateNegation(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    [context.symbols(0)?.map { .fixed(0) - $0 }]
  }

  @Sendable private static func propagateMagnitude(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    [
      context.symbols(0)?.map { value in
        if value.isKnownNotNegative { return value }
        return value.fixed.flatMap { $0 == Int.min ? nil : .fixed(Swift.abs($0)) } ?? .unknown
      }
    ]
  }
}
