import Decant
import DecantOps

/// What inference finds in a model from the types of its inputs alone: nothing that the file declares steers it.
struct InferredTypes {
  /// The main graph, with the types that were found, in its subgraphs too.
  let graph: Graph

  /// Infers the types of `model`.
  ///
  /// - Throws: ``OpError`` that names the node.
  init(of model: Model) throws(OpError) {
    var graph = model.graph
    graph.forgetComputedTypes()
    try graph.edit { (rewriter) throws(OpError) in _ = try inferTypes(&rewriter, functions: model.functions) }
    self.graph = graph
  }

  /// The type of each value by its name; one inside a subgraph is `RESULT/ATTRIBUTE/VALUE`, after the first result of
  /// the node that holds the subgraph.
  var json: JSON {
    var types = JSONObject()
    InferredTypes.list(graph, "", &types)
    return .object(types)
  }

  private static func list(_ graph: Graph, _ prefix: String, _ types: inout JSONObject) {
    for value in graph.allValues { types[prefix + graph[value].name] = graph[value].type.json }
    for node in graph.order {
      let name = graph[node].results.lazy.compactMap { $0 }.first.map { graph[$0].name } ?? graph[node].name
      for (attribute, subgraph) in graph[node].subgraphs { list(subgraph, "\(prefix)\(name)/\(attribute)/", &types) }
    }
  }
}

extension Graph {
  /// Forgets all types but those of inputs that are not captured.
  fileprivate mutating func forgetComputedTypes(captured: Int = 0) {
    edit { rewriter in
      for input in rewriter.graph.inputs.suffix(captured) { rewriter.setType(input, .unknown) }
      for output in rewriter.graph.outputs.indices { rewriter.setDeclaredType(output: output, .unknown) }
      for node in rewriter.graph.order {
        for result in rewriter.graph[node].results.compactMap({ $0 }) { rewriter.setType(result, .unknown) }
        for (name, value) in rewriter.graph[node].attributes {
          guard case .graph(var subgraph) = value else { continue }
          subgraph.forgetComputedTypes(captured: rewriter.graph[node].captureCount)
          rewriter.setAttribute(node, name, .graph(subgraph))
        }
      }
    }
  }
}

extension ValueType {
  /// `{"element": 1, "shape": [2, "N", null]}` with ONNX's number for the element type; null where nothing is known.
  fileprivate var json: JSON {
    switch self {
    case .tensor(let type): type.json
    case .sparseTensor(let type): ["sparse": type.json]
    case .sequence(let element): ["sequence": element.json]
    case .optional(let element): ["optional": element.json]
    case .map(let key, let value): ["map": .array([.integer(Int(key.rawValue)), value.json])]
    case .opaque(let domain, let name): ["opaque": .string("\(domain).\(name)")]
    case .unknown: .null
    }
  }
}

extension TensorType {
  fileprivate var json: JSON {
    let extents = shape?.dimensions.map { extent -> JSON in
      switch extent {
      case .fixed(let number): .integer(number)
      case .symbolic(let expression): .string(expression.description)
      case .unknown: .null
      }
    }
    return [
      "element": dataType.map { .integer(Int($0.rawValue)) } ?? .null, "shape": extents.map { .array($0) } ?? .null,
    ]
  }
}
