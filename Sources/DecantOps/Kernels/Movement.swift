internal import DecantBytes
internal import DecantIR

/// A kernel that puts elements in other places and never looks at them, so that it serves every type of one width.
protocol Movement {
  /// Fills `target`, which has the elements of the result, from the operands. It holds zeroes or empty strings before.
  ///
  /// Precondition for callers: every index that the movement computes has been checked against the shapes.
  func move<Cell>(_ sources: [UnsafeBufferPointer<Cell>], into target: UnsafeMutableBufferPointer<Cell>)
}

extension EvaluationContext {
  /// A tensor of `shape` with elements that `movement` takes from `sources`, which are of one type.
  func move(_ sources: [Tensor], shape: [Int], _ movement: some Movement) throws(OpError) -> Tensor {
    guard let type = sources.first?.dataType else { throw OpError("expected an operand") }
    for other in sources where other.dataType != type { throw expectedOneType(sources[0], other) }
    try checkSize(type, shape: shape)
    switch type {
    case .string: return try moveStrings(sources, shape: shape, movement)
    case let type where type.isPacked:
      let moved = try moveCells(UInt8.self, sources.map(PackedElements.unpack), shape: shape, movement)
      return try PackedElements.pack(moved.array(of: UInt8.self) ?? [], type, shape: shape)
    case let type:
      let result =
        switch type.bitWidth {
        case 8: try moveCells(UInt8.self, sources, shape: shape, movement)
        case 16: try moveCells(UInt16.self, sources, shape: shape, movement)
        case 32: try moveCells(UInt32.self, sources, shape: shape, movement)
        case 64: try moveCells(UInt64.self, sources, shape: shape, movement)
        default: try movePairs(sources, shape: shape, movement)
        }
      return result.dataType == type ? result : result.reinterpreted(as: type)
    }
  }

  private func moveCells<Cell: TensorElement>(
    _ cell: Cell.Type, _ sources: [Tensor], shape: [Int], _ movement: some Movement
  ) throws(OpError) -> Tensor {
    let tensors = sources.map { $0.dataType == Cell.dataType ? $0 : $0.reinterpreted(as: Cell.dataType) }
    return try make(Cell.self, shape: shape) { target in
      unsafe target.withUnsafeMutableBufferPointer { target in
        unsafe withSources(tensors) { (sources: [UnsafeBufferPointer<Cell>]) in
          unsafe movement.move(sources, into: target)
        }
      }
    }
  }

  /// 16-byte elements: the two halves of complex numbers of doubles.
  private func movePairs(_ sources: [Tensor], shape: [Int], _ movement: some Movement) throws(OpError) -> Tensor {
    var result = [Pair](repeating: Pair(first: 0, second: 0), count: try Tensor.elementCount(shape: shape))
    let pairs = sources.map { source -> [Pair] in
      let words = source.reinterpretedWords
      return (0..<source.elementCount).map { Pair(first: words[2 * $0], second: words[2 * $0 + 1]) }
    }
    unsafe result.withUnsafeMutableBufferPointer { target in
      unsafe withArrays(pairs) { unsafe movement.move($0, into: target) }
    }
    var bytes: [UInt8] = []
    for pair in result {
      for word in [pair.first, pair.second] {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
      }
    }
    return try Tensor(sources[0].dataType, shape: shape, bytes: ByteSlice(copying: bytes))
  }

  private func moveStrings(_ sources: [Tensor], shape: [Int], _ movement: some Movement) throws(OpError) -> Tensor {
    var result = [ByteString](repeating: "", count: try Tensor.elementCount(shape: shape))
    let strings = sources.map { $0.strings ?? [] }
    unsafe result.withUnsafeMutableBufferPointer { target in
      unsafe withArrays(strings) { unsafe movement.move($0, into: target) }
    }
    return try Tensor(strings: result, shape: shape)
  }
}

private struct Pair {
  var first: UInt64
  var second: UInt64
}

extension Tensor {
  fileprivate var reinterpretedWords: [UInt64] {
    guard let slice = bytes else { return [] }
    return (0..<slice.count / 8).map { index in
      unsafe slice.bytes.unsafeLoadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
    }
  }
}

/// Calls `body` with the elements of all tensors at once.
///
/// A loop, not closures in closures: the optimizer would specialize those for every depth and every movement.
private func withSources<Cell: TensorElement>(_ tensors: [Tensor], _ body: ([UnsafeBufferPointer<Cell>]) -> Void) {
  withExtendedLifetime(tensors) {
    // A tensor's bytes stay where they are for as long as the tensor lives.
    let sources = unsafe tensors.map { tensor in
      unsafe tensor.span(of: Cell.self).withUnsafeBufferPointer { unsafe $0 }
    }
    unsafe body(sources)
  }
}

/// Calls `body` with the elements of all arrays at once.
private func withArrays<Cell>(_ arrays: [[Cell]], _ body: ([UnsafeBufferPointer<Cell>]) -> Void) {
  let all = arrays.flatMap { $0 }
  unsafe all.withUnsafeBufferPointer { whole in
    var start = 0
    let sources = unsafe arrays.map { array in
      defer { start += array.count }
      return unsafe UnsafeBufferPointer(rebasing: whole[start..<start + array.count])
    }
    unsafe body(sources)
  }
}
