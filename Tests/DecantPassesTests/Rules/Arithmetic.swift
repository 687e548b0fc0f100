extension RuleCase {
  /// Arithmetic with constants.
  static let arithmetic: [RuleCase] = [
    RuleCase(
      "drop-neutral-operand",
      given: """
        (%x: f32[N,2]) -> (%y) {
          %one: f32[] = initializer [1.0] %zeros: f32[1,2] = initializer [0.0, -0.0]
          %a: f32[N,2] = Mul(%one, %x) %b: f32[N,2] = Add(%a, %zeros) %c: f32[N,2] = Sub(%b, %zeros)
          %d: f32[N,2] = Div(%c, %one) %e: f32[N,2] = Pow(%d, %one) %y = Relu(%e) return %y }
        """,
      result: "(%x: f32[N,2]) -> (%y) { %y = Relu(%x) return %y }",
      skip: """
        (%x: f32[2]) -> (%y) { %o: f32[1,1] = initializer [1.0] %y: f32[1,2] = Mul(%x, %o) return %y }
        """,
      because: "the constant may make the shape larger"),
    RuleCase(
      "drop-neutral-operand",
      given: "(%x: i64[2]) -> (%y) { %o: i64[] = initializer [1] %a = Mul(%x, %o) %y = Abs(%a) return %y }",
      result: "(%x: i64[2]) -> (%y) { %y = Abs(%x) return %y }",
      skip: """
        (%x: f32[2], %n: f32[2]) -> (%y) {
          %z: f32[] = initializer [0.0] %a: f32[2] = Add(%x, %z) %y: f32[2] = Div(%n, %a) return %y }
        """,
      because: "the next operator divides by it"),
    RuleCase(
      "fold-where",
      given: """
        (%a: f32[2], %b: f32[]) -> (%y) {
          %c: bool[2] = initializer [true, true] %w: f32[2] = Where(%c, %a, %b) %y = Relu(%w) return %y }
        """,
      result: "(%a: f32[2], %b: f32[]) -> (%y) { %y = Relu(%a) return %y }",
      skip: """
        (%a: f32[2], %b: f32[2]) -> (%y) {
          %c: bool[2] = initializer [true, false] %y: f32[2] = Where(%c, %a, %b) return %y }
        """,
      because: "the condition differs between elements"),
  ]
}
