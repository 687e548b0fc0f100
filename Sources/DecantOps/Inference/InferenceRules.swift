internal import DecantIR

/// Inference that many operators share.
enum Infer {
  /// The result has the type of operand 0.
  @Sendable static func sameType(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [context.type(0)]
  }

  /// The operands, of one element type, are broadcast together.
  @Sendable static func broadcast(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let shape = try Broadcast.shape(context.types.indices.map { context.shape($0) })
    return [.tensor(TensorType(try context.commonDataType(), shape))]
  }

  /// The operands, of one element type, are broadcast together; the result is bool.
  @Sendable static func broadcastToBool(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    _ = try context.commonDataType()
    return [.tensor(.bool, try Broadcast.shape(context.types.indices.map { context.shape($0) }))]
  }

  /// The result is bool and has the shape of operand 0.
  @Sendable static func boolOfSameShape(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.bool, context.shape(0))]
  }

  /// What operand 0 holds, unchanged.
  @Sendable static func sameSymbols(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    [context.symbols(0)]
  }
}

extension InferenceContext {
  /// The element type of the operands from `first` on, as far as one is known.
  ///
  /// - Throws: ``OpError`` when two differ.
  func commonDataType(from first: Int = 0) throws(OpError) -> DataType? {
    var known: DataType?
    for index in types.indices.dropFirst(first) {
      guard let type = dataType(index) else { continue }
      if let known, known != type { throw OpError("expected operands of one element type, got \(known) and \(type)") }
      known = type
    }
    return known
  }

  /// The data type that the integer attribute `name` names by its ONNX number; nil when it is missing.
  ///
  /// - Throws: ``OpError`` when no type has that number.
  func dataType(attribute name: String) throws(OpError) -> DataType? { try attributes.dataType(name) }
}

extension Attributes {
  /// The data type that the integer attribute `name` names by its ONNX number; nil when it is missing.
  ///
  /// - Throws: ``OpError`` when no type has that number.
  func dataType(_ name: String) throws(OpError) -> DataType? {
    guard let number = int(name) else { return nil }
    guard let raw = UInt8(exactly: number), let type = DataType(rawValue: raw) else {
      throw OpError("'\(name)' expected the number of an element type, got \(number)")
    }
    return type
  }

  /// The text `name`, or the first of `options` when it is missing.
  ///
  /// - Throws: ``OpError`` when it is none of `options`.
  func choice(_ name: String, of options: [String]) throws(OpError) -> String {
    guard self[name] != nil else { return options[0] }
    guard let text = string(name), options.contains(text) else {
      let list = options.map { "'\($0)'" }.joined(separator: ", ")
      throw OpError("'\(name)' expected one of \(list), got '\(string(name) ?? "bytes that are not text")'")
    }
    return text
  }
}

extension SymbolicTensor {
  /// What an elementwise function makes of one symbolic vector.
  func map(_ body: (Dimension) -> Dimension) -> SymbolicTensor {
    SymbolicTensor(elements: elements.map(body), isScalar: isScalar)
  }

  /// What an elementwise function makes of two symbolic vectors that broadcast; nil when they do not.
  static func zip(
    _ a: SymbolicTensor?, _ b: SymbolicTensor?, _ body: (Dimension, Dimension) -> Dimension
  ) -> SymbolicTensor? {
    guard let a, let b else { return nil }
    let isScalar = a.isScalar && b.isScalar
    switch (a.elements.count, b.elements.count) {
    case (let m, let n) where m == n:
      return SymbolicTensor(elements: Swift.zip(a.elements, b.elements).map(body), isScalar: isScalar)
    case (1, _): return SymbolicTensor(elements: b.elements.map { body(a.elements[0], $0) }, isScalar: isScalar)
    case (_, 1): return SymbolicTensor(elements: a.elements.map { body($0, b.elements[0]) }, isScalar: isScalar)
    default: return nil
    }
  }
}

extension Dimension {
  /// Whether it is known not to be negative: numbers, and expressions that only add and multiply extents.
  var isKnownNotNegative: Bool {
    switch self {
    case .fixed(let value): value >= 0
    case .symbolic(let expression): expression.constant >= 0 && expression.terms.allSatisfy { $0.coefficient > 0 }
    case .unknown: false
    }
  }
}
