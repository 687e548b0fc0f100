import DecantForms
import DecantIR
import DecantOps
import DecantRuntime
import Testing

@testable import DecantCompression

/// Columns of activations are evened out, and biases corrected, without changing what the float model says.
@Suite struct SmoothingTests {
  private static let rows = 64
  private static let columns = 64

  /// Inputs of which one column reaches fifty times as far as the others.
  private static func inputs() -> [Float] {
    var state: UInt64 = 7
    return (0..<rows * columns).map { index in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = Float(state >> 40) / Float(1 << 23) - 1
      return index % columns == 5 ? value * 50 : value
    }
  }

  /// `y = Add(MatMul(x, w), b)`, whose weights make up for the outlier.
  private static func product() -> Graph {
    Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, Shape([rows, columns])))
      let weight = (0..<columns * 4).map { index -> Float in
        let value = Float((index * 37) % 19 - 9) / 9
        return index / 4 == 5 ? value / 50 : value
      }
      let w = rewriter.addInitializer("w", Tensor(weight, shape: [columns, 4]))
      let type = ValueType.tensor(.float32, Shape([rows, 4]))
      let product = rewriter.add("MatMul", [x, w], name: "product", type: type)
      let b = rewriter.addInitializer("b", Tensor([1, -2, 3, 0.5] as [Float]))
      rewriter.addOutput("y", rewriter.add("Add", [product, b], name: "y", type: type))
      // A second product of activations makes it a model with attention.
      let square = rewriter.add("MatMul", [x, x], name: "square", type: .tensor(.float32, Shape([rows, rows])))
      rewriter.addOutput("square", square)
    }
  }

  private static func run(_ graph: Graph) throws -> [Float] {
    let executor = try Executor(Model(graph: graph), backends: [ReferenceBackend(StandardOps())])
    return try #require(try executor.run(["x": Tensor(inputs(), shape: [rows, columns])])["y"]?.floats)
  }

  private static func learned() throws -> LayerStatistics {
    let x = Tensor(inputs(), shape: [rows, columns])
    return LayerStatistics(channels: ["x": try ChannelStatistics(x, axis: 1, sample: 0, kept: rows)])
  }

  private static func quantized(_ options: StaticQuantizationOptions) throws -> (Graph, QuantizationReport) {
    var graph = product()
    let ranges = CalibratedRanges(byName: ["x": TensorRange(-50, 50)])
    let report = try StaticQuantization.quantize(
      &graph, ranges: ranges, learned: try learned(), options: options, opset: 17)
    return (graph, report)
  }

  private static func error(_ graph: Graph) throws -> Float {
    zip(try run(graph), try run(product())).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  @Test func anOutlierIsFoundAndMadeUpFor() throws {
    var off = StaticQuantizationOptions()
    off.smoothing = .off
    let (plain, _) = try SmoothingTests.quantized(off)
    let (smooth, report) = try SmoothingTests.quantized(StaticQuantizationOptions())
    #expect(report.steps.contains { $0.step == "smooth" && $0.value == "x" && $0.outcome.hasPrefix("exponent") })
    #expect(try SmoothingTests.error(smooth) < SmoothingTests.error(plain) / 10)
  }

  @Test func productsOfTwoActivationsStayInFloatUnlessAskedFor() throws {
    let (graph, report) = try SmoothingTests.quantized(StaticQuantizationOptions())
    #expect(report.decisions.first { $0.node.contains("square") || $0.op == "MatMul" && !$0.isQuantized } != nil)
    let square = try #require(graph.value(named: "square").flatMap { graph[$0].producer })
    #expect(graph[square].operand(0) == graph.inputs.first)
    var all = StaticQuantizationOptions()
    all.includesComputedFactors = true
    #expect(
      try SmoothingTests.quantized(all).1.decisions.filter(\.isQuantized).count
        > report.decisions.filter(\.isQuantized).count)
  }

  @Test func factorsKeepTheFunction() throws {
    var graph = SmoothingTests.product()
    let x = try #require(graph.inputs.first)
    let factors = (0..<SmoothingTests.columns).map { Float($0 + 1) / 7 }
    let group = try #require(ProductGroup(x, among: Set(graph.order), in: graph))
    let how = graph.edit { group.insert(factors, nil, &$0).how }
    #expect(how == "by a Mul")
    for (got, wanted) in zip(try SmoothingTests.run(graph), try SmoothingTests.run(SmoothingTests.product())) {
      #expect(abs(got - wanted) < 1e-4)
    }
  }

  @Test func outlierColumnsTakenOutKeepTheFunction() throws {
    var graph = SmoothingTests.product()
    let x = try #require(graph.inputs.first)
    var factors = [Float](repeating: 1, count: SmoothingTests.columns)
    factors[5] = 0
    let group = try #require(ProductGroup(x, among: Set(graph.order), in: graph))
    graph.edit { rewriter in
      let outliers = OutlierColumns(group, [5], &rewriter)
      _ = group.insert(factors, nil, &rewriter)
      _ = outliers?.add(&rewriter)
    }
    for (got, wanted) in zip(try SmoothingTests.run(graph), try SmoothingTests.run(SmoothingTests.product())) {
      #expect(abs(got - wanted) < 1e-4)
    }
  }

  @Test func aCorrectedBiasGivesTheMeanOfTheFloatLayer() throws {
    let graph = SmoothingTests.product()
    let layer = try #require(graph.order.first { graph[$0].op == "MatMul" })
    guard case .success(let site) = BiasCorrection.site(layer, graph) else {
      Issue.record("no bias found")
      return
    }
    let errors = (0..<SmoothingTests.columns * 4).map { Float($0 % 5) / 1000 }
    let means = (0..<SmoothingTests.columns).map { Float($0) / 100 }
    let corrected = BiasCorrection.corrected(
      site, errors: errors, shape: [SmoothingTests.columns, 4], means: means, graph)
    guard case .success(let bias) = corrected, let values = bias.floats else {
      Issue.record("not corrected")
      return
    }
    for (output, before) in ([1, -2, 3, 0.5] as [Float]).enumerated() {
      let shift = means.indices.reduce(Float(0)) { $0 + means[$1] * errors[$1 * 4 + output] }
      #expect(abs(values[output] - before - shift) < 1e-5)
    }
    let far = BiasCorrection.corrected(
      site, errors: errors.map { $0 * 1e4 }, shape: [SmoothingTests.columns, 4], means: means, graph)
    guard case .failure = far else {
      Issue.record("a correction out of proportion was applied")
      return
    }
  }

  /// Dynamic int8 learns the same from samples, and without them nothing.
  @Test(arguments: [0, 2]) func dynamicModelsLearnToo(_ outliers: Int) throws {
    var (plain, smooth) = (SmoothingTests.product(), SmoothingTests.product())
    _ = try DynamicQuantization.quantize(&plain, options: DynamicQuantizationOptions())
    let options = DynamicQuantizationOptions(outliers: outliers)
    #expect(try DynamicQuantization.channelsToCalibrate(smooth, options: options).values.sorted() == [1])
    let report = try DynamicQuantization.quantize(&smooth, learned: try SmoothingTests.learned(), options: options)
    #expect(report.steps.contains { $0.value == "x" && $0.outcome.hasPrefix("exponent") })
    #expect(report.decisions.allSatisfy { !$0.node.contains("outlier") })
    #expect(try SmoothingTests.error(smooth) < SmoothingTests.error(plain) / 10)
  }

  @Test func partsAreMergedInOrder() throws {
    let merge = OrderedMerge([Int]()) { (total: inout [Int], part: [Int]) throws(OpError) in total += part }
    for index in [2, 0, 3, 1] { try merge.submit(index, [index]) }
    #expect(merge.total == [0, 1, 2, 3])
  }

  @Test func channelsKeepExtremesMeansAndRows() throws {
    let tensor = Tensor([1, -2, 3, 4, 5, -6] as [Float], shape: [3, 2])
    let statistics = try ChannelStatistics(tensor, axis: 1, sample: 0, kept: 8)
    #expect(statistics.low == [1, -6])
    #expect(statistics.high == [5, 4])
    #expect(statistics.means == [3, Float(-4) / 3])
    #expect(statistics.rows == [1, -2, 3, 4, 5, -6])
    let planes = try ChannelStatistics(tensor.reshaped([1, 3, 2]), axis: 1, sample: 0, kept: 8)
    #expect(planes.reaches == [2, 4, 6])
    #expect(planes.rows.isEmpty)
  }
}
