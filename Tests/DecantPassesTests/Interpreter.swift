import DecantIR
import DecantOps
import Testing

/// Runs a graph node by node with the reference kernels.
func interpret(_ graph: Graph, _ inputs: [String: Tensor]) throws -> [Tensor] {
  var values: [ValueID: Tensor] = [:]
  for value in graph.initializers { values[value] = graph[value].data }
  for input in graph.inputs { values[input] = inputs[graph[input].name] ?? graph[input].data }
  for id in graph.order {
    let node = graph[id]
    let definition = try #require(StandardOps().definition(of: node.op), "\(node.op)")
    let evaluate = try #require(definition.evaluate, "\(node.op)")
    let results = try evaluate(
      EvaluationContext(
        op: node.op, attributes: node.attributes, operands: node.operands.map { $0.flatMap { values[$0] } },
        wanted: node.results.map { $0 != nil }))
    for (result, tensor) in zip(node.results, results) {
      if let result { values[result] = tensor }
    }
  }
  return try graph.outputs.map { try #require(values[$0.value]) }
}

/// Expects the same types and shapes, and floats within `tolerance` of the range of the expected ones.
func expectClose(_ got: [Tensor], _ expected: [Tensor], tolerance: Float, _ comment: Comment) throws {
  try #require(got.count == expected.count)
  for (a, b) in zip(got, expected) {
    try #require(a.dataType == b.dataType && a.shape == b.shape, comment)
    let (left, right) = (try #require(a.floats), try #require(b.floats))
    let range = max(1e-3, (right.max() ?? 0) - (right.min() ?? 0), right.map(\.magnitude).max() ?? 0)
    let largest = zip(left, right).reduce(Float(0)) { max($0, ($1.0 - $1.1).magnitude) }
    #expect(largest <= tolerance * range, comment)
  }
}
