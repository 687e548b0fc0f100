internal import DecantIR
internal import DecantWire

/// Turns value types into type messages.
enum TypeEncoder {
  /// Properties under this key carry what a type message says and a ``ValueType`` has no place for.
  static let denotationKey = "onnx:denotation"

  /// The message; nil for a type that is not known at all.
  static func encode(_ type: ValueType) -> TypeProto? {
    var proto = TypeProto()
    switch type {
    case .unknown: return nil
    case .tensor(let tensor): proto.tensor = encode(tensor)
    case .sparseTensor(let tensor): proto.sparseTensor = Box(encode(tensor))
    case .sequence(let element): proto.sequence = Box(TypeProto.Element(element))
    case .optional(let element): proto.optional = Box(TypeProto.Element(element))
    case .map(let key, let value):
      var map = TypeProto.Map()
      map.keyType = Int32(key.rawValue)
      map.valueType = encode(value).map { Box($0) }
      proto.map = Box(map)
    case .opaque(let domain, let name):
      var opaque = TypeProto.Opaque()
      opaque.domain = domain.isEmpty ? nil : domain
      opaque.name = name.isEmpty ? nil : name
      proto.opaque = Box(opaque)
    }
    return proto
  }

  private static func encode(_ tensor: TensorType) -> TypeProto.Tensor {
    var proto = TypeProto.Tensor()
    proto.elemType = Int32(tensor.dataType?.rawValue ?? 0)
    proto.shape = tensor.shape.map { shape in
      var proto = TensorShapeProto()
      proto.dim = shape.dimensions.map(encode)
      return proto
    }
    return proto
  }

  private static func encode(_ dimension: Dimension) -> TensorShapeProto.Dimension {
    var proto = TensorShapeProto.Dimension()
    switch dimension {
    case .fixed(let extent): proto.value = Int64(extent)
    case .symbolic(let expression): if !dimension.isOpen { proto.parameter = expression.description }
    case .unknown: break
    }
    return proto
  }

  /// A value's name, type, documentation and metadata.
  static func info(_ name: String, _ type: ValueType, _ annotations: Annotations?) -> ValueInfoProto {
    var info = ValueInfoProto()
    info.name = name
    info.type = encode(type)
    guard let annotations else { return info }
    info.docString = annotations.docString
    info.unknown = annotations.unknown
    for entry in annotations.entries {
      guard let key = entry.key, key.hasPrefix(denotationKey) else {
        info.metadata.append(entry)
        continue
      }
      denote(key, entry.value, &info.type)
    }
    return info
  }

  private static func denote(_ key: String, _ text: String?, _ type: inout TypeProto?) {
    guard let dot = key.lastIndex(of: "."), let axis = Int(key[key.index(after: dot)...]) else {
      type?.denotation = text
      return
    }
    guard let count = type?.tensor?.shape?.dim.count, axis >= 0, axis < count else { return }
    type?.tensor?.shape?.dim[axis].denotation = text
  }
}

extension TypeProto.Element {
  init(_ type: ValueType) {
    self.init()
    elemType = TypeEncoder.encode(type).map { Box($0) }
  }
}
