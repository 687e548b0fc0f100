internal import DecantWire
internal import DecantBytes
internal import DecantIR

/// Turns type messages into value types.
enum TypeReader {
  /// The element type of number `raw`; nil when a file leaves it open.
  static func dataType(_ raw: Int32?) throws(DecantError) -> DataType? {
    guard let raw, raw != 0 else { return nil }
    guard raw > 0 else { throw DecantError(.malformed, "element type expected to be positive, got \(raw)") }
    guard let small = UInt8(exactly: raw), let type = DataType(rawValue: small) else {
      throw DecantError(.unsupported, "element type \(raw), and \(DataType.int2.rawValue) is the newest known")
    }
    return type
  }

  static func valueType(_ proto: TypeProto?) throws(DecantError) -> ValueType {
    guard let proto else { return .unknown }
    if let tensor = proto.tensor { return .tensor(try tensorType(tensor)) }
    if let sparse = proto.sparseTensor { return .sparseTensor(try tensorType(sparse.value)) }
    if let sequence = proto.sequence { return .sequence(try valueType(sequence.value.elemType?.value)) }
    if let optional = proto.optional { return .optional(try valueType(optional.value.elemType?.value)) }
    if let opaque = proto.opaque {
      return .opaque(domain: opaque.value.domain ?? "", name: opaque.value.name ?? "")
    }
    if let map = proto.map {
      guard let key = try dataType(map.value.keyType) else {
        throw DecantError(.malformed, "map type expected to have a key type, got none")
      }
      return .map(key: key, value: try valueType(map.value.valueType?.value))
    }
    return .unknown
  }

  private static func tensorType(_ proto: TypeProto.Tensor) throws(DecantError) -> TensorType {
    TensorType(try dataType(proto.elemType), proto.shape.map(shape))
  }

  private static func shape(_ proto: TensorShapeProto) -> Shape {
    Shape(proto.dim.map(dimension))
  }

  /// A negative number is how some exporters spell a dimension that is not known.
  private static func dimension(_ proto: TensorShapeProto.Dimension) -> Dimension {
    if let value = proto.value { return value < 0 ? .unknown : .fixed(Int(value)) }
    guard let name = proto.parameter, !name.isEmpty else { return .unknown }
    return .symbol(name)
  }

  /// What the type says that a ``ValueType`` has no place for, as properties that ``TypeEncoder`` takes back.
  static func denotations(_ proto: TypeProto?) -> [Annotations.Property] {
    guard let proto else { return [] }
    var found: [Annotations.Property] = []
    if let text = proto.denotation, !text.isEmpty {
      found.append(Annotations.Property(key: TypeEncoder.denotationKey, value: text))
    }
    for (axis, dimension) in (proto.tensor?.shape?.dim ?? []).enumerated() {
      guard let text = dimension.denotation, !text.isEmpty else { continue }
      found.append(Annotations.Property(key: "\(TypeEncoder.denotationKey).\(axis)", value: text))
    }
    return found
  }
}
