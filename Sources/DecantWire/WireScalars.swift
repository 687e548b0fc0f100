public import DecantBytes

/// A repeated scalar field as it stands in the file: the runs of its encoded values, decoded only when asked.
///
/// Packed, unpacked and split lists all end up here; a packed list of fixed-size values is one run that can serve as
/// a tensor's data without a copy.
@usableFromInline
package struct WireScalars: Sendable {
  private var source: WireSource?
  private var runs: [Range<Int>] = []
  /// How many bytes the encoded values take.
  @usableFromInline
  package private(set) var byteCount = 0

  /// No values.
  package init() {}

  /// Whether there are no values.
  @usableFromInline
  package var isEmpty: Bool { byteCount == 0 }

  /// Where the first value stands in the input.
  package var offset: Int { runs.first?.lowerBound ?? 0 }

  mutating func append(_ run: Range<Int>, of source: WireSource) throws(WireError) {
    guard !run.isEmpty else { return }
    self.source = source
    byteCount += run.count
    try source.budget.take(bytes: 2 * MemoryLayout<Range<Int>>.stride, for: "list of values", at: run.lowerBound)
    runs.append(run)
  }

  /// The encoded runs.
  @usableFromInline
  package var slices: [ByteSlice] {
    guard let source else { return [] }
    return runs.map { source.bytes[$0] }
  }

  /// The encoded values when they stand in one run; empty when there are none, nil when there are several runs.
  package var contiguous: ByteSlice? {
    guard let source, let first = runs.first else { return ByteSlice() }
    return runs.count == 1 ? source.bytes[first] : nil
  }

  /// The encoded runs one after the other, copied when there are several.
  package func joined() throws(WireError) -> ByteSlice {
    if let contiguous { return contiguous }
    guard let source else { return ByteSlice() }
    try source.budget.take(bytes: byteCount, for: "list of values", at: offset)
    var at = 0
    return ByteSlice(count: byteCount) { (target: inout MutableRawSpan) in
      for run in runs {
        for position in run {
          target.storeBytes(of: source.byte(position), toByteOffset: at, as: UInt8.self)
          at += 1
        }
      }
    }
  }

  /// How many varints the runs hold: the bytes that end one.
  package func varintCount() -> Int {
    guard let source else { return 0 }
    var count = 0
    for run in runs {
      for position in run where source.byte(position) < 0x80 { count += 1 }
    }
    return count
  }

  /// Gives each varint to `body`, in order.
  ///
  /// Allocates nothing.
  package func forEachVarint(_ body: (UInt64) throws(WireError) -> Void) throws(WireError) {
    guard let source else { return }
    for run in runs {
      var position = run.lowerBound
      while position < run.upperBound {
        try body(try source.varint(&position, end: run.upperBound))
      }
    }
  }
}
