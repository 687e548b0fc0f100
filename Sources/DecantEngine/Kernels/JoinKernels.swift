internal import DecantIR
internal import DecantRuntime

/// Tensors one after another along an axis.
struct ConcatKernel: Kernel {
  private let type: ConcreteType
  private let axis: Int
  private let parts: [ConcreteType]

  static let make: NativeBackend.Maker = { (request) throws(OpError) in
    let parts = request.operands.compactMap { $0 }
    guard let first = parts.first, parts.count == request.operands.count, first.rank >= 1,
      let given = request.attributes.int("axis"), Pieces.canMove(first)
    else { return nil }
    let axis = try normalizeAxis(given, rank: first.rank)
    var (shape, length) = (first.shape, 0)
    for part in parts {
      guard part.dataType == first.dataType, part.rank == first.rank, !part.shape.contains(0) else { return nil }
      var other = part.shape
      other[axis] = first.shape[axis]
      guard other == first.shape else { return nil }
      length += part.shape[axis]
    }
    shape[axis] = length
    return ConcatKernel(type: ConcreteType(first.dataType, shape), axis: axis, parts: parts)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    var sources: [Source] = []
    for index in parts.indices { sources.append(try call.source(index)) }
    let result = try call.make(type, from: sources) { target in
      let row = Pieces.row(type, axis)
      var start = 0
      for (part, source) in zip(parts, sources) {
        let width = Pieces.row(part, axis)
        for outer in 0..<type.shape[..<axis].reduce(1, *) {
          unsafe target.bytes(at: outer * row + start).copyMemory(
            from: source.bytes(at: outer * width), byteCount: width)
        }
        start += width
      }
    }
    return [result]
  }
}

/// The parts of a tensor along an axis.
struct SplitKernel: Kernel {
  let absorbed: Set<Int>
  private let type: ConcreteType
  private let axis: Int
  private let parts: [ConcreteType?]
  /// How long each part is.
  private let lengths: [Int]

  static let make: NativeBackend.Maker = { (request) throws(OpError) in
    guard let type = request.operand(0), type.rank >= 1, Pieces.canMove(type), request.wanted.first == true
    else { return nil }
    let axis = try normalizeAxis(request.attributes.int("axis", default: 0), rank: type.rank)
    let count = request.wanted.count
    let lengths: [Int]
    if request.operand(1) != nil {
      guard let given = request.constant(1)?.integers else { return nil }
      lengths = given
    } else {
      let given = request.attributes.int("num_outputs")
      guard given == nil ? type.shape[axis] % count == 0 : given == count else { return nil }
      let even = (type.shape[axis] + count - 1) / count
      guard even > 0, (count - 1) * even < type.shape[axis] else { return nil }
      lengths = (0..<count).map { min(even, type.shape[axis] - $0 * even) }
    }
    guard lengths.count == count, lengths.allSatisfy({ (1...type.shape[axis]).contains($0) }),
      lengths.reduce(0, +) == type.shape[axis]
    else { return nil }
    return SplitKernel(
      absorbed: request.operand(1) == nil ? [] : [1], type: type, axis: axis,
      parts: zip(lengths, request.wanted).map { length, isWanted in
        guard isWanted else { return nil }
        var shape = type.shape
        shape[axis] = length
        return ConcreteType(type.dataType, shape)
      }, lengths: lengths)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let source = try call.source(0)
    return try call.make(parts, from: [source]) { targets in
      let row = Pieces.row(type, axis)
      var start = 0
      for (target, length) in zip(targets, lengths) {
        let width = row / type.shape[axis] * length
        for outer in 0..<(target == nil ? 0 : type.shape[..<axis].reduce(1, *)) {
          unsafe target?.bytes(at: outer * width).copyMemory(
            from: source.bytes(at: outer * row + start), byteCount: width)
        }
        start += width
      }
    }
  }
}

/// Stretches of bytes from one axis on.
private enum Pieces {
  /// Whether elements of the type are whole bytes, and there are some.
  static func canMove(_ type: ConcreteType) -> Bool {
    type.dataType != .string && type.dataType.bitWidth % 8 == 0 && !type.shape.contains(0)
  }

  /// The bytes of the axes from `axis` on.
  static func row(_ type: ConcreteType, _ axis: Int) -> Int {
    type.shape[axis...].reduce(type.dataType.bitWidth / 8, *)
  }
}
