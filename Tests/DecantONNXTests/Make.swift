import DecantBytes
import DecantIR
import DecantWire

@testable import DecantONNX

/// Makes the messages of small models, right or wrong.
enum Make {
  static func node(
    _ op: String, _ input: [String], _ output: [String], name: String? = nil, domain: String? = nil,
    _ attributes: [AttributeProto] = []
  ) -> NodeProto {
    var node = NodeProto()
    node.opType = op
    node.input = input
    node.output = output
    node.name = name
    node.domain = domain
    node.attribute = attributes
    return node
  }

  static func attribute(_ name: String, int value: Int64) -> AttributeProto {
    attribute(name, .int) { $0.i = value }
  }

  static func attribute(_ name: String, ints values: [Int64]) -> AttributeProto {
    attribute(name, .ints) { $0.ints = values }
  }

  static func attribute(_ name: String, graph value: GraphProto) -> AttributeProto {
    attribute(name, .graph) { $0.g = Box(value) }
  }

  static func attribute(_ name: String, tensor value: TensorProto) -> AttributeProto {
    attribute(name, .tensor) { $0.t = Box(value) }
  }

  static func attribute(
    _ name: String, _ kind: AttributeKind, _ fill: (inout AttributeProto) -> Void
  ) -> AttributeProto {
    var attribute = AttributeProto()
    attribute.name = name
    attribute.type = Int32(kind.rawValue)
    fill(&attribute)
    return attribute
  }

  static func value(_ name: String, _ type: Int32 = 1, _ shape: [Int64]? = [2]) -> ValueInfoProto {
    var info = ValueInfoProto(name: name)
    var tensor = TypeProto.Tensor()
    tensor.elemType = type
    tensor.shape = shape.map { extents in
      var shape = TensorShapeProto()
      shape.dim = extents.map { extent in
        var dimension = TensorShapeProto.Dimension()
        dimension.value = extent
        return dimension
      }
      return shape
    }
    var type = TypeProto()
    type.tensor = tensor
    info.type = type
    return info
  }

  static func tensor(
    _ name: String, _ type: DataType = .float32, _ dims: [Int64] = [2], raw: [UInt8]? = [UInt8](repeating: 0, count: 8)
  ) -> TensorProto {
    var tensor = TensorProto()
    tensor.name = name
    tensor.dataType = Int32(type.rawValue)
    tensor.dims = dims
    tensor.rawData = raw.map { ByteSlice(copying: $0) }
    return tensor
  }

  static func external(_ name: String, _ pairs: [(String, String)], dims: [Int64] = [2]) -> TensorProto {
    var proto = tensor(name, .float32, dims, raw: nil)
    proto.dataLocation = 1
    proto.externalData = pairs.map { pair in
      var entry = StringStringEntryProto()
      entry.key = pair.0
      entry.value = pair.1
      return entry
    }
    return proto
  }

  static func graph(
    _ nodes: [NodeProto], input: [String] = ["x"], output: [String] = ["y"], _ initializers: [TensorProto] = []
  ) -> GraphProto {
    var graph = GraphProto()
    graph.name = "g"
    graph.node = nodes
    graph.input = input.map { value($0) }
    graph.output = output.map { value($0) }
    graph.initializer = initializers
    return graph
  }

  static func opset(_ version: Int64, _ domain: String? = nil) -> OperatorSetIdProto {
    var proto = OperatorSetIdProto()
    proto.domain = domain
    proto.version = version
    return proto
  }

  static func model(_ graph: GraphProto?, opset version: Int64 = 17, ir: Int64? = 8) -> ModelProto {
    var model = ModelProto()
    model.irVersion = ir
    model.graph = graph
    model.opsetImport = [opset(version)]
    return model
  }

  /// A model of one node that reads `x` and gives `y`.
  static func model(
    _ op: String, opset version: Int64, _ attributes: [AttributeProto] = [], _ inputs: [String] = ["x"],
    _ initializers: [TensorProto] = []
  ) -> ModelProto {
    model(graph([node(op, inputs, ["y"], name: "n", attributes)], initializers), opset: version, ir: 8)
  }

  static func graph(_ nodes: [NodeProto], _ initializers: [TensorProto]) -> GraphProto {
    graph(nodes, input: ["x"], output: ["y"], initializers)
  }

  static func bytes<R: WireRecord>(_ record: R) throws -> ByteSlice {
    ByteSlice(copying: try WireWriter.write(record, to: MemorySink()).bytes)
  }

  static func function(
    _ name: String, _ nodes: [NodeProto], domain: String = "local", input: [String] = ["x"], output: [String] = ["y"]
  ) -> FunctionProto {
    var function = FunctionProto()
    function.name = name
    function.domain = domain
    function.input = input
    function.output = output
    function.node = nodes
    function.opsetImport = [opset(17), opset(1, "local")]
    return function
  }
}
