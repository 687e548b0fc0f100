internal import DecantBytes
internal import DecantIR

/// Turns a model into the root message.
struct ModelEncoder {
  private let model: Model

  init(_ versioned: VersionedModel) { model = versioned.model }

  /// The message; tensors that `plan` takes are left to the file beside it.
  func encode(_ plan: inout ExternalDataPlan?) throws(DecantError) -> ModelProto {
    var proto = ModelProto()
    let source = model.source
    proto.irVersion = Int64(source.irVersion)
    proto.producerName = source.producerName.isEmpty ? nil : source.producerName
    proto.producerVersion = source.producerVersion.isEmpty ? nil : source.producerVersion
    proto.domain = source.domain.isEmpty ? nil : source.domain
    proto.modelVersion = source.modelVersion == 0 ? nil : Int64(source.modelVersion)
    proto.docString = model.annotations.docString
    proto.opsetImport = source.opsets.map(OperatorSetIdProto.init)
    proto.metadata = model.annotations.entries
    proto.unknown = model.annotations.unknown
    let encoder = GraphEncoder(listsInitializers: source.irVersion < 4)
    proto.graph = try encoder.encode(model.graph, &plan)
    for function in model.functions { proto.functions.append(try encode(function, &plan)) }
    return proto
  }

  private func encode(_ function: Function, _ plan: inout ExternalDataPlan?) throws(DecantError) -> FunctionProto {
    do throws(DecantError) {
      let body = try GraphEncoder(isFunction: true).encode(function.graph, &plan)
      var proto = FunctionProto()
      proto.name = function.name.type
      proto.domain = function.name.domain
      proto.overload = function.overload.isEmpty ? nil : function.overload
      proto.input = body.input.compactMap(\.name)
      proto.output = body.output.compactMap(\.name)
      proto.node = body.node
      proto.valueInfo = body.valueInfo
      proto.attribute = function.attributes
      let attributes = AttributeEncoder(place: "function '\(function.name)'")
      for (name, value) in function.defaults {
        proto.attributeProto.append(
          try attributes.encode(name, value, &plan) { (_: Graph, _: inout ExternalDataPlan?) throws(DecantError) in
            throw DecantError(.unsupported, "a graph as the default of an attribute")
          })
      }
      proto.docString = function.annotations.docString
      proto.metadata = function.annotations.entries
      proto.opsetImport = function.opsets.map(OperatorSetIdProto.init)
      proto.unknown = function.annotations.unknown
      return proto
    } catch {
      throw error.within("function '\(function.name)'")
    }
  }
}

extension OperatorSetIdProto {
  init(_ entry: OpsetImport) {
    self.init()
    domain = entry.domain.isEmpty ? nil : entry.domain
    version = Int64(entry.version)
  }
}
