internal import DecantIR

/// Turns a call of a model-local function into a plan of the function's body.
enum FunctionCall {
  /// The plan of the function that `node` calls; nil when it calls an operator.
  ///
  /// - Throws: ``OpError`` for calls that recur and attributes that are missing.
  static func body(of node: Node, _ environment: PlanEnvironment) throws(OpError) -> ExecutionPlan? {
    guard let function = function(called: node, environment) else { return nil }
    guard !environment.calls.contains(node.op) else {
      let chain = (environment.calls + [node.op]).map(\.description).joined(separator: " → ")
      throw OpError("the function calls itself: \(chain)")
    }
    guard node.operands.count <= function.graph.inputs.count else {
      throw OpError("expected at most \(function.graph.inputs.count) operands, got \(node.operands.count)")
    }
    guard node.results.count <= function.graph.outputs.count else {
      throw OpError("expected at most \(function.graph.outputs.count) results, got \(node.results.count)")
    }
    for name in function.attributes where node.attributes[name] == nil {
      throw OpError("attribute '\(name)' is missing")
    }
    var given = function.defaults
    for (name, value) in node.attributes { given[name] = value }
    var inner = environment
    inner.calls.append(node.op)
    return try ExecutionPlan(function.graph.binding(given), inner)
  }

  /// The function that `node` calls; nil when it calls an operator.
  static func function(called node: Node, _ environment: PlanEnvironment) -> Function? {
    environment.functions.first { $0.name == node.op && $0.overload == node.overload }
  }
}
