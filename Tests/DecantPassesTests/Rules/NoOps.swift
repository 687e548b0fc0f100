extension RuleCase {
  /// Operators that change nothing.
  static let noOps: [RuleCase] = [
    RuleCase(
      "drop-identity",
      given: "(%x: f32[N]) -> (%y: f32[N]) { %a: f32[N] = Relu(%x) %y: f32[N] = Identity(%a) return %y }",
      result: "(%x: f32[N]) -> (%y: f32[N]) { %a: f32[N] = Relu(%x) return %a }",
      skip: "(%x: f32[N]) -> (%y) { %y = Identity(_) return %y }",
      because: "the operand is left out"),
    RuleCase(
      "drop-dropout",
      given: """
        (%x: f32[N]) -> (%y) {
          %ratio: f32[] = initializer [0.5] %mode: bool[] = initializer [false]
          %y: f32[N] = Dropout(%x, %ratio, %mode) %z = Relu(%y) return %z }
        """,
      result: "(%x: f32[N]) -> (%y) { %z = Relu(%x) return %z }",
      skip: "(%x: f32[N]) -> (%y, %m) { %y, %m = Dropout(%x) return %y, %m }",
      because: "the mask is read"),
    RuleCase(
      "drop-no-op-cast",
      given: "(%x: f32[N]) -> (%y) { %a: f32[N] = Cast(%x) {to: 1} %y = Relu(%a) return %y }",
      result: "(%x: f32[N]) -> (%y) { %y = Relu(%x) return %y }",
      skip: "(%x: f32[N]) -> (%y) { %y = Cast(%x) {to: 7} return %y }",
      because: "the cast changes the type"),
    RuleCase(
      "drop-no-op-reshape",
      given: """
        (%x: f32[N,4]) -> (%y) {
          %s: i64[2] = initializer [-1, 4] %a: f32[N,4] = Reshape(%x, %s) %y = Relu(%a) return %y }
        """,
      result: "(%x: f32[N,4]) -> (%y) { %y = Relu(%x) return %y }",
      skip: "(%x: f32[?,4], %s: i64[2]) -> (%y) { %y: f32[?,4] = Reshape(%x, %s) return %y }",
      because: "the shape is not known to stay the same"),
    RuleCase(
      "drop-no-op-transpose",
      given: "(%x: f32[N,4]) -> (%y) { %a: f32[N,4] = Transpose(%x) {perm: [0, 1]} %y = Relu(%a) return %y }",
      result: "(%x: f32[N,4]) -> (%y) { %y = Relu(%x) return %y }",
      skip: "(%x: f32[N,N]) -> (%y) { %y: f32[N,N] = Transpose(%x) return %y }",
      because: "an axis changes its place"),
    RuleCase(
      "drop-no-op-slice",
      given: """
        (%x: f32[N,4]) -> (%y) {
          %b: i64[1] = initializer [0] %e: i64[1] = initializer [9] %i: i64[1] = initializer [1]
          %a: f32[N,4] = Slice(%x, %b, %e, %i) %y = Relu(%a) return %y }
        """,
      result: "(%x: f32[N,4]) -> (%y) { %y = Relu(%x) return %y }",
      skip: """
        (%x: f32[4]) -> (%y) {
          %b: i64[1] = initializer [-1] %e: i64[1] = initializer [-9] %i: i64[1] = initializer [0]
          %y: f32[4] = Slice(%x, %b, %e, %i, %b) return %y }
        """,
      because: "a step runs backward"),
    RuleCase(
      "drop-no-op-pad",
      given: """
        (%x: f32[4]) -> (%y) {
          %p: i64[2] = initializer [0, 0] %a: f32[4] = Pad(%x, %p) %y = Relu(%a) return %y }
        """,
      result: "(%x: f32[4]) -> (%y) { %y = Relu(%x) return %y }",
      skip: "(%x: f32[4]) -> (%y) { %p: i64[2] = initializer [-1, 1] %y: f32[4] = Pad(%x, %p) return %y }",
      because: "the pads are not all 0"),
    RuleCase(
      "drop-single-operand",
      given: "(%x: f32[4]) -> (%y) { %a = Concat(%x) {axis: 0} %y = Sum(%a) %z = Relu(%y) return %z }",
      result: "(%x: f32[4]) -> (%y) { %z = Relu(%x) return %z }",
      skip: "(%x: f32[4]) -> (%y) { %y = Concat(%x, %x) {axis: 0} return %y }",
      because: "there are several operands"),
    RuleCase(
      "drop-repeated",
      given: "(%x: f32[4]) -> (%y) { %a = Relu(%x) %y = Relu(%a) return %y }",
      result: "(%x: f32[4]) -> (%y) { %a = Relu(%x) return %a }",
      skip: "(%x: f32[4]) -> (%y) { %a = Neg(%x) %y = Relu(%a) return %y }",
      because: "the operand is not a result of the same operator"),
    RuleCase(
      "drop-redundant-relu",
      given: """
        (%x: f32[4]) -> (%y, %z) {
          %low: f32[] = initializer [0.5] %a = Sigmoid(%x) %b = Relu(%a) %c = Clip(%x, %low) %d = Relu(%c)
          return %b, %d }
        """,
      result: """
        (%x: f32[4]) -> (%y, %z) {
          %low: f32[] = initializer [0.5] %a = Sigmoid(%x) %c = Clip(%x, %low) return %a, %c }
        """,
      skip: "(%x: f32[4]) -> (%y) { %a = Tanh(%x) %y = Relu(%a) return %y }",
      because: "the operand may be negative"),
    RuleCase(
      "drop-double-inverse",
      given: "(%x: f32[4]) -> (%y) { %a = Neg(%x) %b = Neg(%a) %y = Relu(%b) return %y }",
      result: "(%x: f32[4]) -> (%y) { %y = Relu(%x) return %y }",
      skip: "(%x: bool[4]) -> (%y) { %y = Not(%x) return %y }",
      because: "the operand is not a result of the same operator"),
    RuleCase(
      "drop-sign-before-abs",
      given: "(%x: f32[4]) -> (%y) { %a = Neg(%x) %y = Abs(%a) return %y }",
      result: "(%x: f32[4]) -> (%y) { %y = Abs(%x) return %y }",
      skip: "(%x: f32[4]) -> (%y) { %a = Relu(%x) %y = Abs(%a) return %y }",
      because: "the operand is not negated"),
  ]
}
