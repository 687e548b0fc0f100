extension RuleCase {
  /// Several operators that become one, or that change places.
  static let merges: [RuleCase] = [
    RuleCase(
      "make-reshape-constant",
      given: """
        (%x: f32[N,8,16]) -> (%y) {
          %k: i64[1] = initializer [128] %n: i64[1] = Shape(%x) {end: 1} %s = Concat(%n, %k) {axis: 0}
          %y: f32[N,128] = Reshape(%x, %s) {allowzero: 1} return %y }
        """,
      result: """
        (%x: f32[N,8,16]) -> (%y) { %y_shape: i64[2] = initializer [0, 128] %y: f32[N,128] = Reshape(%x, %y_shape) return %y }
        """,
      skip: "(%x: f32[?,?,4]) -> (%y) { %s = Shape(%x) %y: f32[?,?,4] = Reshape(%x, %s) return %y }",
      because: "no constant says the shape: two extents are not known"),
    RuleCase(
      "merge-reshapes",
      given: """
        (%x: f32[N,8,16]) -> (%y) {
          %s: i64[3] = initializer [0, 16, 8] %a: f32[N,128] = Flatten(%x) {axis: 1}
          %y: f32[N,16,8] = Reshape(%a, %s) return %y }
        """,
      result: """
        (%x: f32[N,8,16]) -> (%y) {
          %y_shape: i64[3] = initializer [0, 16, 8] %y: f32[N,16,8] = Reshape(%x, %y_shape) return %y }
        """,
      skip: "(%x: f32[N,8]) -> (%y) { %a = Relu(%x) %y: f32[N,8] = Flatten(%a) return %y }",
      because: "the operand is not reshaped"),
    RuleCase(
      "merge-reshapes",
      given: """
        (%x: f32[N,8]) -> (%y) {
          %i: i64[1] = initializer [1] %a: f32[N,1,8] = Unsqueeze(%x, %i) %b: f32[N,8] = Squeeze(%a, %i)
          %y = Relu(%b) return %y }
        """,
      result: "(%x: f32[N,8]) -> (%y) { %y = Relu(%x) return %y }",
      skip: """
        (%x: f32[A,B,8]) -> (%y) { %a: f32[?,8] = Flatten(%x) {axis: 2} %y: f32[*] = Squeeze(%a) return %y }
        """,
      because: "the shape is not known"),
    RuleCase(
      "merge-transposes",
      given: """
        (%x: f32[2,3,4]) -> (%y) {
          %a: f32[2,4,3] = Transpose(%x) {perm: [0, 2, 1]} %y: f32[4,2,3] = Transpose(%a) {perm: [1, 0, 2]} return %y }
        """,
      result: "(%x: f32[2,3,4]) -> (%y) { %y: f32[4,2,3] = Transpose(%x) {perm: [2, 0, 1]} return %y }",
      skip: "(%x) -> (%y) { %a = Transpose(%x) %y = Transpose(%a) return %y }",
      because: "a permutation is not known"),
    RuleCase(
      "merge-clips",
      given: """
        (%x: f32[4]) -> (%y, %z) {
          %a: f32[] = initializer [-1.0] %b: f32[] = initializer [6.0] %c: f32[] = initializer [0.0]
          %p: f32[4] = Clip(%x, %a, %b) %y: f32[4] = Clip(%p, %c) @c
          %q: f32[4] = Relu(%x) %z: f32[4] = Clip(%q, %a, %b) @d return %y, %z }
        """,
      result: """
        (%x: f32[4]) -> (%y, %z) {
          %c_min: f32[] = initializer [0.0] %c_max: f32[] = initializer [6.0]
          %d_min: f32[] = initializer [0.0] %d_max: f32[] = initializer [6.0]
          %y: f32[4] = Clip(%x, %c_min, %c_max) @c %z: f32[4] = Clip(%x, %d_min, %d_max) @d return %y, %z }
        """,
      skip: """
        (%x: f32[4], %m: f32[]) -> (%y) { %a: f32[4] = Clip(%x, %m) %y: f32[4] = Clip(%a) return %y }
        """,
      because: "a bound is not constant, or the bounds are not in order"),
    RuleCase(
      "merge-casts",
      given: """
        (%x: i32[4]) -> (%y) { %a: i64[4] = Cast(%x) {to: 7} %y: f32[4] = Cast(%a) {to: 1} return %y }
        """,
      result: "(%x: i32[4]) -> (%y) { %y: f32[4] = Cast(%x) {to: 1} return %y }",
      skip: "(%x: f32[4]) -> (%y) { %a: f16[4] = Cast(%x) {to: 10} %y: f32[4] = Cast(%a) {to: 1} return %y }",
      because: "the first cast from f32 to f16 loses precision"),
    RuleCase(
      "merge-mat-mul-and-add",
      given: """
        (%x: f32[N,2]) -> (%y) {
          %w: f32[2,2] = initializer [1, 2, 3, 4] %b: f32[2] = initializer [5, 6]
          %a: f32[N,2] = MatMul(%x, %w) @m %y: f32[N,2] = Add(%b, %a) return %y }
        """,
      result: """
        (%x: f32[N,2]) -> (%y) {
          %w: f32[2,2] = initializer [1, 2, 3, 4] %b: f32[2] = initializer [5, 6]
          %y: f32[N,2] = Gemm(%x, %w, %b) @m return %y }
        """,
      skip: """
        (%x: f32[N,3,2]) -> (%y) {
          %w: f32[2,2] = initializer [1, 2, 3, 4] %b: f32[2] = initializer [5, 6]
          %a: f32[N,3,2] = MatMul(%x, %w) %y: f32[N,3,2] = Add(%a, %b) return %y }
        """,
      because: "the operands are not two matrices, the second one constant"),
    RuleCase(
      "move-reshape-after-elementwise",
      given: """
        (%x: f32[N,8,16]) -> (%y) {
          %s: i64[2] = initializer [0, 128] %t: i64[3] = initializer [-1, 8, 16] %k: f32[] = initializer [0.5]
          %a: f32[N,128] = Reshape(%x, %s) %b: f32[N,128] = Sigmoid(%a) %c: f32[N,128] = Mul(%b, %k)
          %y: f32[N,8,16] = Reshape(%c, %t) return %y }
        """,
      result: """
        (%x: f32[N,8,16]) -> (%y) {
          %k: f32[] = initializer [0.5] %b: f32[N,8,16] = Sigmoid(%x) %c: f32[N,8,16] = Mul(%b, %k) return %c }
        """,
      skip: """
        (%x: f32[N,8]) -> (%y) {
          %s: i64[1] = initializer [-1] %t: i64[2] = initializer [-1, 8] %v: f32[8] = initializer [1, 2, 3, 4, 5, 6, 7, 8]
          %a: f32[?] = Reshape(%x, %s) %b: f32[?] = Mul(%a, %v) %y: f32[N,8] = Reshape(%b, %t) return %y }
        """,
      because: "there is no chain of element-wise operators from another reshape"),
    RuleCase(
      "move-transpose-after-elementwise",
      given: """
        (%x: f32[2,3,4]) -> (%y) {
          %a: f32[3,4,2] = Transpose(%x) {perm: [1, 2, 0]} %b: f32[3,4,2] = Relu(%a)
          %y: f32[4,3,2] = Transpose(%b) {perm: [1, 0, 2]} return %y }
        """,
      result: """
        (%x: f32[2,3,4]) -> (%y) {
          %b: f32[2,3,4] = Relu(%x) %y: f32[4,3,2] = Transpose(%b) {perm: [2, 1, 0]} return %y }
        """,
      skip: """
        (%x: f32[2,3]) -> (%y, %z) {
          %a: f32[3,2] = Transpose(%x) %b: f32[3,2] = Relu(%a) %y: f32[2,3] = Transpose(%b) return %y, %b }
        """,
      because: "there is no chain of element-wise operators from another transposition"),
    RuleCase(
      "inline-if",
      given: """
        (%x: f32[4]) -> (%y) {
          %c: bool[] = initializer [true]
          %y: f32[4] = If(%c) captures (%x) {
            else_branch: graph @else(%p: f32[4]) -> (%q) { return %p },
            then_branch: graph @then(%p: f32[4]) -> (%q) {
              %k: f32[] = initializer [2.0] %q: f32[4] = Mul(%p, %k) @m return %q } } @if
          %z = Relu(%y) return %z }
        """,
      result: """
        (%x: f32[4]) -> (%y) {
          %k: f32[] = initializer [2.0] %q: f32[4] = Mul(%x, %k) @if/m %z = Relu(%q) return %z }
        """,
      skip: """
        (%c: bool[], %x: f32[4]) -> (%y) {
          %y: f32[4] = If(%c) captures (%x) {
            else_branch: graph @else(%p: f32[4]) -> (%q) { return %p },
            then_branch: graph @then(%p: f32[4]) -> (%q) { return %p } }
          return %y }
        """,
      because: "the condition is not constant"),
  ]
}
