internal import Synchronization

/// What one reading may cost: asked before every allocation that a file sizes, because a failed one cannot be caught.
///
/// One budget serves a whole command, from any thread. Bytes that are only mapped cost nothing.
public final class Budget: Sendable {
  /// How much a reading may take.
  public struct Limits: Hashable, Sendable {
    /// Bytes of heap that may be taken at the same time.
    public var bytes: Int
    /// Messages, list elements, tensors, nodes and the like that may be made.
    public var objects: Int
    /// Levels of nesting.
    public var depth: Int

    /// Limits of `bytes` (8 GiB), `objects` (32 Mi) and `depth` (100), where the figures are the defaults.
    public init(bytes: Int = 8 << 30, objects: Int = 32 << 20, depth: Int = 100) {
      self.bytes = bytes
      self.objects = objects
      self.depth = depth
    }

    /// Limits that fit the metadata of an input of `count` bytes, so that a small file never costs much.
    ///
    /// 64 MiB and 16 bytes for each byte of input; 65,536 objects and one for each 4 bytes; never more than the defaults.
    public static func metadata(ofInput count: Int) -> Limits {
      let standard = Limits()
      let scaled = min(max(count, 0), standard.bytes / 16)
      return Limits(
        bytes: min(standard.bytes, (64 << 20) + scaled * 16),
        objects: min(standard.objects, 65_536 + scaled / 4),
        depth: standard.depth)
    }
  }

  /// The limits that hold.
  public let limits: Limits
  private let usedBytes = Atomic<Int>(0)
  private let usedObjects = Atomic<Int>(0)

  /// A budget with nothing used.
  public init(_ limits: Limits = Limits()) {
    self.limits = limits
  }

  /// The bytes that are taken now.
  public var bytes: Int { usedBytes.load(ordering: .relaxed) }

  /// The objects made so far.
  public var objects: Int { usedObjects.load(ordering: .relaxed) }

  /// Takes `count` bytes for `subject`, or refuses; `offset` is where the input asked for them.
  public func take(bytes count: Int, for subject: @autoclosure () -> String, at offset: Int) throws(WireError) {
    guard Budget.add(count, to: usedBytes, limit: limits.bytes) else {
      throw WireError(
        .overBudget, at: offset,
        "\(subject()) needs \(count) bytes, and \(limits.bytes - bytes) of \(limits.bytes) are left in the budget")
    }
  }

  /// Takes `count` elements of `stride` bytes each for `subject`, or refuses; overflow is refused too.
  public func take(
    _ count: Int, of stride: Int, for subject: @autoclosure () -> String, at offset: Int
  ) throws(WireError) {
    let (total, overflow) = count.multipliedReportingOverflow(by: stride)
    guard !overflow, total >= 0 else {
      throw WireError(.overflow, at: offset, "\(subject()) needs \(count) elements of \(stride) bytes")
    }
    try take(bytes: total, for: subject(), at: offset)
  }

  /// Gives back bytes that were taken and are freed.
  public func giveBack(bytes count: Int) {
    usedBytes.subtract(count, ordering: .relaxed)
  }

  /// Counts `count` objects more, or refuses.
  public func count(
    objects count: Int = 1, for subject: @autoclosure () -> String, at offset: Int
  ) throws(WireError) {
    guard Budget.add(count, to: usedObjects, limit: limits.objects) else {
      throw WireError(.overBudget, at: offset, "\(subject()) exceeds the budget of \(limits.objects) objects")
    }
  }

  /// Refuses a nesting of `depth` levels when that is too deep.
  public func check(depth: Int, for subject: @autoclosure () -> String, at offset: Int) throws(WireError) {
    guard depth <= limits.depth else {
      throw WireError(.malformed, at: offset, "\(subject()) is nested deeper than \(limits.depth) levels")
    }
  }

  private static func add(_ count: Int, to used: borrowing Atomic<Int>, limit: Int) -> Bool {
    guard count >= 0 else { return false }
    var current = used.load(ordering: .relaxed)
    while true {
      let (sum, overflow) = current.addingReportingOverflow(count)
      guard !overflow, sum <= limit else { return false }
      let (exchanged, original) = used.weakCompareExchange(expected: current, desired: sum, ordering: .relaxed)
      if exchanged { return true }
      current = original
    }
  }
}
