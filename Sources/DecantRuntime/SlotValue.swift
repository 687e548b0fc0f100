internal import DecantIR

/// What a slot of a run holds.
enum SlotValue: Sendable {
  case tensor(RuntimeTensor)
  /// A sequence, an optional or a map.
  case composite(RuntimeValue)

  init(_ value: RuntimeValue) {
    if case .tensor(let tensor) = value { self = .tensor(.plain(tensor)) } else { self = .composite(value) }
  }

  /// How many bytes it holds.
  var byteCount: Int {
    switch self {
    case .tensor(let tensor): tensor.byteCount
    case .composite(let value): value.byteCount
    }
  }

  /// The value, a tensor's elements in row-major order.
  func value() throws(OpError) -> RuntimeValue {
    switch self {
    case .tensor(let tensor): .tensor(try tensor.plain())
    case .composite(let value): value
    }
  }

  /// The tensor.
  ///
  /// - Throws: ``OpError`` when it is none.
  func tensor() throws(OpError) -> RuntimeTensor {
    switch self {
    case .tensor(let tensor): tensor
    case .composite(let value): throw OpError("expected a tensor as operand, got \(value.kind)", kind: .unsupported)
    }
  }
}
