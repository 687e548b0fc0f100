internal import DecantBytes
public import DecantIR
internal import DecantOps

/// Infers element types and shapes of all values, subgraphs included, from the inputs on.
///
/// Shapes that the caller gives for inputs replace the declared ones. A symbol that an input thereby loses stands for the
/// same number everywhere: giving `ids=1x128` for `ids: i64[N,S]` makes `mask: i64[N,S]` a `mask: i64[1,128]` too.
public struct InferTypes: Pass {
  /// The name that users write.
  public static let name = "infer-types"
  /// One line for help.
  public static let summary = "infer element types and shapes of all values"

  /// The pass.
  public init() {}

  /// Runs on the main graph and its subgraphs.
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

extension InferTypes {
  /// The shapes of all inputs that the caller's shapes decide: those given, and those that share a symbol with them.
  private func boundShapes(of graph: Graph, _ context: PassContext) throws(DecantError) -> [String: Shape] {
    var shapes = context.inputShapes
    guard !shapes.isEmpty else { return [:] }
    let names = graph.inputs.map { graph[$0].name }
    var bindings: [String: Dimension] = [:]
    for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
      guard let input = graph.value(named: name), graph[input].isInput else {
        throw DecantError(
          .usage, "expected the name of an input (\(names.joined(separator: ", "))), got '\(name)'",
          note: NearestNames.note(name, among: names))
      }
      guard let declared = graph[input].type.shape else { continue }
      guard declared.rank == shape.rank else {
        throw DecantError(.usage, "expected a shape of rank \(declared.rank) for input '\(name)', got \(shape)")
      }
      for case (.symbolic(let expression), let extent) in zip(declared.dimensions, shape.dimensions) {
        guard let symbol = expression.symbol, extent.fixed != nil else { continue }
        if let bound = bindings[symbol], bound != extent {
          throw DecantError(
            .usage, "expected one extent for '\(symbol)' in the shapes given, got \(bound) and \(extent)")
        }
        bindings[symbol] = extent
      }
    }
    for (name, input) in zip(names, graph.inputs) where shapes[name] == nil {
      guard let declared = graph[input].type.shape else { continue }
      let bound = Shape(declared.dimensions.map { $0.substituting(bindings) })
      if bound != declared { shapes[name] = bound }
    }
    return shapes
  }

  /// Declares for outputs what was inferred: only what the source left open, unless `isFixed` says that the caller's
  /// shapes overrule it.
  private func declareOutputs(of graph: inout Graph, isFixed: Bool) {
    graph.edit { rewriter in
      for (index, output) in rewriter.graph.outputs.enumerated() {
        let inferred = rewriter.graph[output.value].type
        if isFixed, inferred != .unknown {
          rewriter.setDeclaredType(output: index, inferred)
        } else if output.declaredType == .unknown {
          rewriter.setDeclaredType(output: index, inferred)
        }
      }
    }
  }
}

extension Dimension {
  /// The dimension with `bindings` in the place of symbols.
  fileprivate func substituting(_ bindings: [String: Dimension]) -> Dimension {
    guard case .symbolic(let expression) = self else { return self }
    return expression.terms.reduce(.fixed(expression.constant)) { sum, term in
      sum + term.symbols.reduce(.fixed(term.coefficient)) { $0 * (bindings[$1] ?? .symbol($1)) }
    }
  }
}
