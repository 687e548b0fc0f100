internal import DecantBytes
internal import DecantIR
internal import DecantWire

/// Turns graphs into graph messages. Subgraphs are opened again: captured values are read by their outer names.
struct GraphEncoder {
  private let isFunction: Bool
  private let listsInitializers: Bool

  /// Functions have no initializers: constants become nodes there. Before IR version 4 initializers are inputs, too.
  init(isFunction: Bool = false, listsInitializers: Bool = false) {
    self.isFunction = isFunction
    self.listsInitializers = listsInitializers
  }

  func encode(_ graph: Graph, _ plan: inout ExternalDataPlan?) throws(DecantError) -> GraphProto {
    var outer: Set<String> = []
    return try encode(graph, captured: [], &outer, &plan)
  }

  /// The message of a graph whose last inputs stand for the names `captured`; `outer` are the names around it.
  private func encode(
    _ graph: Graph, captured: [String], _ outer: inout Set<String>, _ plan: inout ExternalDataPlan?
  ) throws(DecantError) -> GraphProto {
    let names = WrittenNames(graph, captured: captured, outer: outer)
    var proto = GraphProto()
    proto.name = graph.name
    proto.docString = graph.annotations?.docString
    proto.metadata = graph.annotations?.entries ?? []
    proto.unknown = graph.annotations?.unknown ?? []
    var visible: [String] = []
    for id in graph.inputs.dropLast(captured.count) {
      proto.input.append(TypeEncoder.info(names[id], graph[id].type, graph[id].annotations))
      visible.append(names[id])
      guard let data = graph[id].data else { continue }
      proto.initializer.append(try TensorEncoder.encode(data, name: names[id], &plan))
    }
    for id in graph.initializers {
      visible.append(names[id])
      try encode(initializer: id, of: graph, as: names[id], &proto, &plan)
    }
    for name in visible { outer.insert(name) }
    for id in graph.order {
      try encode(node: id, of: graph, names, &outer, &proto, &plan)
      for result in graph[id].results {
        guard let result else { continue }
        visible.append(names[result])
        outer.insert(names[result])
      }
    }
    addOutputs(of: graph, names, &proto)
    for name in visible { outer.remove(name) }
    return proto
  }

  private func encode(
    initializer id: ValueID, of graph: Graph, as name: String, _ proto: inout GraphProto,
    _ plan: inout ExternalDataPlan?
  ) throws(DecantError) {
    guard let data = graph[id].data else {
      throw DecantError(.internal, "the initializer '\(name)' has no data")
    }
    guard !isFunction else {
      var node = NodeProto()
      node.opType = "Constant"
      node.output = [name]
      node.attribute = [
        try AttributeEncoder(place: name).encode("value", .tensor(data), &plan) {
          (_: Graph, _: inout ExternalDataPlan?) throws(DecantError) in GraphProto()
        }
      ]
      proto.node.append(node)
      return
    }
    var tensor = try TensorEncoder.encode(data, name: name, &plan)
    if let annotations = graph[id].annotations {
      tensor.docString = annotations.docString
      tensor.metadata = annotations.entries
      tensor.unknown = annotations.unknown
    }
    proto.initializer.append(tensor)
    if listsInitializers { proto.input.append(TypeEncoder.info(name, data.type, nil)) }
  }

  private func encode(
    node id: NodeID, of graph: Graph, _ names: WrittenNames, _ outer: inout Set<String>, _ proto: inout GraphProto,
    _ plan: inout ExternalDataPlan?
  ) throws(DecantError) {
    let node = graph[id]
    if SparseInitializer.isMarked(node), case .sparse(let value)? = node.attributes["sparse_value"],
      let result = node.result(0)
    {
      proto.sparseInitializer.append(try TensorEncoder.encode(value, name: names[result], &plan))
      return
    }
    var written = NodeProto()
    written.opType = node.op.type
    written.domain = node.op.domain.isEmpty ? nil : node.op.domain
    written.overload = node.overload.isEmpty ? nil : node.overload
    written.name = node.name.isEmpty ? nil : node.name
    written.input = node.declaredOperands.map { $0.map { names[$0] } ?? "" }
    written.output = node.results.map { $0.map { names[$0] } ?? "" }
    written.docString = node.annotations?.docString
    written.unknown = node.annotations?.unknown ?? []
    let captured = node.operands.suffix(node.captureCount).map { $0.map { names[$0] } ?? "" }
    let encoder = AttributeEncoder(place: node.name)
    var notes = documentation(of: node, &written)
    for (name, value) in node.attributes {
      do throws(DecantError) {
        var attribute = try encoder.encode(name, value, &plan) { (inner, plan) throws(DecantError) in
          try encode(inner, captured: captured, &outer, &plan)
        }
        attribute.docString = notes.removeValue(forKey: name)
        written.attribute.append(attribute)
      } catch {
        throw error.within("node '\(node.name)' (\(node.op))")
      }
    }
    proto.node.append(written)
    addTypes(of: node, in: graph, names, &proto)
  }

  /// Splits a node's properties into its own and the doc strings of its attributes.
  private func documentation(of node: Node, _ written: inout NodeProto) -> [String: String] {
    var notes: [String: String] = [:]
    for entry in node.annotations?.entries ?? [] {
      if let key = entry.key, key.hasPrefix(AttributeEncoder.documentationKey) {
        notes[String(key.dropFirst(AttributeEncoder.documentationKey.count))] = entry.value
      } else {
        written.metadata.append(entry)
      }
    }
    return notes
  }

  private func addTypes(of node: Node, in graph: Graph, _ names: WrittenNames, _ proto: inout GraphProto) {
    for result in node.results {
      guard let result, !names.isOutput(result) else { continue }
      let value = graph[result]
      let isTyped = value.type != .unknown && !(value.type.tensor.map { $0.dataType == nil } ?? false)
      guard isTyped || value.annotations != nil else { continue }
      proto.valueInfo.append(TypeEncoder.info(names[result], isTyped ? value.type : .unknown, value.annotations))
    }
  }

  /// Lists the outputs; one whose value bears another name gets an `Identity` of its own.
  private func addOutputs(of graph: Graph, _ names: WrittenNames, _ proto: inout GraphProto) {
    for (index, output) in graph.outputs.enumerated() {
      let name = names.outputs[index]
      if names[output.value] != name {
        var identity = NodeProto()
        identity.opType = "Identity"
        identity.input = [names[output.value]]
        identity.output = [name]
        proto.node.append(identity)
      }
      proto.output.append(TypeEncoder.info(name, output.declaredType, output.annotations))
    }
  }
}
