internal import DecantBytes
internal import DecantIR
internal import DecantWire

/// Turns attributes into attribute messages.
struct AttributeEncoder {
  /// Properties of a node under this key and an attribute's name carry that attribute's doc string.
  static let documentationKey = "onnx:attribute_doc."

  /// Writes a graph inside an attribute.
  typealias Subgraph = (Graph, inout ExternalDataPlan?) throws(DecantError) -> GraphProto

  private let place: String

  init(place: String) { self.place = place }

  func encode(
    _ name: String, _ value: Attribute, _ plan: inout ExternalDataPlan?, subgraph: Subgraph
  ) throws(DecantError) -> AttributeProto {
    var proto = AttributeProto()
    proto.name = name
    proto.type = Int32(value.kind.rawValue)
    // External data is for initializers and large constants alike; types of attributes never hold any.
    switch value {
    case .int(let value): proto.i = value
    case .float(let value): proto.f = value
    case .string(let value): proto.s = ByteSlice(copying: value.bytes)
    case .ints(let values): proto.ints = values
    case .floats(let values): proto.floats = values
    case .strings(let values): proto.strings = values.map { ByteSlice(copying: $0.bytes) }
    case .tensor(let tensor): proto.t = Box(try TensorEncoder.encode(tensor, name: nil, &plan))
    case .tensors(let tensors):
      for tensor in tensors { proto.tensors.append(try TensorEncoder.encode(tensor, name: nil, &plan)) }
    case .sparse(let sparse): proto.sparseTensor = Box(try TensorEncoder.encode(sparse, name: nil, &plan))
    case .sparses(let list):
      for sparse in list { proto.sparseTensors.append(try TensorEncoder.encode(sparse, name: nil, &plan)) }
    case .type(let type): proto.tp = Box(TypeEncoder.encode(type) ?? TypeProto())
    case .types(let types): proto.typeProtos = types.map { TypeEncoder.encode($0) ?? TypeProto() }
    case .graph(let graph): proto.g = Box(try subgraph(graph, &plan))
    case .graphs(let graphs):
      for graph in graphs { proto.graphs.append(try subgraph(graph, &plan)) }
    case .reference(let name, _): proto.refAttrName = name
    }
    return proto
  }
}
