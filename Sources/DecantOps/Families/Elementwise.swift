internal import DecantIR

/// Arithmetic, comparison and logic, element by element.
enum Elementwise {
  static let definitions: [OpDefinition] = [
    Arithmetic.definitions,
    Casting.definitions,
    Comparison.definitions,
    Logic.definitions,
    MathFunctions.definitions,
    Selection.definitions,
    VariadicArithmetic.definitions,
  ].flatMap { $0 }
}
