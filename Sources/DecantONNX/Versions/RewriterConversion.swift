internal import DecantBytes
internal import DecantIR

/// What the steps between versions have in common: moving values between attributes and operands.
extension Rewriter {
  /// An initializer that holds `tensor`, shared with equal ones made for the same `role`.
  mutating func sharedInitializer(_ tensor: Tensor, role: String) -> ValueID {
    let text = tensor.integers.map { $0.prefix(8).map { "\($0)" }.joined(separator: "_") } ?? ""
    let name = text.isEmpty ? role : "\(role)_\(text)"
    if let existing = graph.value(named: name), graph[existing].constant == tensor { return existing }
    return addInitializer(name, tensor)
  }

  /// Sets operand `index`, adding operands that are left out up to there.
  mutating func putOperand(_ index: Int, of node: NodeID, _ value: ValueID?) {
    var operands = Array(graph[node].declaredOperands)
    while operands.count <= index { operands.append(nil) }
    operands[index] = value
    setOperands(node, operands)
  }

  /// Cuts the operands off from `index` on, and constants that nothing else reads with them.
  mutating func cutOperands(from index: Int, of node: NodeID) {
    let operands = graph[node].declaredOperands
    guard index < operands.count else { return }
    let dropped = operands[index...].compactMap { $0 }
    setOperands(node, Array(operands[..<index]).droppingLastNils)
    for value in dropped { eraseUnread(value) }
  }

  /// Erases a constant that nothing reads.
  mutating func eraseUnread(_ value: ValueID) {
    guard graph.contains(value), graph[value].useCount == 0 else { return }
    if graph[value].definition == .initializer {
      erase(value)
    } else if let producer = graph[value].producer, graph[producer].op == "Constant" {
      eraseWithProducers(producer)
    }
  }

  /// The constant that operand `index` is: an initializer, or the result of a `Constant`.
  func knownOperand(_ index: Int, of node: NodeID) -> Tensor? {
    graph[node].operand(index).flatMap { graph.knownConstant($0) }
  }

  /// Puts nodes behind `result` of `node`, which `wrap` makes: what read the result reads what `wrap` returns, under the
  /// result's name and type, and the result is renamed with `suffix`.
  mutating func wrapResult(
    _ result: ValueID, of node: NodeID, suffix: String, _ wrap: (ValueID, inout Rewriter) -> ValueID
  ) {
    let (name, type) = (graph[result].name, graph[result].type)
    let uses = Array(graph.uses(of: result))
    let whole = wrap(result, &self)
    for use in uses { replace(use, with: whole) }
    setType(result, .unknown)
    setType(whole, type)
    rename(result, to: "\(name)_\(suffix)")
    rename(whole, to: name)
  }

  /// Moves the integers of attribute `name` to operand `index`, as a vector of int64.
  mutating func moveToOperand(_ name: String, _ index: Int, of node: NodeID) {
    guard let values = graph[node].attributes.ints(name) else { return }
    putOperand(index, of: node, sharedInitializer(Tensor(values.map(Int64.init)), role: name))
    setAttribute(node, name, nil)
  }

  /// Moves operand `index`, which must be constant integers, to attribute `name`; operands after it stay.
  func integers(ofOperand index: Int, of node: NodeID, as name: String) throws(OpError) -> [Int64]? {
    guard graph[node].operand(index) != nil else { return nil }
    guard let values = knownOperand(index, of: node)?.integers else {
      throw OpError("'\(name)' is computed, and older versions take a constant")
    }
    return values.map(Int64.init)
  }
}

extension Tensor {
  /// Zeros of any type of whole bytes.
  static func zeros(_ type: DataType, shape: [Int]) throws(OpError) -> Tensor {
    let count = try Tensor.byteCount(type, shape: shape)
    return try Tensor(type, shape: shape, bytes: ByteSlice(copying: [UInt8](repeating: 0, count: count)))
  }
}

extension Graph {
  /// The element type of operand `index`, as far as it is known.
  func elementType(ofOperand index: Int, of node: NodeID) -> DataType? {
    self[node].operand(index).flatMap { elementType(of: $0) }
  }

  /// The constant that a value is: an initializer, or the tensor of a `Constant` node.
  func knownConstant(_ value: ValueID) -> Tensor? {
    if let constant = self[value].constant { return constant }
    guard let producer = self[value].producer, self[producer].op == "Constant" else { return nil }
    let attributes = self[producer].attributes
    if let tensor = attributes.tensor("value") { return tensor }
    if let number = attributes.int("value_int") { return Tensor(scalar: Int64(number)) }
    if let numbers = attributes.ints("value_ints") { return Tensor(numbers.map(Int64.init)) }
    if let number = attributes.float("value_float") { return Tensor(scalar: number) }
    if let numbers = attributes.floats("value_floats") { return Tensor(numbers) }
    return nil
  }

  /// The element type of a value, as far as its type, a constant or the operators that produce it tell.
  func elementType(of value: ValueID) -> DataType? {
    var current = value
    for _ in 0..<64 {
      if let type = self[current].type.dataType { return type }
      guard let producer = self[current].producer else { return nil }
      let node = self[producer]
      switch node.op.type {
      case "Cast": return node.attributes.int("to").flatMap { UInt8(exactly: $0) }.flatMap(DataType.init(rawValue:))
      case "Constant": return knownConstant(current)?.dataType
      case "Shape", "Size", "NonZero", "ArgMax", "ArgMin": return .int64
      default:
        let known = node.operands.lazy.compactMap { $0 }.compactMap { self[$0].constant?.dataType }.first
        if let known,
          ["Conv", "Gemm", "MatMul", "Add", "Mul", "Sub", "Div", "BatchNormalization"].contains(node.op.type)
        {
          return known
        }
        guard let next = node.operand(0) else { return nil }
        current = next
      }
    }
    return nil
  }
}
