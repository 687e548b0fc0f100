internal import DecantBytes
internal import DecantIR
internal import DecantWire

/// Turns values into the messages of test data.
enum TestValueEncoder {
  static func sequence(_ elements: [RuntimeValue]) throws(DecantError) -> SequenceProto {
    var proto = SequenceProto()
    var plan: ExternalDataPlan?
    for element in elements {
      let kind: Int32
      switch element {
      case .tensor(let tensor):
        kind = 1
        proto.tensorValues.append(try TensorEncoder.encode(tensor, name: nil, &plan))
      case .sequence(let inner):
        kind = 3
        proto.sequenceValues.append(try sequence(inner))
      case .map(let keys, let values):
        kind = 4
        proto.mapValues.append(try map(keys: keys, values: values))
      case .optional(let inner):
        kind = 5
        proto.optionalValues.append(try optional(inner))
      }
      guard proto.elemType ?? kind == kind else {
        throw DecantError(.unsupported, "a sequence expected to have elements of one kind, got several")
      }
      proto.elemType = kind
    }
    proto.elemType = proto.elemType ?? 1
    return proto
  }

  static func map(keys: Tensor, values: [RuntimeValue]) throws(DecantError) -> MapProto {
    var proto = MapProto()
    proto.keyType = Int32(keys.dataType.rawValue)
    if let texts = keys.strings {
      proto.stringKeys = texts.map { ByteSlice(copying: $0.bytes) }
    } else {
      guard let numbers = keys.integers else {
        throw DecantError(.unsupported, "keys of a map expected to be integers or text, got \(keys.dataType)")
      }
      proto.keys = numbers.map { Int64($0) }
    }
    proto.values = Box(try sequence(values))
    return proto
  }

  static func optional(_ value: RuntimeValue?) throws(DecantError) -> OptionalProto {
    var proto = OptionalProto()
    var plan: ExternalDataPlan?
    switch value {
    case nil: proto.elemType = 0
    case .tensor(let tensor)?:
      proto.elemType = 1
      proto.tensorValue = Box(try TensorEncoder.encode(tensor, name: nil, &plan))
    case .sequence(let elements)?:
      proto.elemType = 3
      proto.sequenceValue = Box(try sequence(elements))
    case .map(let keys, let values)?:
      proto.elemType = 4
      proto.mapValue = Box(try map(keys: keys, values: values))
    case .optional(let inner)?:
      proto.elemType = 5
      proto.optionalValue = Box(try optional(inner))
    }
    return proto
  }
}
