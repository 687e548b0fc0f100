import DecantEngine
import DecantIR
import DecantOps
import DecantRuntime
import Testing

/// A graph, and the operators that preparing it leaves.
struct RuleCase: Sendable, CustomTestStringConvertible {
  let name: String
  let given: String
  let left: [String]

  init(_ name: String, _ given: String, leaves left: String...) {
    self.name = name
    self.given = given
    self.left = left
  }

  var testDescription: String { name }

  /// Prepares it: the operators are those expected, and the results stay the same to rounding.
  func check() throws {
    let model = Model(graph: try TextForm.parseGraph("graph @g" + given))
    var prepared = model
    _ = NativeBackend().prepare(&prepared)
    let graph = prepared.graph
    #expect(graph.order.map { "\(graph[$0].op)" } == left)
    let reference = ReferenceBackend(StandardOps())
    var inputs: [String: Tensor] = [:]
    for (index, input) in model.graph.inputs.enumerated() {
      let value = model.graph[input]
      let shape = try #require(value.type.shape).dimensions.map { $0.fixed ?? 2 }
      inputs[value.name] = KernelCase.numbers(shape, seed: UInt32(index))
    }
    let expected = try Executor(model, backends: [reference]).run(inputs)
    for backends in [[reference], [NativeBackend(), reference]] as [[any Backend]] {
      let got = try Executor(prepared, backends: backends).run(inputs)
      for output in model.graph.outputs {
        let (result, exact) = (try #require(got[output.name]), try #require(expected[output.name]))
        let (a, b) = (try #require(result.floats), try #require(exact.floats))
        #expect(result.shape == exact.shape)
        #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 })
      }
    }
  }
}

@Suite struct RuleTests {
  @Test(arguments: [
    RuleCase(
      "erf after the product",
      """
      (%x: f32[2,6]) -> (%y) {
        %c: f32[] = initializer [1.4142135] %one: f32[] = initializer [1.0] %half: f32[] = initializer [0.5]
        %a = Div(%x, %c) %b = Erf(%a) %d = Add(%b, %one) %e = Mul(%x, %d) %y = Mul(%e, %half) return %y }
      """, leaves: "Gelu"),
    RuleCase(
      "erf, half of the operand first",
      """
      (%x: f32[2,6]) -> (%y) {
        %c: f32[] = initializer [0.70710677] %one: f32[] = initializer [1.0] %half: f32[] = initializer [0.5]
        %a = Mul(%c, %x) %b = Erf(%a) %d = Add(%one, %b) %e = Mul(%x, %half) %y = Mul(%e, %d) return %y }
      """, leaves: "Gelu"),
    RuleCase(
      "tanh with a power",
      """
      (%x: f32[2,6]) -> (%y) {
        %three: f32[] = initializer [3.0] %k: f32[] = initializer [0.044715] %c: f32[] = initializer [0.7978846]
        %one: f32[] = initializer [1.0] %half: f32[] = initializer [0.5]
        %p = Pow(%x, %three) %q = Mul(%p, %k) %s = Add(%x, %q) %u = Mul(%s, %c) %t = Tanh(%u) %d = Add(%t, %one)
        %h = Mul(%d, %half) %y = Mul(%x, %h) return %y }
      """, leaves: "Gelu"),
    RuleCase(
      "tanh with a raised square",
      """
      (%x: f32[2,6]) -> (%y) {
        %k: f32[] = initializer [0.044715] %c: f32[] = initializer [0.7978846] %one: f32[] = initializer [1.0]
        %half: f32[] = initializer [0.5]
        %p = Mul(%x, %x) %q = Mul(%p, %k) %r = Add(%q, %one) %s = Mul(%x, %c) %u = Mul(%s, %r) %t = Tanh(%u)
        %d = Add(%t, %one) %h = Mul(%x, %half) %y = Mul(%h, %d) return %y }
      """, leaves: "Gelu"),
    RuleCase(
      "another constant is no error linear unit",
      """
      (%x: f32[2,6]) -> (%y) {
        %c: f32[] = initializer [1.5] %one: f32[] = initializer [1.0] %half: f32[] = initializer [0.5]
        %a = Div(%x, %c) %b = Erf(%a) %d = Add(%b, %one) %e = Mul(%x, %d) %y = Mul(%e, %half) return %y }
      """, leaves: "Div", "Erf", "Add", "Mul", "Mul"),
    RuleCase("swish", "(%x: f32[2,6]) -> (%y) { %a = Sigmoid(%x) %y = Mul(%a, %x) return %y }", leaves: "Swish"),
    RuleCase(
      "swish with a number",
      """
      (%x: f32[2,6]) -> (%y) {
        %k: f32[] = initializer [1.702] %s = Mul(%x, %k) %a = Sigmoid(%s) %y = Mul(%x, %a) return %y }
      """, leaves: "Swish"),
    RuleCase(
      "the gate of another value is no swish",
      "(%x: f32[2,6], %z: f32[2,6]) -> (%y) { %a = Sigmoid(%z) %y = Mul(%a, %x) return %y }", leaves: "Sigmoid", "Mul"),
  ]) func activations(_ one: RuleCase) throws { try one.check() }

  @Test(arguments: [
    RuleCase(
      "layer normalization with a power",
      """
      (%x: f32[N,3,4]) -> (%y) {
        %axes: i64[1] = initializer [-1] %two: f32[] = initializer [2.0] %e: f32[] = initializer [0.00001]
        %w: f32[4] = initializer [1.0, 2.0, 3.0, 4.0] %b: f32[4] = initializer [0.5, 0.0, -0.5, 1.0]
        %m = ReduceMean(%x, %axes) %d = Sub(%x, %m) %s = Pow(%d, %two) %v = ReduceMean(%s, %axes) %t = Add(%v, %e)
        %r = Sqrt(%t) %n = Div(%d, %r) %k = Mul(%n, %w) %y = Add(%k, %b) return %y }
      """, leaves: "LayerNormalization"),
    RuleCase(
      "layer normalization with a product and a reciprocal, without shift",
      """
      (%x: f32[N,3,4]) -> (%y) {
        %axes: i64[1] = initializer [2] %e: f32[] = initializer [0.001] %w: f32[4] = initializer [1.0, 2.0, 3.0, 4.0]
        %m = ReduceMean(%x, %axes) %d = Sub(%x, %m) %s = Mul(%d, %d) %v = ReduceMean(%s, %axes) %t = Add(%e, %v)
        %r = Sqrt(%t) %i = Reciprocal(%r) %n = Mul(%d, %i) %y = Mul(%w, %n) return %y }
      """, leaves: "LayerNormalization"),
    RuleCase(
      "root mean square",
      """
      (%x: f32[N,3,4]) -> (%y) {
        %axes: i64[1] = initializer [-1] %two: f32[] = initializer [2.0] %e: f32[] = initializer [0.001]
        %w: f32[4] = initializer [1.0, 2.0, 3.0, 4.0]
        %s = Pow(%x, %two) %v = ReduceMean(%s, %axes) %t = Add(%v, %e) %r = Sqrt(%t) %n = Div(%x, %r)
        %y = Mul(%n, %w) return %y }
      """, leaves: "RMSNormalization"),
    RuleCase(
      "a sum before a normalization",
      """
      (%x: f32[N,3,4], %z: f32[N,3,4]) -> (%y) {
        %w: f32[4] = initializer [1.0, 2.0, 3.0, 4.0] %b: f32[4] = initializer [0.5, 0.0, -0.5, 1.0]
        %s = Add(%x, %z) %y = LayerNormalization(%s, %w, %b) return %y }
      """, leaves: "com.microsoft.SkipLayerNormalization"),
    RuleCase(
      "a sum that is read before the normalization",
      """
      (%x: f32[N,3,4], %z: f32[N,3,4]) -> (%y, %u) {
        %w: f32[4] = initializer [1.0, 2.0, 3.0, 4.0]
        %s = Add(%x, %z) %u = Relu(%s) %y = RMSNormalization(%s, %w) return %y, %u }
      """, leaves: "com.microsoft.SkipSimplifiedLayerNormalization", "Relu"),
    RuleCase(
      "a sum that broadcasts stays",
      """
      (%x: f32[N,3,4], %z: f32[1,3,4]) -> (%y) {
        %w: f32[4] = initializer [1.0, 2.0, 3.0, 4.0]
        %s = Add(%x, %z) %y = LayerNormalization(%s, %w) return %y }
      """, leaves: "Add", "LayerNormalization"),
  ]) func normalizations(_ one: RuleCase) throws { try one.check() }

  @Test(arguments: [
    RuleCase(
      "flat heads",
      """
      (%q: f32[N,3,8], %k: f32[N,3,8], %v: f32[N,3,8], %mask: f32[N,1,1,3]) -> (%y) {
        %d: i64[4] = initializer [0, 0, 2, 4] %j: i64[3] = initializer [0, 0, 8] %c: f32[] = initializer [2.0]
        %q4 = Reshape(%q, %d) %qt = Transpose(%q4) {perm: [0,2,1,3]} %k4 = Reshape(%k, %d)
        %kt = Transpose(%k4) {perm: [0,2,3,1]} %v4 = Reshape(%v, %d) %vt = Transpose(%v4) {perm: [0,2,1,3]}
        %a = MatMul(%qt, %kt) %b = Div(%a, %c) %m = Add(%b, %mask) %p = Softmax(%m) {axis: -1} %o = MatMul(%p, %vt)
        %t = Transpose(%o) {perm: [0,2,1,3]} %y = Reshape(%t, %j) return %y }
      """, leaves: "Attention"),
    RuleCase(
      "heads in front, both sides scaled",
      """
      (%q: f32[N,2,3,4], %k: f32[N,2,5,4], %v: f32[N,2,5,6]) -> (%y) {
        %c: f32[] = initializer [0.7] %l = Mul(%q, %c) %kt = Transpose(%k) {perm: [0,1,3,2]} %r = Mul(%kt, %c)
        %a = MatMul(%l, %r) %p = Softmax(%a) {axis: -1} %y = MatMul(%p, %v) return %y }
      """, leaves: "Attention"),
    RuleCase(
      "keys that are not transposed",
      """
      (%q: f32[N,2,3,4], %k: f32[N,2,4,5], %v: f32[N,2,5,6]) -> (%y) {
        %a = MatMul(%q, %k) %p = Softmax(%a) {axis: -1} %y = MatMul(%p, %v) return %y }
      """, leaves: "MatMul", "Softmax", "MatMul"),
    RuleCase(
      "a mask that widens the scores",
      """
      (%q: f32[1,2,3,4], %k: f32[1,2,5,4], %v: f32[1,2,5,6], %mask: f32[N,1,1,5]) -> (%y) {
        %kt = Transpose(%k) {perm: [0,1,3,2]} %a = MatMul(%q, %kt) %m = Add(%a, %mask) %p = Softmax(%m) {axis: -1}
        %y = MatMul(%p, %v) return %y }
      """, leaves: "Transpose", "MatMul", "Add", "Softmax", "MatMul"),
  ]) func attention(_ one: RuleCase) throws { try one.check() }
}
