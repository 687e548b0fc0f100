internal import DecantIR

/// Operators that rules treat alike.
enum OperatorSets {
  /// Give each element of operand 0 a new value that depends on nothing else but scalars and attributes: they commute
  /// with everything that only moves elements.
  static let elementwise: Set<OpName> = [
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Cast", "Ceil", "Celu", "Clip", "Cos",
    "Cosh",
    "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu", "Log",
    "Mish", "Neg", "Not", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus",
    "Softsign", "Sqrt", "Swish", "Tan", "Tanh", "ThresholdedRelu",
  ]

  /// Combine two operands element by element, with broadcasting.
  static let arithmetic: Set<OpName> = ["Add", "Div", "Mul", "Pow", "Sub"]

  /// Keep the elements in their row-major order and change the shape only, result 0 from operand 0.
  static let reshaping: Set<OpName> = ["Flatten", "Reshape", "Squeeze", "Unsqueeze"]
}
