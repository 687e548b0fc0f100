internal import DecantBytes
internal import DecantIR

/// What is done with each tensor of a model: it is replaced by what comes back, and left alone for nil.
typealias TensorReplacement = (_ tensor: Tensor, _ name: String) throws(DecantError) -> Tensor?

extension Model {
  /// Shows every tensor to `replace`, always in the same order: data of the main graph, then of the functions.
  mutating func replaceTensors(_ replace: TensorReplacement) throws(DecantError) {
    try graph.replaceTensors(under: "", replace)
    for index in functions.indices {
      let name = "\(functions[index].name)/"
      try functions[index].graph.replaceTensors(under: name, replace)
      for (key, value) in functions[index].defaults {
        guard let changed = try value.replacingTensors(named: name + key, replace) else { continue }
        functions[index].defaults[key] = changed
      }
    }
  }
}

extension Graph {
  fileprivate mutating func replaceTensors(
    under prefix: String, _ replace: TensorReplacement
  ) throws(DecantError) {
    try edit { (rewriter: inout Rewriter) throws(DecantError) in
      for id in rewriter.graph.allValues {
        guard let data = rewriter.graph[id].data else { continue }
        guard let changed = try replace(data, prefix + rewriter.graph[id].name) else { continue }
        let type = rewriter.graph[id].type
        rewriter.setData(id, changed)
        rewriter.setType(id, type)
      }
      for id in rewriter.graph.order {
        let name = prefix + rewriter.graph[id].name
        for (key, value) in rewriter.graph[id].attributes {
          guard let changed = try value.replacingTensors(named: "\(name)/\(key)", replace) else { continue }
          rewriter.setAttribute(id, key, changed)
        }
      }
    }
  }
}

extension Attribute {
  /// The attribute with its tensors replaced; nil when none was.
  fileprivate func replacingTensors(
    named name: String, _ replace: TensorReplacement
  ) throws(DecantError) -> Attribute? {
    switch self {
    case .tensor(let tensor): return try replace(tensor, name).map(Attribute.tensor)
    case .tensors(let tensors):
      return try Attribute.replacing(tensors, named: name, replace).map(Attribute.tensors)
    case .sparse(let sparse): return try sparse.replacingTensors(named: name, replace).map(Attribute.sparse)
    case .sparses(let all):
      var changed = all
      for index in all.indices {
        if let sparse = try all[index].replacingTensors(named: "\(name)/\(index)", replace) { changed[index] = sparse }
      }
      return changed == all ? nil : .sparses(changed)
    case .graph(var graph):
      try graph.replaceTensors(under: name + "/", replace)
      return .graph(graph)
    case .graphs(var graphs):
      for index in graphs.indices { try graphs[index].replaceTensors(under: "\(name)/\(index)/", replace) }
      return .graphs(graphs)
    default: return nil
    }
  }

  private static func replacing(
    _ tensors: [Tensor], named name: String, _ replace: TensorReplacement
  ) throws(DecantError) -> [Tensor]? {
    var changed: [Tensor]?
    for (index, tensor) in tensors.enumerated() {
      guard let new = try replace(tensor, "\(name)/\(index)") else { continue }
      changed = changed ?? tensors
      changed?[index] = new
    }
    return changed
  }
}

extension SparseTensor {
  fileprivate func replacingTensors(
    named name: String, _ replace: TensorReplacement
  ) throws(DecantError) -> SparseTensor? {
    let (values, indices) = (try replace(values, name + "/values"), try replace(indices, name + "/indices"))
    guard values != nil || indices != nil else { return nil }
    return SparseTensor(values: values ?? self.values, indices: indices ?? self.indices, shape: shape)
  }
}
