internal import DecantIR

/// The lowest IR version that can hold what a model has: its element types, functions and metadata.
struct FormatNeeds {
  /// That version; 0 when any will do.
  private(set) var irVersion = 0

  init(_ model: Model) {
    if !model.functions.isEmpty { need(8) }
    for function in model.functions {
      if !function.overload.isEmpty { need(10) }
      if !function.defaults.isEmpty { need(9) }
      visit(function.graph)
    }
    visit(model.graph)
  }

  private mutating func need(_ version: Int) { irVersion = max(irVersion, version) }

  private mutating func visit(_ graph: Graph) {
    if !(graph.annotations?.properties.isEmpty ?? true) { need(10) }
    for id in graph.allValues {
      if let data = graph[id].data { need(data.dataType) }
      visit(graph[id].type)
    }
    for id in graph.order {
      let node = graph[id]
      if SparseInitializer.isMarked(node) { need(6) }
      guard !node.attributes.isEmpty else { continue }
      for attribute in node.attributes { visit(attribute.value) }
    }
  }

  private mutating func visit(_ attribute: Attribute) {
    switch attribute {
    case .tensor(let tensor): need(tensor.dataType)
    case .tensors(let tensors): for tensor in tensors { need(tensor.dataType) }
    case .sparse(let sparse): need(sparse.values.dataType)
    case .graph(let graph): visit(graph)
    case .graphs(let graphs): for graph in graphs { visit(graph) }
    default: break
    }
  }

  private mutating func visit(_ type: ValueType) {
    switch type {
    case .tensor(let tensor), .sparseTensor(let tensor): if let element = tensor.dataType { need(element) }
    case .optional: need(8)
    default: break
    }
  }

  private mutating func need(_ type: DataType) {
    switch type {
    case .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ: need(9)
    case .int4, .uint4: need(10)
    case .float4E2M1: need(11)
    case .float8E8M0: need(12)
    case .int2, .uint2: need(13)
    case .bfloat16: need(4)
    default: break
    }
  }
}
