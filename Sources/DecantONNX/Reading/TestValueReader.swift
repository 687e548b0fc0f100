internal import DecantBytes
internal import DecantIR
internal import DecantWire

/// Turns the messages of test data into values.
struct TestValueReader {
  private let tensors: TensorReader

  init(_ tensors: TensorReader) { self.tensors = tensors }

  func value(_ proto: SequenceProto) throws(DecantError) -> RuntimeValue {
    var elements: [RuntimeValue] = []
    switch proto.elemType ?? 0 {
    case 0: break
    case 1:
      for tensor in proto.tensorValues {
        elements.append(.tensor(try tensors.read(tensor, at: "tensor_values[\(elements.count)]")))
      }
    case 3: for sequence in proto.sequenceValues { elements.append(try value(sequence)) }
    case 5: for optional in proto.optionalValues { elements.append(try value(optional)) }
    case 4: for map in proto.mapValues { elements.append(try value(map)) }
    case 2: throw DecantError(.unsupported, "sequences of sparse tensors")
    default: throw DecantError(.malformed, "elem_type expected in 0...5, got \(proto.elemType ?? 0)")
    }
    return .sequence(elements)
  }

  func value(_ proto: MapProto) throws(DecantError) -> RuntimeValue {
    let keys: Tensor
    if proto.stringKeys.isEmpty {
      keys = Tensor(proto.keys)
    } else {
      let texts = proto.stringKeys.map { ByteString(bytes: unsafe $0.bytes.withUnsafeBytes { unsafe Array($0) }) }
      do throws(OpError) { keys = try Tensor(strings: texts, shape: [texts.count]) } catch { throw DecantError(error) }
    }
    guard case .sequence(let values)? = try proto.values.map({ (box) throws(DecantError) in try value(box.value) }),
      values.count == keys.elementCount
    else { throw DecantError(.malformed, "a map expected a value for each of its \(keys.elementCount) keys") }
    return .map(keys: keys, values: values)
  }

  func value(_ proto: OptionalProto) throws(DecantError) -> RuntimeValue {
    switch proto.elemType ?? 0 {
    case 0: return .optional(nil)
    case 1:
      guard let tensor = proto.tensorValue?.value else { return .optional(nil) }
      return .optional(.tensor(try tensors.read(tensor, at: "tensor_value")))
    case 3:
      guard let sequence = proto.sequenceValue?.value else { return .optional(nil) }
      return .optional(try value(sequence))
    case 5:
      guard let optional = proto.optionalValue?.value else { return .optional(nil) }
      return .optional(try value(optional))
    case 4:
      guard let map = proto.mapValue?.value else { return .optional(nil) }
      return .optional(try value(map))
    case 2: throw DecantError(.unsupported, "optional sparse tensors")
    default: throw DecantError(.malformed, "elem_type expected in 0...5, got \(proto.elemType ?? 0)")
    }
  }
}
