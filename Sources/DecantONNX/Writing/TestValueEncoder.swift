internal import DecantBytes
internal import DecantIR
internal import DecantWire

/// Turns values into the messages of test data.
enum TestValueEncoder {
  static func sequence(_ elements: [ONNXTestValue]) throws(DecantError) -> SequenceProto {
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

  static func optional(_ value: ONNXTestValue?) throws(DecantError) -> OptionalProto {
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
    case .optional(let inner)?:
      proto.elemType = 5
      proto.optionalValue = Box(try optional(inner))
    }
    return proto
  }
}
