import DecantBytes
import DecantCompression
import DecantIR
import DecantPasses
import Testing

/// Text in, text out: where casts stand, what stays float32, and why.
@Suite struct HalfConversionTests {
  private func convert(
    _ body: String, _ type: HalfType = .float16, opset: Int = 21, keep: [String] = [], keepsInterface: Bool = true,
    statistics: CalibrationStatistics? = nil
  ) throws -> (graph: Graph, report: QuantizationReport) {
    var model = Model(graph: try TextForm.parseGraph("graph @g" + body))
    _ = try Pipeline(parsing: "infer-types").run(on: &model)
    let options = HalfConversionOptions(
      type, opset: opset, keep: keep.map(NodeSelector.init), keepsInterface: keepsInterface, statistics: statistics)
    let report = try HalfConversion.convert(&model.graph, options)
    #expect(Verifier.problem(in: model.graph) == nil)
    // Inference refuses a type that its nodes do not compute.
    _ = try Pipeline(parsing: "infer-types").run(on: &model)
    return (model.graph, report)
  }

  private func expect(_ graph: Graph, _ body: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let expected = TextForm.unnamed(try TextForm.parseGraph("graph @g" + body))
    #expect(TextForm.unnamed(graph) == expected, sourceLocation: sourceLocation)
  }

  private func outcome(_ op: String, _ report: QuantizationReport) -> String? {
    report.decisions.first { $0.op.type == op }?.outcome
  }

  @Test func castsStandAtTheInterface() throws {
    let (graph, report) = try convert(
      """
      (%x: f32[1,2]) -> (%y: f32[1,2]) {
        %w: f32[2,2] = initializer [1, 2, 3, 0.1]
        %p: f32[1,2] = MatMul(%x, %w)
        %y: f32[1,2] = Relu(%p)
        return %y }
      """)
    try expect(
      graph,
      """
      (%x: f32[1,2]) -> (%y: f32[1,2]) {
        %w: f16[2,2] = initializer [1, 2, 3, 0.099975586]
        %x_f16: f16[1,2] = Cast(%x) {to: 10}
        %p: f16[1,2] = MatMul(%x_f16, %w)
        %y_f16: f16[1,2] = Relu(%p)
        %y: f32[1,2] = Cast(%y_f16) {to: 1}
        return %y }
      """)
    #expect(report.weights == 1 && report.decisions.allSatisfy(\.isQuantized))
  }

  @Test func theInterfaceMayBecomeHalf() throws {
    let (graph, _) = try convert(
      "(%x: f32[2]) -> (%y: f32[2]) { %y: f32[2] = Tanh(%x) return %y }", .bfloat16, keepsInterface: false)
    try expect(graph, "(%x: bf16[2]) -> (%y: bf16[2]) { %y: bf16[2] = Tanh(%x) return %y }")
  }

  @Test func oneOperatorBetweenKeptOnesIsNotWorthCasts() throws {
    let (graph, report) = try convert(
      """
      (%x: f32[2]) -> (%y: f32[2]) {
        %a: f32[2] = Exp(%x)
        %b: f32[2] = Neg(%a)
        %c: f32[2] = Tanh(%b)
        %y: f32[2] = Exp(%c)
        return %y }
      """)
    #expect(graph.nodeCount == 4 && !report.decisions.contains { $0.isQuantized })
    #expect(outcome("Tanh", report) == "float32: its neighbours are, and casts would cost more than it gains")
    #expect(outcome("Exp", report)?.contains("from 11.1 on") == true)
  }

  @Test func aConstantIsStoredForBothItsReaders() throws {
    let (graph, report) = try convert(
      """
      (%x: f32[1,2]) -> (%y: f32[1,2]) {
        %w: f32[2,2] = initializer [1, 2, 3, 4]
        %p: f32[1,2] = MatMul(%x, %w) @first
        %y: f32[1,2] = MatMul(%p, %w) @last
        return %y }
      """, keep: ["last"])
    try expect(
      graph,
      """
      (%x: f32[1,2]) -> (%y: f32[1,2]) {
        %w: f32[2,2] = initializer [1, 2, 3, 4]
        %w_f16: f16[2,2] = initializer [1, 2, 3, 4]
        %x_f16: f16[1,2] = Cast(%x) {to: 10}
        %p: f16[1,2] = MatMul(%x_f16, %w_f16)
        %p_f32: f32[1,2] = Cast(%p) {to: 1}
        %y: f32[1,2] = MatMul(%p_f32, %w)
        return %y }
      """)
    #expect(report.decisions.map(\.outcome) == ["f16", "float32: excluded by 'last'"])
    #expect(report.notes.contains { $0.hasPrefix("constants of 8 bytes are stored in both types") })
  }

  @Test func aSelectorThatChoosesNothingIsRefused() {
    let error = #expect(throws: DecantError.self) {
      try convert("(%x: f32[2]) -> (%y) { %y = Tanh(%x) @squash return %y }", keep: ["squish"])
    }
    #expect(error?.kind == .usage && error?.message == "'squish' chooses no node")
  }

  @Test func branchesAndWhatTheyCaptureAgree() throws {
    let (graph, _) = try convert(
      """
      (%c: bool[], %x: f32[1,2]) -> (%y: f32[1,2]) {
        %w: f32[2,2] = initializer [1, 2, 3, 4]
        %p: f32[1,2] = MatMul(%x, %w)
        %q: f32[1,2] = If(%c) captures (%p, %w) {
          else_branch: graph @e(%a: f32[1,2], %v: f32[2,2]) -> (%r: f32[1,2]) { return %a },
          then_branch: graph @t(%a: f32[1,2], %v: f32[2,2]) -> (%r: f32[1,2]) {
            %r: f32[1,2] = MatMul(%a, %v) return %r } }
        %y: f32[1,2] = MatMul(%q, %w)
        return %y }
      """)
    try expect(
      graph,
      """
      (%c: bool[], %x: f32[1,2]) -> (%y: f32[1,2]) {
        %w: f16[2,2] = initializer [1, 2, 3, 4]
        %x_f16: f16[1,2] = Cast(%x) {to: 10}
        %p: f16[1,2] = MatMul(%x_f16, %w)
        %q: f16[1,2] = If(%c) captures (%p, %w) {
          else_branch: graph @e(%a: f16[1,2], %v: f16[2,2]) -> (%r: f16[1,2]) { return %a },
          then_branch: graph @t(%a: f16[1,2], %v: f16[2,2]) -> (%r: f16[1,2]) {
            %r: f16[1,2] = MatMul(%a, %v) return %r } }
        %y_f16: f16[1,2] = MatMul(%q, %w)
        %y: f32[1,2] = Cast(%y_f16) {to: 1}
        return %y }
      """)
  }

  @Test func whatALoopCarriesHasOneType() throws {
    let (graph, _) = try convert(
      """
      (%n: i64[], %x: f32[1,2]) -> (%y: f32[1,2], %s: f32[?,1,2]) {
        %w: f32[2,2] = initializer [1, 2, 3, 4]
        %t: bool[] = initializer [true]
        %y: f32[1,2], %s: f32[?,1,2] = Loop(%n, %t, %x) captures (%w) {
          body: graph @b(%i: i64[], %c: bool[], %a: f32[1,2], %v: f32[2,2])
            -> (%c2: bool[], %r: f32[1,2], %o: f32[1,2]) {
            %r: f32[1,2] = MatMul(%a, %v)
            %o: f32[1,2] = Exp(%r)
            return %c, %r, %o } }
        return %y, %s }
      """)
    try expect(
      graph,
      """
      (%n: i64[], %x: f32[1,2]) -> (%y: f32[1,2], %s: f32[?,1,2]) {
        %t: bool[] = initializer [true]
        %w: f16[2,2] = initializer [1, 2, 3, 4]
        %x_f16: f16[1,2] = Cast(%x) {to: 10}
        %y_f16: f16[1,2], %s: f32["%y_f16.trips",1,2] = Loop(%n, %t, %x_f16) captures (%w) {
          body: graph @b(%i: i64[], %c: bool[], %a: f16[1,2], %v: f16[2,2])
            -> (%c2: bool[], %r: f16[1,2], %o: f32[1,2]) {
            %r: f16[1,2] = MatMul(%a, %v)
            %r_f32: f32[1,2] = Cast(%r) {to: 1}
            %o: f32[1,2] = Exp(%r_f32)
            return %c, %r, %o } }
        %y: f32[1,2] = Cast(%y_f16) {to: 1}
        return %y, %s }
      """)
  }

  @Test func scalesOfAResizeStay() throws {
    let (graph, _) = try convert(
      """
      (%x: f32[1,1,2,2]) -> (%y: f32[1,1,4,4]) {
        %w: f32[1,1,1,1] = initializer [2]
        %s: f32[4] = initializer [1, 1, 2, 2]
        %p: f32[1,1,2,2] = Conv(%x, %w)
        %y: f32[1,1,4,4] = Resize(%p, _, %s)
        return %y }
      """)
    let resize = try #require(graph.order.first { graph[$0].op == "Resize" })
    #expect(graph.type(ofOperand: 0, of: resize)?.dataType == .float16)
    #expect(graph.type(ofOperand: 2, of: resize)?.dataType == .float32)
  }

  @Test(arguments: [
    ("-3.4028235e+38", "Add", "-16376"), ("-3.4028235e+38", "Max", "-65504"), ("-1e9", "Add", "-16376"),
  ])
  func masksBecomeFinite(mask: String, op: String, expected: String) throws {
    let (graph, report) = try convert(
      """
      (%c: bool[2], %x: f32[2,2]) -> (%y: f32[2,2]) {
        %m: f32[] = initializer [\(mask)]
        %z: f32[] = initializer [0]
        %w: f32[2,2] = initializer [1, 2, 3, 4]
        %k: f32[2] = Where(%c, %z, %m)
        %p: f32[2,2] = MatMul(%x, %w)
        %a: f32[2,2] = \(op)(%p, %k)
        %y: f32[2,2] = Softmax(%a)
        return %y }
      """)
    let value = try #require(graph.value(named: "m"))
    #expect(graph[value].constant?.floats == [try #require(Float(expected))])
    #expect(report.losses.contains { $0.hasPrefix("1 mask values became") })
  }

  @Test(arguments: [
    ("%a: f32[2] = Add(%x, %k)", "1e-12", "its constant 'k' of 1e-12 is below f16's normal numbers"),
    ("%a: f32[2] = Add(%x, %k)", "1e6", "its constant 'k' reaches 1000000.0, beyond f16's 65504.0"),
    ("%a: f32[2] = Div(%x, %k)", "1e9", "its constant 'k' is beyond f16's range, and not as a mask"),
    ("%a: f32[2] = Mul(%x, %k)", "1e9", "its constant 'k' is beyond f16's range, and not as a mask"),
  ])
  func constantsThatDoNotFitKeepTheirNode(node: String, constant: String, reason: String) throws {
    let (graph, report) = try convert(
      "(%x: f32[2]) -> (%y: f32[2]) { %k: f32[] = initializer [\(constant)] \(node) %y: f32[2] = Tanh(%a) return %y }")
    #expect(report.decisions[0].outcome == "float32: " + reason)
    let value = try #require(graph.value(named: "k"))
    #expect(graph[value].type.dataType == .float32)
  }

  @Test(arguments: [
    ("CumSum(%x, %i)", HalfType.float16, 11, "CumSum takes f16 from opset 14 on, and the model is at 11"),
    ("Tan(%x)", .bfloat16, 17, "Tan takes bf16 from opset 22 on, and the model is at 17"),
    ("Shrink(%x)", .bfloat16, 21, "Shrink takes no bf16"),
    ("ReduceSum(%x, %i)", .float16, 21, "sums and powers may be beyond f16's range; calibration (--data) decides"),
  ])
  func operatorsStayForAReason(node: String, type: HalfType, opset: Int, reason: String) throws {
    let (_, report) = try convert(
      "(%x: f32[2]) -> (%y) { %i: i64[1] = initializer [0] %y = \(node) return %y }", type, opset: opset)
    #expect(report.decisions[0].outcome == "float32: " + reason)
  }

  @Test func castsToFloatGiveHalfDirectly() throws {
    let (graph, _) = try convert(
      """
      (%x: i8[1,2]) -> (%y: f32[1,2]) {
        %w: f32[2,2] = initializer [1, 2, 3, 4]
        %f: f32[1,2] = Cast(%x) {to: 1}
        %y: f32[1,2] = MatMul(%f, %w)
        return %y }
      """)
    try expect(
      graph,
      """
      (%x: i8[1,2]) -> (%y: f32[1,2]) {
        %w: f16[2,2] = initializer [1, 2, 3, 4]
        %f_f16: f16[1,2] = Cast(%x) {to: 10}
        %y_f16: f16[1,2] = MatMul(%f_f16, %w)
        %y: f32[1,2] = Cast(%y_f16) {to: 1}
        return %y }
      """)
  }

  @Test func anglesOfPositionsStay() throws {
    let (_, report) = try convert(
      """
      (%ids: i64[1,8], %x: f32[1,8]) -> (%y: f32[1,8]) {
        %k: f32[] = initializer [0.5]
        %f: f32[1,8] = Cast(%ids) {to: 1}
        %g: f32[1,8] = Mul(%f, %k)
        %s: f32[1,8] = Sin(%g)
        %y: f32[1,8] = Add(%s, %x)
        return %y }
      """)
    let reason = "float32: it computes positions or sizes from integers, which f16 would miscount"
    #expect(outcome("Mul", report) == reason && outcome("Sin", report) == reason)
  }

  @Test func calibrationDecides() throws {
    let body = """
      (%x: f32[1,4]) -> (%y: f32[1,4]) {
        %w: f32[4,4] = initializer [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]
        %a: f32[1,4] = MatMul(%x, %w) @large
        %b: f32[1,4] = Tanh(%a)
        %e: f32[1,4] = Exp(%b)
        %y: f32[1,4] = MatMul(%e, %w) @small
        return %y }
      """
    var statistics = CalibrationStatistics(samples: 1)
    for (name, limit) in [("x", 1.0), ("a", 30_000), ("b", 1), ("e", 2.7), ("y", 30)] as [(String, Float)] {
      var seen = TensorStatistics()
      try seen.observe(Tensor([-limit, limit]), withHistogram: false)
      statistics.tensors[name] = seen
    }
    let (_, report) = try convert(body, statistics: statistics)
    #expect(
      report.decisions.map(\.outcome) == [
        "float32: 'a' reached 30000.0 in calibration, beyond a quarter of f16's 65504.0",
        "float32: 'a' reached 30000.0 in calibration, beyond a quarter of f16's 65504.0", "f16", "f16",
      ])
  }
}

extension TextForm {
  /// The text without the names of nodes.
  fileprivate static func unnamed(_ graph: Graph) -> String {
    graph.description.split(separator: "\n").map { line in
      line.split(separator: " @", maxSplits: 1).first.map { line.contains("graph @") ? line : $0 } ?? line
    }.joined(separator: "\n")
  }
}
