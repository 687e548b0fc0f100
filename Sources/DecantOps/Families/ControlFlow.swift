internal import DecantIR

/// Branches and loops over subgraphs.
///
/// Subgraphs are closed: what they read from outside are captured values, which whoever runs or infers a node adds behind
/// the inputs that stand here.
enum ControlFlow {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "If",
      schema: OpSchema(
        since: 1, operands: [.init("cond")], results: [.init("outputs", .variadic(minimum: 1))],
        attributes: [.init("else_branch", .graph, isRequired: true), .init("then_branch", .graph, isRequired: true)]),
      infer: BranchInference.infer, evaluateValues: BranchKernel.evaluate),
    OpDefinition(
      "Loop",
      schema: OpSchema(
        since: 1,
        operands: [.init("M", .optional), .init("cond", .optional), .init("v_initial", .variadic(minimum: 0))],
        results: [.init("v_final_and_scan_outputs", .variadic(minimum: 1))],
        attributes: [.init("body", .graph, isRequired: true)]),
      infer: LoopInference.infer, evaluateValues: LoopKernel.evaluate),
    OpDefinition(
      "Scan",
      schema: OpSchema(
        since: 8, operands: [.init("initial_state_and_scan_inputs", .variadic(minimum: 1))],
        results: [.init("final_state_and_scan_outputs", .variadic(minimum: 1))],
        attributes: [
          .init("body", .graph, isRequired: true), .init("num_scan_inputs", .int, isRequired: true),
          .init("scan_input_axes", .ints), .init("scan_input_directions", .ints), .init("scan_output_axes", .ints),
          .init("scan_output_directions", .ints),
        ]),
      infer: ScanInference.infer, evaluateValues: ScanKernel.evaluate),
  ]

  /// The subgraph `name`.
  ///
  /// - Throws: ``OpError`` when it is missing.
  static func graph(_ attributes: Attributes, _ name: String) throws(OpError) -> Graph {
    guard let graph = attributes.graph(name) else { throw OpError("attribute '\(name)' is missing") }
    return graph
  }
}
