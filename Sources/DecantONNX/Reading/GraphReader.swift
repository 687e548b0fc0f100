internal import DecantBytes
internal import DecantIR

/// Turns graph messages into graphs at the pinned opset.
///
/// Subgraphs are closed: what they take from outside becomes trailing inputs, and trailing operands of their node.
struct GraphReader {
  let context: ReadingContext
  let opsets: Opsets
  let isFunction: Bool
  private let path: String
  private let operators: OperatorRules

  init(_ context: ReadingContext, opsets: Opsets, path: String, isFunction: Bool = false) {
    self.context = context
    self.opsets = opsets
    self.path = path
    self.isFunction = isFunction
    operators = OperatorRules(context, opsets)
  }

  /// Reads the model's own graph.
  ///
  /// Before IR version 4 every initializer is listed among the inputs, too; such initializers are constants all the same.
  func readMain(_ proto: GraphProto) throws(DecantError) -> Graph {
    guard context.irVersion < 4 else { return try read(proto, captured: [], path) }
    let constants = Set(proto.initializer.compactMap(\.name))
    var proto = proto
    proto.input.removeAll { constants.contains($0.name ?? "") }
    return try read(proto, captured: [], path)
  }

  /// Reads the body of a function.
  func readFunction(_ proto: GraphProto) throws(DecantError) -> Graph { try read(proto, captured: [], path) }

  /// A value of an outer graph that a subgraph reads.
  private struct Captured {
    let name: String
    let type: ValueType
  }

  private func read(_ proto: GraphProto, captured: [Captured], _ path: String) throws(DecantError) -> Graph {
    var graph: Graph
    if let built = try build(proto, nil, captured, path) {
      graph = built
    } else {
      let order = try sortedOrder(proto, path)
      guard let built = try build(proto, order, captured, path) else {
        throw DecantError(.internal, "a sorted graph is not sorted", at: [path])
      }
      graph = built
    }
    try Upgrade.run(&graph, from: opsets, reporter: context.reporter)
    try QuantizationRules.check(graph)
    return graph
  }

  private func sortedOrder(_ proto: GraphProto, _ path: String) throws(DecantError) -> [Int] {
    do throws(DecantError) {
      let order = try TopologicalOrder(proto.node).sorted()
      guard !context.options.isStrict else {
        throw DecantError(.malformed, "nodes expected in topological order, got another")
      }
      context.warn("the nodes are not in topological order and were sorted", at: [path])
      return order
    } catch {
      throw error.within(path)
    }
  }

  /// Builds the graph with its nodes in `order`, or in that of the file; nil when a node reads what comes later.
  private func build(
    _ proto: GraphProto, _ order: [Int]?, _ captured: [Captured], _ path: String
  ) throws(DecantError) -> Graph? {
    var graph = Graph(name: proto.name ?? "")
    let isComplete = try graph.edit { (rewriter: inout Rewriter) throws(DecantError) -> Bool in
      rewriter.reserve(nodes: proto.node.count, values: proto.node.count + proto.initializer.count + proto.input.count)
      try addInputs(proto, captured, path, &rewriter)
      try addInitializers(proto, path, &rewriter)
      for position in proto.node.indices {
        let index = order?[position] ?? position
        let node = proto.node[index]
        do throws(DecantError) {
          guard try add(node, index, &rewriter) else {
            guard order == nil, isProduced(node, in: proto, rewriter.graph) else {
              throw unknownOperand(node, rewriter.graph)
            }
            return false
          }
        } catch {
          throw error.within("node '\(node.name ?? "")' (\(node.opType ?? ""), \(path).node[\(index)])")
        }
      }
      try addTypes(proto, path, &rewriter)
      try addOutputs(proto, path, &rewriter)
      rewriter.annotate(annotations(proto))
      return true
    }
    return isComplete ? graph : nil
  }

  private func annotations(_ proto: GraphProto) -> Annotations? {
    var kept = GraphProto()
    kept.quantizationAnnotation = proto.quantizationAnnotation
    kept.unknown = proto.unknown
    return Annotations(documentation: proto.docString, properties: proto.metadata, keeping: kept).unlessEmpty
  }

  // MARK: Interface and constants

  private func addInputs(
    _ proto: GraphProto, _ captured: [Captured], _ path: String, _ rewriter: inout Rewriter
  ) throws(DecantError) {
    var defaults: [String: TensorProto] = [:]
    if !proto.input.isEmpty {
      for tensor in proto.initializer { defaults[tensor.name ?? ""] = tensor }
    }
    for (index, input) in proto.input.enumerated() {
      let place = "input '\(input.name ?? "")' (\(path).input[\(index)])"
      let name = try free(input.name, rewriter.graph, at: place)
      var data: Tensor?
      if let tensor = defaults[name] { data = try TensorReader(context).read(tensor, at: place) }
      let id = rewriter.addInput(name, try type(input, at: place), default: data)
      rewriter.annotate(id, annotations(input))
    }
    for value in captured {
      rewriter.addInput(try free(value.name, rewriter.graph, at: path), value.type)
    }
  }

  private func addInitializers(
    _ proto: GraphProto, _ path: String, _ rewriter: inout Rewriter
  ) throws(DecantError) {
    let reader = TensorReader(context)
    var seen: Set<String> = []
    for (index, tensor) in proto.initializer.enumerated() {
      let place = "initializer '\(tensor.name ?? "")' (\(path).initializer[\(index)])"
      guard seen.insert(tensor.name ?? "").inserted else {
        throw DecantError(.malformed, "the name is already taken", at: [place])
      }
      if let name = tensor.name, let input = rewriter.graph.value(named: name), rewriter.graph[input].data != nil {
        continue
      }
      let name = try free(tensor.name, rewriter.graph, at: place)
      let id = rewriter.addInitializer(name, try reader.read(tensor, at: place))
      guard tensor.docString != nil || !tensor.metadata.isEmpty || !tensor.unknown.isEmpty else { continue }
      var kept = TensorProto()
      kept.unknown = tensor.unknown
      rewriter.annotate(
        id, Annotations(documentation: tensor.docString, properties: tensor.metadata, keeping: kept).unlessEmpty)
    }
    for (index, sparse) in proto.sparseInitializer.enumerated() {
      let place = "sparse initializer '\(sparse.values?.name ?? "")' (\(path).sparse_initializer[\(index)])"
      let name = try free(sparse.values?.name, rewriter.graph, at: place)
      let value: SparseTensor
      do throws(DecantError) {
        value = try SparseReader(reader).read(sparse)
      } catch {
        throw error.within(place)
      }
      let node = rewriter.addNode(
        "Constant", [], ["sparse_value": .sparse(value)], name: name, resultNames: [name])
      rewriter.annotate(node, SparseInitializer.mark)
    }
  }

  /// The name, when it is one and nothing else in the graph has it.
  private func free(
    _ name: String?, _ graph: Graph, at place: @autoclosure () -> String
  ) throws(DecantError) -> String {
    guard let name, !name.isEmpty else { throw DecantError(.malformed, "expected a name, got none", at: [place()]) }
    guard graph.value(named: name) == nil else {
      throw DecantError(.malformed, "the name '\(name)' is already taken", at: [place()])
    }
    return name
  }

  private func type(_ info: ValueInfoProto, at place: @autoclosure () -> String) throws(DecantError) -> ValueType {
    do throws(DecantError) {
      return try TypeReader.valueType(info.type)
    } catch {
      throw error.within(place())
    }
  }

  private func annotations(_ info: ValueInfoProto) -> Annotations? {
    var kept = ValueInfoProto()
    kept.unknown = info.unknown
    var annotations = Annotations(documentation: info.docString, properties: info.metadata, keeping: kept)
    annotations.properties += TypeReader.denotations(info.type)
    return annotations.unlessEmpty
  }

  private func addTypes(_ proto: GraphProto, _ path: String, _ rewriter: inout Rewriter) throws(DecantError) {
    for (index, info) in proto.valueInfo.enumerated() {
      guard let name = info.name, let id = rewriter.graph.value(named: name) else { continue }
      let type = try type(info, at: "value '\(name)' (\(path).value_info[\(index)])")
      refine(id, type, &rewriter)
      if rewriter.graph[id].annotations == nil { rewriter.annotate(id, annotations(info)) }
    }
  }

  private func addOutputs(_ proto: GraphProto, _ path: String, _ rewriter: inout Rewriter) throws(DecantError) {
    var seen: Set<String> = []
    for (index, output) in proto.output.enumerated() {
      let name = output.name ?? ""
      let place = "output '\(name)' (\(path).output[\(index)])"
      guard let id = rewriter.graph.value(named: name) else {
        throw DecantError(.malformed, "expected to be produced by a node, and none does", at: [place])
      }
      guard seen.insert(name).inserted else {
        throw DecantError(.malformed, "the graph has two outputs of this name", at: [place])
      }
      let type = try type(output, at: place)
      refine(id, type, &rewriter)
      rewriter.addOutput(name, id, declaredType: type)
      rewriter.annotate(output: index, annotations(output))
    }
  }

  private func refine(_ id: ValueID, _ type: ValueType, _ rewriter: inout Rewriter) {
    guard rewriter.graph[id].definition != .initializer else { return }
    rewriter.setType(id, rewriter.graph[id].type.merged(with: type) ?? type)
  }

  // MARK: Nodes

  /// Adds the node; false when it reads a name that the graph does not have yet.
  private func add(_ proto: NodeProto, _ index: Int, _ rewriter: inout Rewriter) throws(DecantError) -> Bool {
    guard let type = proto.opType, !type.isEmpty else {
      throw DecantError(.malformed, "expected an operator, got none")
    }
    let op = OpName(type, domain: proto.domain ?? "")
    try operators.check(op, overload: proto.overload ?? "")
    var operands: [ValueID?] = []
    operands.reserveCapacity(proto.input.count)
    for name in proto.input {
      guard !name.isEmpty else {
        operands.append(nil)
        continue
      }
      guard let operand = rewriter.graph.value(named: name) else { return false }
      operands.append(operand)
    }
    let subgraphs = Captures.subgraphs(of: proto)
    var captured: [Captured] = []
    if !subgraphs.isEmpty {
      for name in Captures.free(in: subgraphs) {
        guard let value = rewriter.graph.value(named: name) else { return false }
        operands.append(value)
        captured.append(Captured(name: name, type: rewriter.graph[value].type))
      }
      try refuseShadows(subgraphs, of: rewriter.graph)
    }
    var results: [String?] = []
    for name in proto.output {
      guard rewriter.graph.value(named: name) == nil, !results.contains(name) else {
        throw DecantError(.malformed, "the value '\(name)' expected to be produced once, got two producers")
      }
      results.append(name.isEmpty ? nil : name)
    }
    let attributes = try attributes(proto, captured, rewriter.graph)
    let name = proto.name.flatMap { $0.isEmpty ? nil : $0 } ?? "\(type)_\(index)"
    let node = rewriter.addNode(
      op, operands, attributes, name: name, resultNames: results, captureCount: captured.count,
      overload: proto.overload ?? "")
    if let annotations = annotations(proto) { rewriter.annotate(node, annotations) }
    return true
  }

  private func attributes(
    _ proto: NodeProto, _ captured: [Captured], _ graph: Graph
  ) throws(DecantError) -> Attributes {
    var attributes = Attributes()
    for attribute in proto.attribute {
      let place = "\(path).attribute"
      let (name, value) = try AttributeReader(self).read(attribute, at: place) { (inner) throws(DecantError) in
        try read(inner, captured: captured, "\(path).\(attribute.name ?? "")")
      }
      guard attributes[name] == nil else {
        throw DecantError(.malformed, "the attribute '\(name)' is given twice")
      }
      attributes[name] = value
    }
    return attributes
  }

  private func annotations(_ proto: NodeProto) -> Annotations? {
    let isPlain =
      proto.docString == nil && proto.metadata.isEmpty && proto.deviceConfigurations.isEmpty && proto.unknown.isEmpty
    if isPlain, proto.attribute.allSatisfy({ $0.docString == nil && $0.unknown.isEmpty }) { return nil }
    var kept = NodeProto()
    kept.deviceConfigurations = proto.deviceConfigurations
    kept.unknown = proto.unknown
    var annotations = Annotations(documentation: proto.docString, properties: proto.metadata, keeping: kept)
    for attribute in proto.attribute {
      if let text = attribute.docString, !text.isEmpty {
        annotations.properties.append(
          Annotations.Property(key: AttributeEncoder.documentationKey + (attribute.name ?? ""), value: text))
      }
      if !attribute.unknown.isEmpty {
        context.reporter.lossy("unknown fields of attribute '\(attribute.name ?? "")' are not kept", at: [context.file])
      }
    }
    return annotations.unlessEmpty
  }

  /// Refuses names of subgraphs that hide names of the graph around them (catalogue C06).
  private func refuseShadows(_ subgraphs: [GraphProto], of graph: Graph) throws(DecantError) {
    var pending = subgraphs
    while let inner = pending.popLast() {
      let names =
        inner.input.compactMap(\.name) + inner.initializer.compactMap(\.name) + inner.node.flatMap(\.output)
      for name in names where graph.value(named: name) != nil {
        throw DecantError(.malformed, "the subgraph defines '\(name)' again, which a graph around it has")
      }
      for node in inner.node { pending += Captures.subgraphs(of: node) }
    }
  }

  // MARK: Names that are missing

  /// The first name that the node, or a subgraph of it, reads and the graph does not have.
  private func missing(_ node: NodeProto, _ graph: Graph) -> String? {
    (node.input + Captures.free(in: Captures.subgraphs(of: node))).first {
      !$0.isEmpty && graph.value(named: $0) == nil
    }
  }

  private func isProduced(_ node: NodeProto, in proto: GraphProto, _ graph: Graph) -> Bool {
    missing(node, graph).map(TopologicalOrder(proto.node).produces) ?? false
  }

  private func unknownOperand(_ node: NodeProto, _ graph: Graph) -> DecantError {
    DecantError(.malformed, "reads '\(missing(node, graph) ?? "")', which nothing produces")
  }
}

/// How an initializer that the file stores sparsely stands in a graph: a `Constant` with a mark.
enum SparseInitializer {
  private static let key = "onnx:sparse_initializer"

  static var mark: Annotations {
    var annotations = Annotations()
    annotations.properties = [Annotations.Property(key: key, value: "")]
    return annotations
  }

  static func isMarked(_ node: Node) -> Bool {
    node.annotations?.properties.contains { $0.key == key } ?? false
  }
}
