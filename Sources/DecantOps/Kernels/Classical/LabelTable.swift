internal import DecantIR

/// Where each of some keys stands in a list. Of equal keys the last counts; zeros of both signs are equal, and NaN is one
/// key.
struct LabelTable {
  private enum Places {
    case bits([UInt64: Int])
    case strings([ByteString: Int])
  }

  private let type: DataType
  private let table: Places

  /// The table of `keys`, a vector.
  init(_ keys: Tensor) throws(OpError) {
    type = keys.dataType
    if let strings = keys.strings {
      table = .strings(Dictionary(zip(strings, strings.indices)) { _, last in last })
    } else {
      let bits = try LabelTable.bits(keys)
      table = .bits(Dictionary(zip(bits, bits.indices)) { _, last in last })
    }
  }

  /// Where each element stands; nil for those that do not.
  ///
  /// - Throws: ``OpError`` when they are of another type than the keys.
  func places(of tensor: Tensor) throws(OpError) -> [Int?] {
    guard tensor.dataType == type else { throw OpError("operand 0: expected \(type), got \(tensor.dataType)") }
    switch table {
    case .strings(let places): return (tensor.strings ?? []).map { places[$0] }
    case .bits(let places): return try LabelTable.bits(tensor).map { places[$0] }
    }
  }

  /// For each element the one of `values` that stands where it does, or `fallback`, a vector of one.
  func look(
    up tensor: Tensor, in values: Tensor, or fallback: Tensor, _ context: EvaluationContext
  ) throws(OpError) -> Tensor {
    try context.move([values, fallback], shape: tensor.shape, Choice(places: try places(of: tensor)))
  }

  /// Elements as patterns that are equal where the numbers are.
  private static func bits(_ tensor: Tensor) throws(OpError) -> [UInt64] {
    switch try tensor.wideElements() {
    case .floats(let values): values.map { pattern(Double($0)) }
    case .doubles(let values): values.map(pattern)
    case .signed(let values): values.map { UInt64(bitPattern: $0) }
    case .unsigned(let values): values
    case .strings: throw OpError("expected numbers, got strings")
    }
  }

  private static func pattern(_ value: Double) -> UInt64 {
    value.isNaN ? Double.nan.bitPattern : value == 0 ? 0 : value.bitPattern
  }
}

/// Takes for each place the element of the first source there, or the one element of the second.
struct Choice: Movement {
  let places: [Int?]

  func move<Cell>(_ sources: [UnsafeBufferPointer<Cell>], into target: UnsafeMutableBufferPointer<Cell>) {
    for (index, place) in places.enumerated() {
      if let place { unsafe target[index] = sources[0][place] } else { unsafe target[index] = sources[1][0] }
    }
  }
}
