extension RuleCase {
  /// Work that a layer with a constant weight takes over.
  static let folds: [RuleCase] = [
    RuleCase(
      "fold-affine",
      given: """
        (%x: f32[N,1,4,4]) -> (%y) {
          %w: f32[2,1,1,1] = initializer [1, 2] %m: f32[2,1,1] = initializer [3, 4] %s: f32[] = initializer [0.5]
          %a: f32[N,2,4,4] = Conv(%x, %w) @conv %b: f32[N,2,4,4] = Mul(%a, %m) %y: f32[N,2,4,4] = Sub(%s, %b) return %y }
        """,
      result: """
        (%x: f32[N,1,4,4]) -> (%y) {
          %w: f32[2,1,1,1] = initializer [-3, -8] %b_bias: f32[2] = initializer [0.5, 0.5]
          %y: f32[N,2,4,4] = Conv(%x, %w, %b_bias) @conv return %y }
        """,
      skip: """
        (%x: f32[N,1,4,4]) -> (%y, %a) {
          %w: f32[2,1,1,1] = initializer [1, 2] %s: f32[] = initializer [0.5]
          %a: f32[N,2,4,4] = Conv(%x, %w) %y: f32[N,2,4,4] = Mul(%a, %s) return %y, %a }
        """,
      because: "the layer's result is read elsewhere"),
    RuleCase(
      "fold-affine",
      given: """
        (%x: f32[N,2]) -> (%y) {
          %w: f32[2,2] = initializer [1, 2, 3, 4] %b: f32[2] = initializer [1, 1] %s: f32[2] = initializer [2, 4]
          %a: f32[N,2] = Gemm(%x, %w, %b) {alpha: 0.5, beta: 3.0, transB: 1} %y: f32[N,2] = Div(%a, %s) return %y }
        """,
      result: """
        (%x: f32[N,2]) -> (%y) {
          %w: f32[2,2] = initializer [0.5, 1, 0.75, 1] %b: f32[2] = initializer [1.5, 0.75]
          %y: f32[N,2] = Gemm(%x, %w, %b) {alpha: 0.5, transB: 1} return %y }
        """,
      skip: """
        (%x: f32[N,2]) -> (%y) {
          %w: f32[2,2] = initializer [1, 2, 3, 4] %s: f32[2] = initializer [2, 4]
          %a: f32[N,2] = MatMul(%x, %w) %y: f32[N,2] = Add(%a, %s) return %y }
        """,
      because: "a MatMul has no bias"),
    RuleCase(
      "fold-batch-normalization",
      given: """
        (%x: f32[N,2,4]) -> (%y) {
          %w: f32[2,2,1] = initializer [1, 2, 3, 4] %b: f32[4] = initializer [1, 1, 1, 1]
          %scale: f32[4] = initializer [1, 2, 1, 4] %shift: f32[4] = initializer [0, 0, 1, 1]
          %mean: f32[4] = initializer [0, 1, 0, 3] %variance: f32[4] = initializer [0, 3, 0, 3]
          %a: f32[N,4,4] = ConvTranspose(%x, %w, %b) {group: 2}
          %y: f32[N,4,4] = BatchNormalization(%a, %scale, %shift, %mean, %variance) {epsilon: 1.0} return %y }
        """,
      result: """
        (%x: f32[N,2,4]) -> (%y) {
          %w: f32[2,2,1] = initializer [1, 2, 3, 8] %b: f32[4] = initializer [1, 0, 2, -3]
          %y: f32[N,4,4] = ConvTranspose(%x, %w, %b) {group: 2} return %y }
        """,
      skip: """
        (%x: f32[N,1,4]) -> (%y, %m, %v) {
          %w: f32[1,1,1] = initializer [1] %b: f32[1] = initializer [1]
          %a: f32[N,1,4] = Conv(%x, %w, %b)
          %y: f32[N,1,4], %m, %v = BatchNormalization(%a, %b, %b, %b, %b) {training_mode: 1} return %y, %m, %v }
        """,
      because: "it is in training mode"),
    RuleCase(
      "fold-pad",
      given: """
        (%x: f32[N,1,4,4]) -> (%y) {
          %w: f32[1,1,3,3] = initializer [1, 2, 3, 4, 5, 6, 7, 8, 9]
          %p: i64[8] = initializer [0, 0, 1, 2, 0, 0, 3, 4]
          %a: f32[N,1,8,10] = Pad(%x, %p) %y: f32[N,1,8,10] = Conv(%a, %w) {pads: [1, 1, 1, 1]} return %y }
        """,
      result: """
        (%x: f32[N,1,4,4]) -> (%y) {
          %w: f32[1,1,3,3] = initializer [1, 2, 3, 4, 5, 6, 7, 8, 9]
          %y: f32[N,1,8,10] = Conv(%x, %w) {pads: [2, 3, 4, 5]} return %y }
        """,
      skip: """
        (%x: f32[N,1,4,4]) -> (%y) {
          %p: i64[8] = initializer [0, 0, 1, 1, 0, 0, 1, 1]
          %a: f32[N,1,6,6] = Pad(%x, %p) {mode: "reflect"}
          %y: f32[N,1,4,4] = AveragePool(%a) {kernel_shape: [3, 3]} return %y }
        """,
      because: "the padding repeats elements"),
    RuleCase(
      "fold-pad",
      given: """
        (%x: f32[N,1,4,4]) -> (%y) {
          %p: i64[8] = initializer [0, 0, 1, 1, 0, 0, 1, 1]
          %a: f32[N,1,6,6] = Pad(%x, %p) %y: f32[N,1,4,4] = AveragePool(%a) {kernel_shape: [3, 3]} return %y }
        """,
      result: """
        (%x: f32[N,1,4,4]) -> (%y) {
          %y: f32[N,1,4,4] = AveragePool(%x) {count_include_pad: 1, kernel_shape: [3, 3], pads: [1, 1, 1, 1]} return %y }
        """,
      skip: """
        (%x: f32[N,1,4,4]) -> (%y) {
          %p: i64[8] = initializer [0, 0, 3, 1, 0, 0, 1, 1]
          %a: f32[N,1,8,6] = Pad(%x, %p) %y: f32[N,1,6,4] = AveragePool(%a) {kernel_shape: [3, 3]} return %y }
        """,
      because: "the padding is as large as the kernel"),
  ]
}
