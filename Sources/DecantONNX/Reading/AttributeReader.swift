internal import DecantWire
internal import DecantBytes
internal import DecantIR

/// Turns attribute messages into attributes. Subgraphs are read by ``GraphReader``, which knows what they capture.
struct AttributeReader {
  private let graph: GraphReader
  private let tensors: TensorReader

  init(_ graph: GraphReader) {
    self.graph = graph
    tensors = TensorReader(graph.context)
  }

  /// The name and the value of `proto`; `subgraph` reads a graph inside it.
  func read(
    _ proto: AttributeProto, at place: String,
    subgraph: (GraphProto) throws(DecantError) -> Graph = { (_: GraphProto) throws(DecantError) in
      throw DecantError(.unsupported, "a graph as the default of an attribute")
    }
  ) throws(DecantError) -> (String, Attribute) {
    guard let name = proto.name, !name.isEmpty else {
      throw DecantError(.malformed, "an attribute expected to have a name, got none", at: [place])
    }
    do throws(DecantError) {
      let kind = try kind(proto)
      if let reference = proto.refAttrName, !reference.isEmpty {
        guard graph.isFunction else {
          throw DecantError(.malformed, "refers to '\(reference)' of a function, and stands in none")
        }
        guard present(proto).isEmpty else { throw DecantError(.malformed, "has both a reference and a value") }
        return (name, .reference(name: reference, kind: kind))
      }
      return (name, try value(proto, kind, subgraph))
    } catch {
      throw error.within("attribute '\(name)'").within(place)
    }
  }

  /// The kind that the tag names, or else the only one that has a value; both must agree (catalogue C29).
  private func kind(_ proto: AttributeProto) throws(DecantError) -> AttributeKind {
    let present = present(proto)
    guard let raw = proto.type, raw != 0 else {
      guard present.count == 1 else {
        throw DecantError(.malformed, "expected a type, got none and \(present.count) values")
      }
      return present[0]
    }
    guard let kind = AttributeKind(rawValue: Int(raw)) else {
      throw DecantError(.malformed, "attribute type expected in 1...14, got \(raw)")
    }
    guard present.allSatisfy({ $0 == kind }) else {
      let got = present.map { "\($0)" }.joined(separator: ", ")
      throw DecantError(.malformed, "expected a value of type \(kind) alone, got \(got)")
    }
    return kind
  }

  private func present(_ proto: AttributeProto) -> [AttributeKind] {
    var kinds: [AttributeKind] = []
    if proto.f != nil { kinds.append(.float) }
    if proto.i != nil { kinds.append(.int) }
    if proto.s != nil { kinds.append(.string) }
    if proto.t != nil { kinds.append(.tensor) }
    if proto.g != nil { kinds.append(.graph) }
    if proto.tp != nil { kinds.append(.type) }
    if proto.sparseTensor != nil { kinds.append(.sparse) }
    if !proto.floats.isEmpty { kinds.append(.floats) }
    if !proto.ints.isEmpty { kinds.append(.ints) }
    if !proto.strings.isEmpty { kinds.append(.strings) }
    if !proto.tensors.isEmpty { kinds.append(.tensors) }
    if !proto.graphs.isEmpty { kinds.append(.graphs) }
    if !proto.typeProtos.isEmpty { kinds.append(.types) }
    if !proto.sparseTensors.isEmpty { kinds.append(.sparses) }
    return kinds
  }

  private func value(
    _ proto: AttributeProto, _ kind: AttributeKind, _ subgraph: (GraphProto) throws(DecantError) -> Graph
  ) throws(DecantError) -> Attribute {
    switch kind {
    case .float: return .float(proto.f ?? 0)
    case .int: return .int(proto.i ?? 0)
    case .string: return .string(string(proto.s ?? ByteSlice()))
    case .floats: return .floats(proto.floats)
    case .ints: return .ints(proto.ints)
    case .strings: return .strings(proto.strings.map(string))
    case .tensor:
      guard let tensor = proto.t?.value else { throw missing(kind) }
      return .tensor(try tensors.read(tensor, at: "value"))
    case .graph:
      guard let graph = proto.g?.value else { throw missing(kind) }
      return .graph(try subgraph(graph))
    case .type:
      guard let type = proto.tp?.value else { throw missing(kind) }
      return .type(try TypeReader.valueType(type))
    case .sparse:
      guard let sparse = proto.sparseTensor?.value else { throw missing(kind) }
      return .sparse(try SparseReader(tensors).read(sparse))
    case .tensors:
      var list: [Tensor] = []
      for tensor in proto.tensors { list.append(try tensors.read(tensor, at: "tensors[\(list.count)]")) }
      return .tensors(list)
    case .graphs:
      var list: [Graph] = []
      for graph in proto.graphs { list.append(try subgraph(graph)) }
      return .graphs(list)
    case .types:
      var list: [ValueType] = []
      for type in proto.typeProtos { list.append(try TypeReader.valueType(type)) }
      return .types(list)
    case .sparses:
      var list: [SparseTensor] = []
      for sparse in proto.sparseTensors { list.append(try SparseReader(tensors).read(sparse)) }
      return .sparses(list)
    }
  }

  private func missing(_ kind: AttributeKind) -> DecantError {
    DecantError(.malformed, "expected a value of type \(kind), got none")
  }

  private func string(_ slice: ByteSlice) -> ByteString {
    ByteString(bytes: unsafe slice.bytes.withUnsafeBytes { unsafe Array($0) })
  }
}
