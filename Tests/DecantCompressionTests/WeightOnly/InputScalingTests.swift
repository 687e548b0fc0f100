import DecantForms
import DecantIR
import DecantOps
import DecantRuntime
import Testing

@testable import DecantCompression

/// Inputs are scaled and weights make up for it: the float function stays, and rounding costs less.
@Suite struct InputScalingTests {
  private static let (rows, columns) = (48, 64)

  /// Inputs of which one in sixteen reaches thirty times as far.
  private static let x: Matrix = {
    var x = LinearAlgebraTests.matrix(rows, columns, seed: 31)
    for row in 0..<rows { for column in stride(from: 5, to: columns, by: 16) { x[row, column] *= 30 } }
    return x
  }()

  private static func products(_ x: Matrix) -> InputProducts {
    let products = InputProducts(count: x.columns)
    products.add(x, threads: 1)
    return products
  }

  private static func weight(_ rows: Int, _ columns: Int, seed: UInt64) -> Tensor {
    Tensor(LinearAlgebraTests.noise(rows * columns, seed: seed), shape: [rows, columns])
  }

  private static func run(_ graph: Graph, _ name: String = "y") throws -> [Float] {
    let executor = try Executor(Model(graph: graph), backends: [ReferenceBackend(StandardOps())])
    return try #require(try executor.run(["x": Tensor(x.elements, shape: [rows, columns])])[name]?.floats)
  }

  private static func expectNear(_ found: [Float], _ wanted: [Float]) {
    let most = wanted.reduce(0) { max($0, abs($1)) }
    #expect(zip(found, wanted).allSatisfy { abs($0 - $1) <= 2e-5 * most })
  }

  @Test func factorsByValue() {
    let plain = ScaleSearch.factors([1, 4], [1, 16], 0.5, countsWeights: false)
    Self.expectNear(plain, [0.70710678, 1.41421356])
    let both = ScaleSearch.factors([1, 4], [1, 16], 0.5, countsWeights: true)
    Self.expectNear(both, [1.41421356, 0.70710678])
  }

  @Test(arguments: [2, 3, 4]) func theBestIsBetterThanNone(_ bits: Int) throws {
    let matrix = try WeightMatrix(Self.weight(Self.columns, 24, seed: 8), isInputsFirst: true)
    let format = try BlockFormat(bits: bits, blockSize: 16, isSymmetric: false)
    let search = ScaleSearch(
      products: Self.products(Self.x).matrix, weights: [.init(panel: matrix.panel(0..<24), format: format)])
    let best = try #require(search.best())
    #expect(best.share < 0.7)
    #expect(best.factors[5] > 2 * best.factors[6])
    #expect(ScaleSearch(products: Matrix(rows: 64, columns: 64), weights: search.weights).best() == nil)
  }

  @Test func productsOfScaledInputs() {
    let factors = (0..<Self.columns).map { Float($0 % 7 + 1) }
    var scaled = Self.x
    for index in scaled.elements.indices { scaled.elements[index] *= factors[index % Self.columns] }
    Self.expectNear(
      Self.products(Self.x).scaled(by: factors).matrix.elements, Self.products(scaled).matrix.elements)
  }

  /// `y = x' w1`, `z = x' w2` with `x'` either a normalization of x, or x times a row, or x itself.
  private static func network(_ kind: String, hasOtherReader: Bool = false) -> Graph {
    Graph.build(name: "main") { graph in
      let type = ValueType.tensor(.float32, Shape([rows, columns]))
      let x = graph.addInput("x", type)
      var input = x
      let row = graph.addInitializer("row", Tensor((0..<columns).map { Float($0 % 5 + 1) }))
      if kind == "norm" {
        let shift = graph.addInitializer("shift", Tensor((0..<columns).map { Float($0 % 3) }))
        input = graph.add("LayerNormalization", [x, row, shift], ["axis": .int(-1)], name: "n", type: type)
      } else if kind == "row" {
        input = graph.add("Mul", [x, row], name: "n", type: type)
      } else if kind == "relu" {
        let w = graph.addInitializer("w0", weight(columns, columns, seed: 4))
        let h = graph.add("MatMul", [x, w], name: "h", type: type)
        let sum = graph.add("Add", [h, row], name: "s", type: type)
        input = graph.add("Relu", [sum], name: "n", type: type)
      } else if kind == "gate" {
        let half = graph.addInitializer("half", Tensor(scalar: Float(0.5)))
        input = graph.add("Mul", [x, half], name: "n", type: type)
      }
      for (index, name) in ["y", "z"].enumerated() {
        let w = graph.addInitializer("w\(index + 1)", weight(columns, 32, seed: UInt64(index + 50)))
        let result = graph.add("MatMul", [input, w], name: name, type: .tensor(.float32, Shape([rows, 32])))
        graph.addOutput(name, result)
      }
      if hasOtherReader { graph.addOutput("other", input) }
    }
  }

  @Test(arguments: [
    ("norm", "the normalization before it"), ("row", "the factor before it"), ("relu", "the product before it"),
  ])
  func factorsAreFoldedWhereThatIsExact(_ kind: String, _ name: String) throws {
    var graph = Self.network(kind)
    let group = try #require(Self.group(graph))
    let folding = try #require(group.folding(.chain, in: graph))
    #expect(folding.name == name)
    #expect((group.folding(.producer, in: graph) == nil) == (kind == "relu"))
    let (before, factors) = (try Self.run(graph), (0..<Self.columns).map { Float($0 % 9 + 1) / 3 })
    let how = graph.edit { group.insert(factors, folding, &$0).how }
    #expect(how == "folded into \(name)")
    Self.expectNear(try Self.run(graph), before)
    // Where another reader sees the activation, or a single number stands before it, a Mul is put in.
    let other = Self.network(kind, hasOtherReader: true)
    #expect(try #require(Self.group(other)).folding(.chain, in: other) == nil)
  }

  @Test(arguments: ["input", "gate"]) func elseAMulIsPutIn(_ kind: String) throws {
    var graph = Self.network(kind)
    let group = try #require(Self.group(graph))
    #expect(group.folding(.chain, in: graph) == nil)
    let before = try Self.run(graph, "z")
    let how = graph.edit { group.insert((0..<Self.columns).map { Float($0 + 1) / 7 }, nil, &$0).how }
    #expect(how == "by a Mul")
    Self.expectNear(try Self.run(graph, "z"), before)
  }

  private static func group(_ graph: Graph) -> ProductGroup? {
    let products = graph.order.filter { ["y", "z"].contains(graph[graph[$0].result(0) ?? graph.inputs[0]].name) }
    return products.first.flatMap { graph[$0].operand(0) }.flatMap { ProductGroup($0, among: Set(products), in: graph) }
  }

  /// Factors of what a projection reads go through heads of attention into the values that are mixed.
  @Test func factorsGoThroughHeadsOfAttention() throws {
    func type(_ extents: [Int]) -> ValueType { .tensor(.float32, Shape(extents)) }
    var graph = Graph.build(name: "main") { graph in
      let x = graph.addInput("x", type([Self.rows, Self.columns]))
      let heads = graph.addInitializer("heads", Tensor([1, 48, 4, 16] as [Int64]))
      let flat = graph.addInitializer("flat", Tensor([1, 48, 64] as [Int64]))
      let v = graph.add(
        "MatMul", [x, graph.addInitializer("wv", Self.weight(64, 64, seed: 2))], name: "v", type: type([48, 64]))
      let b = graph.addInitializer("b", Tensor((0..<64).map { Float($0) / 8 }))
      let sum = graph.add("Add", [b, v], name: "vb", type: type([48, 64]))
      let split = graph.add("Reshape", [sum, heads], name: "split", type: type([1, 48, 4, 16]))
      let turned = graph.add(
        "Transpose", [split], ["perm": .ints([0, 2, 1, 3])], name: "turned", type: type([1, 4, 48, 16]))
      let scores = graph.addInitializer(
        "scores", Tensor(LinearAlgebraTests.noise(4 * 48 * 48, seed: 6), shape: [1, 4, 48, 48]))
      let mixed = graph.add("MatMul", [scores, turned], name: "mixed", type: type([1, 4, 48, 16]))
      let back = graph.add(
        "Transpose", [mixed], ["perm": .ints([0, 2, 1, 3])], name: "back", type: type([1, 48, 4, 16]))
      let joined = graph.add("Reshape", [back, flat], name: "joined", type: type([1, 48, 64]))
      let y = graph.add(
        "MatMul", [joined, graph.addInitializer("wo", Self.weight(64, 32, seed: 3))], name: "y",
        type: type([1, 48, 32]))
      graph.addOutput("y", y)
    }
    let group = try #require(Self.group(graph))
    let folding = try #require(group.folding(.chain, in: graph))
    #expect(folding.places.map(\.layout) == [.vector, .columns])
    let before = try Self.run(graph)
    _ = graph.edit { group.insert((0..<64).map { Float($0 % 11 + 1) / 5 }, folding, &$0) }
    Self.expectNear(try Self.run(graph), before)
  }

  @Test(arguments: WeightOnlyOptions.Form.allCases) func scaledProductsAreNearer(_ form: WeightOnlyOptions.Form) throws
  {
    let format = try BlockFormat(bits: 3, blockSize: 16, isSymmetric: false)
    func quantized(_ name: String) throws -> (graph: Graph, report: QuantizationReport) {
      let algorithm = try #require(WeightAlgorithm.named(name))
      var graph = Self.network("input")
      let x = try #require(graph.inputs.first)
      let report = try WeightOnlyQuantization.quantize(
        &graph, WeightOnlyOptions(format, algorithm: algorithm, form: form).scheme(),
        products: [x: Self.products(Self.x)], threads: 1)
      #expect(FormConversion.convert(&graph, to: .float).left.isEmpty)
      return (graph, report)
    }
    let float = try Self.run(Self.network("input"))
    func error(_ graph: Graph) throws -> Float {
      zip(try Self.run(graph), float).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    let (scaled, searched) = (try quantized("awq"), try quantized("seqmse"))
    #expect(try error(scaled.graph) < 0.8 * error(searched.graph))
    #expect(scaled.report.steps.map(\.step) == ["scale"] && scaled.report.weights == 2)
    #expect(scaled.report.steps[0].outcome.hasPrefix("exponent") && scaled.report.steps[0].outcome.contains("by a Mul"))
    #expect(searched.report.steps.isEmpty)
  }
}
