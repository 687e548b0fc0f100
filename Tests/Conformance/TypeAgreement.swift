import Decant

/// Whether computed values have the types that inference found, symbols included: one stands for one number.
struct TypeAgreement {
  private var numbers: [String: Int] = [:]

  /// What of `type` is not true of `value`; nil when all is.
  ///
  /// A symbol seen for the first time takes the number that it must have.
  mutating func contradiction(_ type: ValueType, _ value: RuntimeValue) -> String? {
    switch (type, value) {
    case (.unknown, _): return nil
    case (.tensor(let type), .tensor(let tensor)):
      return agrees(type, tensor) ? nil : "inferred \(type), computed \(tensor.type)"
    case (.sequence(let element), .sequence(let values)):
      // The elements may differ, so that their symbols stand for no one number.
      let contradictions = values.lazy.compactMap { value in
        var alone = TypeAgreement()
        return alone.contradiction(element, value)
      }
      return contradictions.first
    case (.optional(let element), .optional(let value)):
      return value.flatMap { contradiction(element, $0) }
    case (.optional(let element), _): return contradiction(element, value)
    case (.map(let key, let element), .map(let keys, let values)):
      guard keys.dataType == key else { return "inferred keys of \(key), computed \(keys.dataType)" }
      return values.first.flatMap { contradiction(element, $0) }
    default: return "inferred \(type), computed \(value.kind)"
    }
  }

  private mutating func agrees(_ type: TensorType, _ tensor: Tensor) -> Bool {
    guard type.dataType == nil || type.dataType == tensor.dataType else { return false }
    guard let shape = type.shape else { return true }
    guard shape.rank == tensor.rank else { return false }
    for (dimension, extent) in zip(shape.dimensions, tensor.shape) {
      switch dimension {
      case .unknown: break
      case .fixed(let number): guard number == extent else { return false }
      case .symbolic(let expression):
        if let symbol = expression.symbol, numbers[symbol] == nil { numbers[symbol] = extent }
        if let number = expression.evaluate(numbers), number != extent { return false }
      }
    }
    return true
  }
}
