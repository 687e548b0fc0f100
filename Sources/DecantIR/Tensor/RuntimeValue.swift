/// What an input, an edge or an output holds while a model runs: a tensor, or what is made of tensors.
public indirect enum RuntimeValue: Hashable, Sendable {
  /// A tensor.
  case tensor(Tensor)
  /// A sequence.
  case sequence([RuntimeValue])
  /// An optional; nil stands for none.
  case optional(RuntimeValue?)
  /// A map: a vector of keys, all different, and the value of each.
  case map(keys: Tensor, values: [RuntimeValue])

  /// The tensor; nil for everything else.
  public var tensor: Tensor? {
    if case .tensor(let tensor) = self { tensor } else { nil }
  }

  /// What it is, for messages: `a tensor`, `a sequence`.
  public var kind: String {
    switch self {
    case .tensor: "a tensor"
    case .sequence: "a sequence"
    case .optional: "an optional"
    case .map: "a map"
    }
  }

  /// How many bytes its tensors hold.
  public var byteCount: Int {
    switch self {
    case .tensor(let tensor): tensor.byteCount
    case .sequence(let elements): elements.reduce(0) { $0 + $1.byteCount }
    case .optional(let value): value?.byteCount ?? 0
    case .map(let keys, let values): values.reduce(keys.byteCount) { $0 + $1.byteCount }
    }
  }

  /// The type, as precise as the value shows it; the elements of an empty sequence are of unknown type.
  public var type: ValueType {
    switch self {
    case .tensor(let tensor): tensor.type
    case .sequence(let elements): .sequence(RuntimeValue.commonType(of: elements))
    case .optional(let value): .optional(value?.type ?? .unknown)
    case .map(let keys, let values): .map(key: keys.dataType, value: RuntimeValue.commonType(of: values))
    }
  }

  private static func commonType(of values: [RuntimeValue]) -> ValueType {
    guard let first = values.first?.type else { return .unknown }
    guard values.dropFirst().contains(where: { $0.type != first }) else { return first }
    guard case .tensor(let type) = first, values.allSatisfy({ $0.tensor?.dataType == type.dataType }) else {
      return .unknown
    }
    return .tensor(TensorType(type.dataType, nil))
  }
}

extension ValueType {
  /// Whether it is an optional.
  public var isOptional: Bool { if case .optional = self { true } else { false } }

  /// Whether it is a sequence, an optional or a map, and so no tensor.
  public var isComposite: Bool {
    switch self {
    case .sequence, .optional, .map: true
    case .tensor, .sparseTensor, .opaque, .unknown: false
    }
  }
}
