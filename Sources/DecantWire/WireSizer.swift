package import DecantBytes

/// Measures a record: the bytes of each nested message, in the order in which ``WireWriter`` meets them.
///
/// Lengths stand before what they measure, so this pass comes first; it keeps one number a message and no bytes.
package struct WireSizer: WireVisitor {
  package typealias Failure = Never

  /// The bytes of all fields measured so far.
  package private(set) var total = 0
  /// The bytes of each nested message, in the order of their beginnings.
  private(set) var sizes: [Int] = []

  /// A sizer that has measured nothing.
  package init() {}

  /// The bytes that `record` takes without a tag or length.
  package static func size<R: WireRecord>(of record: R) -> Int {
    var sizer = WireSizer()
    var record = record
    sizer.measure(&record)
    return sizer.total
  }

  mutating func measure<R: WireRecord>(_ record: inout R) {
    record.visit(&self)
    for field in record.unknown { total += field.count }
  }

  /// Nothing is read.
  package var reading: Int? { nil }

  package mutating func int64(_ number: Int, _ value: inout Int64?) {
    guard let value else { return }
    total += tag(number) + WireSizer.varint(UInt64(bitPattern: value))
  }

  package mutating func int32(_ number: Int, _ value: inout Int32?) {
    guard let value else { return }
    total += tag(number) + WireSizer.varint(UInt64(bitPattern: Int64(value)))
  }

  package mutating func float(_ number: Int, _ value: inout Float?) {
    if value != nil { total += tag(number) + 4 }
  }

  package mutating func string(_ number: Int, _ value: inout String?) {
    if let value { delimited(number, value.utf8.count) }
  }

  package mutating func text(_ number: Int, _ value: inout String?) {
    if let value { delimited(number, value.utf8.count) }
  }

  package mutating func bytes(_ number: Int, _ value: inout ByteSlice?) {
    if let value { delimited(number, value.count) }
  }

  package mutating func message<M: WireRecord>(_ number: Int, _ value: inout M?) {
    if let value { nested(number, value) }
  }

  package mutating func message<M: WireRecord>(_ number: Int, _ value: inout Box<M>?) {
    if let value { nested(number, value.value) }
  }

  package mutating func strings(_ number: Int, _ value: inout [String]) {
    for text in value { delimited(number, text.utf8.count) }
  }

  package mutating func byteLists(_ number: Int, _ value: inout [ByteSlice]) {
    for bytes in value { delimited(number, bytes.count) }
  }

  package mutating func int64s(_ number: Int, _ value: inout [Int64]) {
    for element in value { total += tag(number) + WireSizer.varint(UInt64(bitPattern: element)) }
  }

  package mutating func floats(_ number: Int, _ value: inout [Float]) {
    total += value.count * (tag(number) + 4)
  }

  package mutating func messages<M: WireRecord>(_ number: Int, _ value: inout [M]) {
    for element in value { nested(number, element) }
  }

  package mutating func scalars(_ number: Int, _ value: inout WireScalars) {
    if !value.isEmpty { delimited(number, value.byteCount) }
  }

  private mutating func nested<M: WireRecord>(_ number: Int, _ record: M) {
    let slot = sizes.count
    sizes.append(0)
    let before = total
    var record = record
    measure(&record)
    let size = total - before
    sizes[slot] = size
    total += tag(number) + WireSizer.varint(UInt64(size))
  }

  private mutating func delimited(_ number: Int, _ count: Int) {
    total += tag(number) + WireSizer.varint(UInt64(count)) + count
  }

  private func tag(_ number: Int) -> Int { WireSizer.varint(UInt64(number) << 3) }

  /// The bytes that a varint takes.
  static func varint(_ value: UInt64) -> Int {
    let bits = UInt64.bitWidth - (value | 1).leadingZeroBitCount
    return (bits * 9 + 64) / 64
  }
}
