internal import DecantIR

/// Activation functions of one element.
enum PointwiseActivation {
  static let definitions: [OpDefinition] = [
    activation("Celu", since: 12, "X", "Y", ["alpha"]) {
      ContinuousExponentialLinear(alpha: $0.float("alpha", default: 1))
    },
    activation("Elu", since: 1, "X", "Y", ["alpha"]) { ExponentialLinear(alpha: $0.float("alpha", default: 1)) },
    OpDefinition(
      "Gelu", schema: OpSchema(since: 20, reads: ["X"], gives: ["Y"], attributes: [.init("approximate", .string)]),
      infer: Infer.sameType, evaluate: gelu),
    activation("HardSigmoid", since: 1, "X", "Y", ["alpha", "beta"]) {
      HardLogisticSigmoid(alpha: $0.float("alpha", default: 0.2), beta: $0.float("beta", default: 0.5))
    },
    activation("HardSwish", since: 14, "X", "Y") { _ in HardSwishFunction() },
    activation("LeakyRelu", since: 1, "X", "Y", ["alpha"], .arithmetic) {
      LeakyRectifier(alpha: $0.float("alpha", default: 0.01))
    },
    activation("Mish", since: 18, "X", "Y") { _ in MishFunction() },
    OpDefinition(
      "Relu", schema: OpSchema(since: 1, reads: ["X"], gives: ["Y"]), infer: Infer.sameType, evaluate: relu,
      quantization: .arithmetic),
    activation("Selu", since: 1, "X", "Y", ["alpha", "gamma"]) {
      ScaledExponentialLinear(
        alpha: $0.float("alpha", default: 1.6732631921768188), gamma: $0.float("gamma", default: 1.0507010221481323))
    },
    OpDefinition(
      "Shrink",
      schema: OpSchema(
        since: 9, reads: ["input"], gives: ["output"], attributes: [.init("bias", .float), .init("lambd", .float)]),
      infer: Infer.sameType, evaluate: shrink),
    activation("Sigmoid", since: 1, "X", "Y", [], .arithmetic) { _ in LogisticSigmoid() },
    activation("Softplus", since: 1, "X", "Y") { _ in SoftPlusFunction() },
    activation("Softsign", since: 1, "input", "output") { _ in SoftSignFunction() },
    activation("Swish", since: 24, "X", "Y", ["alpha"]) { SwishFunction(alpha: $0.float("alpha", default: 1)) },
    activation("Tanh", since: 1, "input", "output") { _ in HyperbolicTangent() },
    activation("ThresholdedRelu", since: 10, "X", "Y", ["alpha"]) {
      ThresholdedRectifier(alpha: $0.float("alpha", default: 1))
    },
  ]

  /// An operator whose `parameters` are float attributes, from which `make` makes its function.
  private static func activation<Kernel: UnaryKernel>(
    _ name: OpName, since: Int, _ operand: String, _ result: String, _ parameters: [String] = [],
    _ quantization: QuantizationRule = .never, _ make: @escaping @Sendable (Attributes) -> Kernel
  ) -> OpDefinition {
    @Sendable func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
      [try context.map(try context.operand(0), make(context.attributes))]
    }
    return OpDefinition(
      name,
      schema: OpSchema(
        since: since, reads: [operand], gives: [result], attributes: parameters.map { .init($0, .float) }),
      infer: Infer.sameType, evaluate: evaluate, quantization: quantization)
  }

  @Sendable private static func relu(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.mapNumbers(try context.operand(0), Rectifier())]
  }

  /// Integers are shrunk in f64 and cut towards zero.
  @Sendable private static func shrink(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    let kernel = Shrinking(
      bias: context.attributes.float("bias", default: 0), lambda: context.attributes.float("lambd", default: 0.5))
    guard tensor.dataType.isInteger else { return [try context.map(tensor, kernel)] }
    let wide = try context.map(try context.convert(tensor, Conversion(target: .float64)), kernel)
    return [try context.convert(wide, Conversion(target: tensor.dataType))]
  }

  @Sendable private static func gelu(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    return try context.attributes.choice("approximate", of: ["none", "tanh"]) == "tanh"
      ? [try context.map(tensor, GaussianErrorLinearByTanh())] : [try context.map(tensor, GaussianErrorLinear())]
  }
}
