internal import DecantBytes
internal import DecantIR

/// Compares what a caller gives with what a model declares.
enum InputCheck {
  /// The values in the order of `ports`, tensors aligned; nil for an input that its default stands in for.
  static func arrange(_ given: [String: RuntimeValue], for ports: [InputPort]) throws(DecantError) -> [RuntimeValue?] {
    let names = Set(ports.map(\.name))
    if let stranger = given.keys.filter({ !names.contains($0) }).min() {
      throw DecantError(
        .malformed, "the model has no input '\(stranger)'",
        note: "its inputs are \(ports.map { "'\($0.name)'" }.joined(separator: ", "))")
    }
    var symbols: [String: (extent: Int, input: String)] = [:]
    var arranged: [RuntimeValue?] = []
    for port in ports {
      guard let value = given[port.name] else {
        guard port.hasDefault else {
          throw DecantError(.malformed, "the input '\(port.name)' (\(port.type)) is missing")
        }
        arranged.append(nil)
        continue
      }
      switch value {
      case .tensor(let tensor) where !port.type.isComposite || port.type.isOptional:
        try check(tensor, port, &symbols)
        arranged.append(.tensor(tensor.aligned))
      default:
        guard port.type == .unknown || port.type.merged(with: value.type) != nil else {
          throw DecantError(.malformed, "the input '\(port.name)': expected \(port.type), got \(value.type)")
        }
        arranged.append(value)
      }
    }
    return arranged
  }

  private static func check(
    _ tensor: Tensor, _ port: InputPort, _ symbols: inout [String: (extent: Int, input: String)]
  ) throws(DecantError) {
    let expected: TensorType
    switch port.type {
    case .tensor(let type): expected = type
    case .optional(.tensor(let type)): expected = type
    case .unknown: return
    default: throw mismatch(tensor, port)
    }
    if case .absent = tensor.storage {
      throw DecantError(.malformed, "the data of the input '\(port.name)' is not here")
    }
    guard expected.dataType == nil || expected.dataType == tensor.dataType,
      expected.shape == nil || expected.shape?.rank == tensor.rank
    else { throw mismatch(tensor, port) }
    guard let shape = expected.shape else { return }
    for (extent, dimension) in zip(tensor.shape, shape.dimensions) {
      switch dimension {
      case .unknown: break
      case .fixed(let wanted):
        guard wanted == extent else { throw mismatch(tensor, port) }
      case .symbolic(let expression):
        guard let symbol = expression.symbol else {
          let value = expression.evaluate(symbols.mapValues(\.extent))
          guard value == nil || value == extent else { throw mismatch(tensor, port) }
          continue
        }
        guard let bound = symbols[symbol] else {
          symbols[symbol] = (extent, port.name)
          continue
        }
        guard bound.extent == extent else {
          throw DecantError(
            .malformed,
            "the input '\(port.name)': expected '\(symbol)' to be \(bound.extent) as in '\(bound.input)', got \(extent)"
          )
        }
      }
    }
  }

  private static func mismatch(_ tensor: Tensor, _ port: InputPort) -> DecantError {
    DecantError(.malformed, "the input '\(port.name)': expected \(port.type), got \(tensor.type)")
  }
}
