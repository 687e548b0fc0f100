import DecantIR
import DecantOps
import Testing

import DecantPasses

/// What holds for every pass and every pipeline, on generated graphs.
@Suite struct EveryPassTests {
  static let seeds = Array(UInt64(1)...40)

  private func input(_ seed: UInt64) -> [String: Tensor] {
    var random = SplitMix(state: seed &* 977)
    let count = RandomGraph.batch * 4 * 6 * 6
    let values = (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
    return ["x": Tensor(values, shape: [RandomGraph.batch, 4, 6, 6])]
  }

  private func check(_ pipeline: Pipeline, _ seed: UInt64) throws {
    var model = Model(graph: RandomGraph.make(seed: seed))
    // Types first, as readers leave them.
    _ = try Pipeline("types", "", [InferTypes()]).run(on: &model)
    let before = model.graph
    let results = try pipeline.run(on: &model)
    let comment: Comment = "\(pipeline.name), seed \(seed)\n\(before)\nbecame\n\(model.graph)"
    #expect(Verifier.problem(in: model.graph) == nil, comment)
    #expect(model.graph.inputs.map { model.graph[$0].name } == before.inputs.map { before[$0].name }, comment)
    #expect(model.graph.inputs.map { model.graph[$0].type } == before.inputs.map { before[$0].type }, comment)
    #expect(model.graph.outputs.map(\.name) == before.outputs.map(\.name), comment)
    #expect(model.graph.outputs.map(\.declaredType) == before.outputs.map(\.declaredType), comment)
    #expect(results.map(\.pass) == pipeline.passes.map(\.name))
    #expect(model.graph.nodeCount <= before.nodeCount, comment)
    let expected = try interpret(before, input(seed))
    try expectClose(try interpret(model.graph, input(seed)), expected, tolerance: 1e-5, comment)
    let once = model.graph
    let again = try pipeline.run(on: &model)
    #expect(again.allSatisfy { !$0.changed } && model.graph == once, "not idempotent: \(again)\n\(comment)")
  }

  @Test(arguments: PassCatalog.passes.map(\.name), seeds)
  func passKeepsTheModel(_ pass: String, _ seed: UInt64) throws { try check(try Pipeline(parsing: pass), seed) }

  @Test(arguments: PassCatalog.pipelines.map(\.name), seeds)
  func pipelineKeepsTheModel(_ pipeline: String, _ seed: UInt64) throws {
    try check(try Pipeline(parsing: pipeline), seed)
  }
}
