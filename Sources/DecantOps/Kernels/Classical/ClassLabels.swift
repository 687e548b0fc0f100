internal import DecantIR

/// The names of a classifier's classes.
enum ClassLabels {
  case integers([Int64])
  case strings([ByteString])

  /// From the one of two attributes that is given.
  ///
  /// - Throws: ``OpError`` when neither or both are.
  init(_ attributes: Attributes, integers: String, strings: String) throws(OpError) {
    switch (attributes[integers], attributes[strings]) {
    case (.ints(let values), nil) where !values.isEmpty, (.ints(let values), .strings([])) where !values.isEmpty:
      self = .integers(values)
    case (nil, .strings(let values)) where !values.isEmpty, (.ints([]), .strings(let values)) where !values.isEmpty:
      self = .strings(values)
    default: throw OpError("expected labels in one of '\(integers)' and '\(strings)'")
    }
  }

  /// How many.
  var count: Int {
    switch self {
    case .integers(let values): values.count
    case .strings(let values): values.count
    }
  }

  /// The type of the labels.
  var dataType: DataType {
    switch self {
    case .integers: .int64
    case .strings: .string
    }
  }

  /// 0 and 1, for a classifier that knows only one label.
  var digits: ClassLabels {
    switch self {
    case .integers: .integers([0, 1])
    case .strings: .strings(["0", "1"])
    }
  }

  /// The labels with these numbers, as a vector. Precondition: each is below ``count``.
  func tensor(_ choices: [Int]) throws(OpError) -> Tensor {
    switch self {
    case .integers(let values): Tensor(choices.map { values[$0] })
    case .strings(let values): try Tensor(strings: choices.map { values[$0] }, shape: [choices.count])
    }
  }
}
