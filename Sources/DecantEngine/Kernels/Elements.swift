internal import DecantBytes
internal import DecantIR
internal import DecantRuntime

/// The elements of an operand, for loops in C: aligned, and kept as long as this is.
@safe struct Source: @unchecked Sendable {
  /// What holds them.
  let tensor: Tensor
  private let start: UnsafeRawPointer

  /// - Throws: ``OpError`` when there are no elements to point at.
  init(_ tensor: Tensor) throws(OpError) { try self.init(asItLies: tensor.aligned) }

  /// From elements that may not be aligned, for loops that copy bytes.
  ///
  /// - Throws: ``OpError`` when there are no elements to point at.
  init(asItLies tensor: Tensor) throws(OpError) {
    self.tensor = tensor
    guard let slice = self.tensor.bytes, slice.count > 0,
      let start = unsafe slice.bytes.withUnsafeBytes({ $0.baseAddress })
    else { throw OpError("expected elements in memory, got \(tensor.dataType)\(tensor.shape)", kind: .unsupported) }
    unsafe self.start = start
  }

  /// The byte at `offset`.
  func bytes(at offset: Int = 0) -> UnsafeRawPointer { unsafe start + offset }

  /// The element at `offset`.
  func floats(at offset: Int = 0) -> UnsafePointer<Float> {
    unsafe start.assumingMemoryBound(to: Float.self) + offset
  }
}

/// The elements of a result, for loops in C.
@safe struct Target: @unchecked Sendable {
  private let start: UnsafeMutableRawPointer

  fileprivate init(_ start: UnsafeMutableRawPointer) { unsafe self.start = start }

  /// The byte at `offset`.
  func bytes(at offset: Int = 0) -> UnsafeMutableRawPointer { unsafe start + offset }

  /// The element at `offset`.
  func floats(at offset: Int = 0) -> UnsafeMutablePointer<Float> {
    unsafe start.assumingMemoryBound(to: Float.self) + offset
  }
}

extension KernelCall {
  /// The elements of operand `index`.
  ///
  /// - Throws: ``OpError`` when it is left out.
  func source(_ index: Int) throws(OpError) -> Source { try Source(try operand(index).plain()) }

  /// The elements of operand `index`; nil when it is left out.
  func optionalSource(_ index: Int) throws(OpError) -> Source? {
    guard index < operands.count, let operand = operands[index] else { return nil }
    return try Source(try operand.plain())
  }

  /// A result that `fill` writes from `sources`.
  ///
  /// - Throws: ``OpError`` for sizes beyond ``byteLimit``.
  func make(_ type: ConcreteType, from sources: [Source], fill: (Target) -> Void) throws(OpError) -> RuntimeTensor {
    try make([type], from: sources) { (targets) throws(OpError) in
      if let target = targets[0] { fill(target) }
    }[0]
  }

  /// Results that `fill` writes from `sources`; where the type is nil none is wanted, and the first stands there. The first is
  /// not empty.
  ///
  /// - Throws: ``OpError`` for sizes beyond ``byteLimit``, and what `fill` throws.
  func make(
    _ types: [ConcreteType?], from sources: [Source], fill: ([Target?]) throws(OpError) -> Void
  ) throws(OpError) -> [RuntimeTensor] {
    let made = try allocate(types[...], [], fill)
    withExtendedLifetime(sources) {}
    return made.map { .plain($0 ?? made[0] ?? Tensor([Float]())) }
  }

  /// Images that `fill` writes from `sources`, with the extents `shape` as they lie: the channels innermost.
  ///
  /// - Throws: ``OpError`` for sizes beyond ``byteLimit``, and what `fill` throws.
  func makeChannelsLast(
    _ shape: [Int], of dataType: DataType = .float32, from sources: [Source], fill: (Target) throws(OpError) -> Void
  ) throws(OpError) -> RuntimeTensor {
    let made = try make([ConcreteType(dataType, shape)], from: sources) { (targets) throws(OpError) in
      if let target = targets[0] { try fill(target) }
    }
    return ChannelsLast(try made[0].plain()).runtime
  }

  /// Allocates one result after another, and fills them when all are there: the one place where the engine allocates.
  private func allocate(
    _ types: ArraySlice<ConcreteType?>, _ targets: [Target?], _ fill: ([Target?]) throws(OpError) -> Void
  ) throws(OpError) -> [Tensor?] {
    guard let type = types.first else {
      try fill(targets)
      return []
    }
    guard let type else { return [nil] + (try allocate(types.dropFirst(), targets + [nil], fill)) }
    let count = try Tensor.byteCount(type.dataType, shape: type.shape)
    guard count <= byteLimit else {
      throw OpError("a result of \(type) needs \(count) bytes, more than the \(byteLimit) allowed", kind: .overBudget)
    }
    var others: [Tensor?] = []
    let slice = try ByteSlice(count: count, zeroed: false) { (span) throws(OpError) in
      let start = unsafe span.withUnsafeMutableBytes { $0.baseAddress }
      others = try allocate(types.dropFirst(), targets + [unsafe start.map { unsafe Target($0) }], fill)
    }
    return [try Tensor(type.dataType, shape: type.shape, bytes: slice)] + others
  }
}

extension KernelRequest {
  /// The type of operand `index` when it is given, of `dataType` and not empty.
  func operand(_ index: Int, of dataType: DataType) -> ConcreteType? {
    guard let type = operand(index), type.dataType == dataType, !type.shape.contains(0) else { return nil }
    return type
  }

  /// Whether operand `index` is left out, or a float32 tensor of `shape`.
  func isAbsent(_ index: Int, orOf shape: [Int]) -> Bool {
    guard let type = operand(index) else { return true }
    return type == ConcreteType(.float32, shape)
  }
}

/// Cuts work into parts that are worth a thread.
enum Shares {
  /// A part that costs less is not worth a thread: some microseconds, in the cost of copying one element within the cache.
  private static let least = 1 << 14
  /// A part that costs as much can be cut again without losing by it: a millisecond.
  private static let large = 1 << 22
  /// The most parts for each thread.
  private static let most = 4

  /// How many parts work of this cost is cut into: one each for as many threads as it is worth, and some more for all of them where
  /// parts are large, for threads may be held up by other work.
  static func count(_ cost: Int, threads: Int) -> Int {
    let busy = min(threads, max(1, cost / least))
    return busy < threads ? busy : threads * min(most, max(1, cost / threads / large))
  }

  /// Calls `body` for ranges that cover `0..<count`, where each index costs as much as copying `cost` elements.
  ///
  /// - Throws: the error of the first range that fails.
  static func forEach<E: Error>(
    _ count: Int, cost: Int, threads: Int, _ body: @Sendable (Range<Int>) throws(E) -> Void
  ) throws(E) {
    let (all, overflow) = count.multipliedReportingOverflow(by: cost)
    let parts = Shares.count(overflow ? .max : all, threads: threads)
    try Parallel.forEach(count: count, grain: max(1, (count + parts - 1) / parts), threads: threads, body)
  }
}
