public import DecantBytes

/// Measures a record: the bytes of each nested message, in the order in which ``WireWriter`` meets them.
///
/// Lengths stand before what they measure, so this pass comes first; it keeps one number a message and no bytes.
@usableFromInline
package struct WireSizer: WireVisitor {
  @usableFromInline
  package typealias Failure = Never

  /// The bytes of all fields measured so far.
  package var total: Int { count }
  @usableFromInline var count = 0
  /// The bytes of each nested message, in the order of their beginnings.
  @usableFromInline var sizes: [Int] = []

  /// A sizer that has measured nothing.
  @inlinable
  package init() {}

  /// A sizer that has measured `record`, without a tag or length.
  @inlinable
  package init<R: WireRecord>(measuring record: R) {
    var record = record
    measure(&record)
  }

  @inlinable
  mutating func measure<R: WireRecord>(_ record: inout R) {
    record.visit(&self)
    for field in record.unknown { count += field.count }
  }

  /// Nothing is read.
  @inlinable
  package var reading: Int? { nil }

  @inlinable
  package mutating func int64(_ number: Int, _ value: inout Int64?) {
    guard let value else { return }
    count += tag(number) + WireSizer.varint(UInt64(bitPattern: value))
  }

  @inlinable
  package mutating func int32(_ number: Int, _ value: inout Int32?) {
    guard let value else { return }
    count += tag(number) + WireSizer.varint(UInt64(bitPattern: Int64(value)))
  }

  @inlinable
  package mutating func float(_ number: Int, _ value: inout Float?) {
    if value != nil { count += tag(number) + 4 }
  }

  @inlinable
  package mutating func string(_ number: Int, _ value: inout String?) {
    if let value { delimited(number, value.utf8.count) }
  }

  @inlinable
  package mutating func text(_ number: Int, _ value: inout String?) {
    if let value { delimited(number, value.utf8.count) }
  }

  @inlinable
  package mutating func bytes(_ number: Int, _ value: inout ByteSlice?) {
    if let value { delimited(number, value.count) }
  }

  @inlinable
  package mutating func message<M: WireRecord>(_ number: Int, _ value: inout M?) {
    if let value { nested(number, value) }
  }

  @inlinable
  package mutating func message<M: WireRecord>(_ number: Int, _ value: inout Box<M>?) {
    if let value { nested(number, value.value) }
  }

  @inlinable
  package mutating func strings(_ number: Int, _ value: inout [String]) {
    for text in value { delimited(number, text.utf8.count) }
  }

  @inlinable
  package mutating func byteLists(_ number: Int, _ value: inout [ByteSlice]) {
    for bytes in value { delimited(number, bytes.count) }
  }

  @inlinable
  package mutating func int64s(_ number: Int, _ value: inout [Int64]) {
    for element in value { count += tag(number) + WireSizer.varint(UInt64(bitPattern: element)) }
  }

  @inlinable
  package mutating func floats(_ number: Int, _ value: inout [Float]) {
    count += value.count * (tag(number) + 4)
  }

  @inlinable
  package mutating func messages<M: WireRecord>(_ number: Int, _ value: inout [M]) {
    for element in value { nested(number, element) }
  }

  @inlinable
  package mutating func scalars(_ number: Int, _ value: inout WireScalars) {
    if !value.isEmpty { delimited(number, value.byteCount) }
  }

  @inlinable
  mutating func nested<M: WireRecord>(_ number: Int, _ record: M) {
    let slot = sizes.count
    sizes.append(0)
    let before = count
    var record = record
    measure(&record)
    let size = count - before
    sizes[slot] = size
    count += tag(number) + WireSizer.varint(UInt64(size))
  }

  @inlinable
  mutating func delimited(_ number: Int, _ length: Int) {
    count += tag(number) + WireSizer.varint(UInt64(length)) + length
  }

  @inlinable
  func tag(_ number: Int) -> Int { WireSizer.varint(UInt64(number) << 3) }

  /// The bytes that a varint takes.
  @inlinable
  static func varint(_ value: UInt64) -> Int {
    let bits = UInt64.bitWidth - (value | 1).leadingZeroBitCount
    return (bits * 9 + 64) / 64
  }
}
