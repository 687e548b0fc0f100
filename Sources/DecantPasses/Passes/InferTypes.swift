public import DecantBytes
public import DecantIR
public import DecantOps

/// Infers element types and shapes of all values, subgraphs included, from the inputs on.
///
/// Shapes that the caller gives for inputs replace the declared ones. A symbol that an input thereby loses stands for the
/// same number everywhere: giving `ids=1x128` for `ids: i64[N,S]` makes `mask: i64[N,S]` a `mask: i64[1,128]` too.
public struct InferTypes: Pass {
  public static let name = "infer-types"
  public static let summary = "infer element types and shapes of all values"

  /// The pass.
  public init() {}

  public func run(on model: inout Model, _ context: PassContext) throws -> PassResult {
    var result = PassResult(pass: Self.name)
    let shapes = try boundShapes(of: model.graph, context)
    let before = knownTypes(in: model.graph)
    let functions = model.functions
    let inference: TypeInference
    do throws(OpError) {
      inference = try model.graph.edit { (rewriter) throws(OpError) in
        try inferTypes(&rewriter, catalog: context.catalog, functions: functions, inputShapes: shapes)
      }
    } catch {
      throw DecantError(error)
    }
    for conflict in inference.conflicts {
      context.reporter.warn("the source declares another shape than its nodes compute: \(conflict)")
    }
    for op in inference.unknownOperators.sorted() {
      context.reporter.note("operator '\(op)' is not known: its results keep the types that the source declares")
    }
    declareOutputs(of: &model.graph, isFixed: !shapes.isEmpty)
    let after = knownTypes(in: model.graph)
    result.applied(Self.name, count: after.filter { before[$0.key] != $0.value }.count)
    return result
  }

  private func knownTypes(in graph: Graph) -> [ValueID: ValueType] {
    Dictionary(graph.allValues.map { ($0, graph[$0].type) }, uniquingKeysWith: { first, _ in first })
  }
}
