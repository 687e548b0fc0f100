internal import DecantBytes
internal import DecantIR

extension Tensor {
  /// The elements in double precision: exact for every real type but 64-bit integers beyond 2^53; nil for others.
  var doubles: [Double]? {
    switch dataType {
    case .float64: array(of: Double.self)
    case .int64, .uint64, .int32, .uint32: integers?.map(Double.init)
    default: floats?.map(Double.init)
    }
  }

  /// Whether all elements equal `number`. Zeros of both signs count as equal.
  ///
  /// Looks at the first element before it reads the others, and not at all at more than 65,536.
  func isFilled(with number: Double) -> Bool {
    guard (1...65_536).contains(elementCount), !isAbsent, !dataType.isPacked, dataType.bitWidth % 8 == 0, let bytes,
      let first = try? Tensor(dataType, shape: [], bytes: bytes[0..<dataType.bitWidth / 8]),
      first.doubles?.first == number
    else { return false }
    return elementCount == 1 || (doubles?.allSatisfy { $0 == number } ?? false)
  }

  /// The bool that all elements equal; nil when they differ or are of another type.
  var commonBool: Bool? {
    guard let elements = array(of: Boolean.self), let first = elements.first?.value else { return nil }
    return elements.allSatisfy { $0.value == first } ? first : nil
  }

  /// A vector of float32 or float64.
  ///
  /// Nil for other types, and where a number does not fit.
  static func vector(_ numbers: [Double], of dataType: DataType) -> Tensor? {
    switch dataType {
    case .float32:
      let narrow = numbers.map { Float($0) }
      return narrow.allSatisfy(\.isFinite) ? Tensor(narrow) : nil
    case .float64: return numbers.allSatisfy(\.isFinite) ? Tensor(numbers) : nil
    default: return nil
    }
  }
}

extension Graph {
  /// Whether operand `index` of `node` is a constant of which all elements equal `number`.
  func isConstant(_ number: Double, operand index: Int, of node: NodeID) -> Bool {
    constant(ofOperand: index, of: node)?.isFilled(with: number) ?? false
  }

  /// The integers of a constant operand; nil when it is computed, left out, or not of an integer type.
  func integers(ofOperand index: Int, of node: NodeID) -> [Int]? {
    constant(ofOperand: index, of: node)?.integers
  }
}
