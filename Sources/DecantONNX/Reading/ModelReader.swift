internal import DecantBytes
internal import DecantIR

/// Turns the root message into a model.
struct ModelReader {
  private let context: ReadingContext

  init(_ context: ReadingContext) { self.context = context }

  func read(_ proto: ModelProto) throws(DecantError) -> Model {
    context.irVersion = try irVersion(proto)
    let opsets = try Opsets.read(proto.opsetImport, irVersion: context.irVersion)
    guard let graph = proto.graph else {
      throw DecantError(.malformed, "expected a graph, got none")
    }
    if graph.name?.isEmpty ?? true { context.warn("the graph has no name", at: ["graph"]) }
    if graph.node.isEmpty { context.warn("the graph has no nodes", at: ["graph"]) }
    try FunctionRules(context).check(proto)
    var model = Model(graph: try GraphReader(context, opsets: opsets, path: "graph").readMain(graph))
    for (index, function) in proto.functions.enumerated() {
      model.functions.append(try read(function, at: "functions[\(index)]", modelOpsets: opsets))
    }
    model.functions.sort { ($0.name, $0.overload) < ($1.name, $1.overload) }
    GradientReader.run(&model.graph, functions: model.functions, context)
    model.source = source(proto, opsets)
    model.annotations = annotations(proto)
    return model
  }

  private func irVersion(_ proto: ModelProto) throws(DecantError) -> Int {
    guard let version = proto.irVersion else {
      throw DecantError(.malformed, "expected an IR version, got none", at: ["ir_version"])
    }
    guard version > 0 else {
      throw DecantError(.malformed, "IR version expected to be positive, got \(version)", at: ["ir_version"])
    }
    guard version <= Int64(OpsetTable.newestIR) else {
      throw DecantError(
        .unsupported, "IR version \(version), and \(OpsetTable.newestIR) is the newest known", at: ["ir_version"])
    }
    return Int(version)
  }

  private func source(_ proto: ModelProto, _ opsets: Opsets) -> Model.Source {
    var source = Model.Source()
    source.format = "onnx"
    source.irVersion = context.irVersion
    source.opsets = opsets.imports
    source.producerName = proto.producerName ?? ""
    source.producerVersion = proto.producerVersion ?? ""
    source.domain = proto.domain ?? ""
    source.modelVersion = Int(proto.modelVersion ?? 0)
    return source
  }

  private func annotations(_ proto: ModelProto) -> Annotations {
    var kept = ModelProto()
    kept.trainingInfo = proto.trainingInfo
    kept.configuration = proto.configuration
    kept.unknown = proto.unknown
    return Annotations(documentation: proto.docString, properties: proto.metadata, keeping: kept)
  }

  private func read(
    _ proto: FunctionProto, at path: String, modelOpsets: Opsets
  ) throws(DecantError) -> Function {
    let name = OpName(proto.name ?? "", domain: proto.domain ?? "")
    let own = try Opsets.read(proto.opsetImport, irVersion: context.irVersion, at: path)
    let opsets = own.imports.isEmpty ? modelOpsets : own
    do throws(DecantError) {
      var graph = GraphProto()
      graph.name = proto.name
      graph.node = proto.node
      graph.valueInfo = proto.valueInfo
      graph.input = proto.input.map(ValueInfoProto.init(name:))
      graph.output = proto.output.map(ValueInfoProto.init(name:))
      let reader = GraphReader(context, opsets: opsets, path: path, isFunction: true)
      var function = Function(
        name: name, overload: proto.overload ?? "", graph: try reader.readFunction(graph),
        attributes: proto.attribute, opsets: own.imports)
      for attribute in proto.attributeProto {
        let (key, value) = try AttributeReader(reader).read(attribute, at: path)
        function.defaults[key] = value
      }
      var kept = FunctionProto()
      kept.unknown = proto.unknown
      function.annotations = Annotations(
        documentation: proto.docString, properties: proto.metadata, keeping: kept)
      return function
    } catch {
      throw error.within("function '\(name)'")
    }
  }
}

extension ValueInfoProto {
  init(name: String) {
    self.init()
    self.name = name
  }
}
