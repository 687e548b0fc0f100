public import DecantIR

/// Infers the types of all values of a graph.
///
/// - Parameters:
///   - inputShapes: shapes that inputs take by name, in place of the declared ones; declared shapes of inner values are
///     then forgotten, for they may speak of the old ones.
/// - Returns: the inference, for its conflicts and unknown operators, and to infer single nodes later.
/// - Throws: ``OpError`` that names the node, or the input whose new shape contradicts its rank or a fixed extent.
@discardableResult
public func inferTypes(
  _ rewriter: inout Rewriter, catalog: any OpCatalog = StandardOps(), functions: [Function] = [],
  inputShapes: [String: Shape] = [:]
) throws(OpError) -> TypeInference {
  for (name, shape) in inputShapes.sorted(by: { $0.key < $1.key }) {
    guard let input = rewriter.graph.value(named: name), rewriter.graph[input].isInput else {
      let names = rewriter.graph.inputs.map { rewriter.graph[$0].name }.joined(separator: ", ")
      throw OpError("expected the name of an input (\(names)), got '\(name)'")
    }
    let declared = rewriter.graph[input].type
    if let rank = declared.shape?.rank, rank != shape.rank {
      throw OpError("the input '\(name)' is declared \(declared), got \(shape)")
    }
    rewriter.setType(input, .tensor(TensorType(declared.dataType, shape)))
  }
  if !inputShapes.isEmpty { forgetShapes(&rewriter) }
  var inference = TypeInference(catalog: catalog, functions: functions)
  try inference.inferAll(&rewriter)
  return inference
}

/// Keeps only the element types of computed values, in subgraphs too.
private func forgetShapes(_ rewriter: inout Rewriter) {
  for node in rewriter.graph.order {
    for result in rewriter.graph[node].results {
      guard let result, let type = rewriter.graph[result].type.tensor else { continue }
      rewriter.setType(result, .tensor(TensorType(type.dataType, nil)))
    }
    for (name, value) in rewriter.graph[node].attributes {
      guard case .graph(var subgraph) = value else { continue }
      subgraph.edit { inner in
        for input in inner.graph.inputs {
          guard let type = inner.graph[input].type.tensor else { continue }
          inner.setType(input, .tensor(TensorType(type.dataType, nil)))
        }
        forgetShapes(&inner)
      }
      rewriter.setAttribute(node, name, .graph(subgraph))
    }
  }
}
