public import DecantBytes

/// Takes the bytes that a ``WireWriter`` produces, in order.
@usableFromInline
package protocol WireSink {
  /// Takes bytes that will not outlive the call.
  mutating func write(_ bytes: [UInt8]) throws(DecantError)
  /// Takes a large slice without a copy.
  mutating func write(_ slice: ByteSlice) throws(DecantError)
}

/// Writes a record: small fields are gathered, large byte fields go straight from where they are to the sink.
///
/// The bytes depend on the record alone.
@usableFromInline
package struct WireWriter<Sink: WireSink>: WireVisitor {
  @usableFromInline
  package typealias Failure = DecantError

  @usableFromInline var sink: Sink
  @usableFromInline var buffer: [UInt8] = []
  @usableFromInline var sizes: [Int]
  @usableFromInline var next = 0

  /// Slices from this size on are not gathered.
  @inlinable
  static var large: Int { 16 << 10 }
  @inlinable
  static var gathered: Int { 64 << 10 }

  /// Writes `record`, which `sizer` has measured, without a tag or length.
  @inlinable
  package static func write<R: WireRecord>(
    _ record: R, measuredBy sizer: WireSizer, to sink: Sink
  ) throws(DecantError) -> Sink {
    var record = record
    var writer = WireWriter(sink: sink, sizes: sizer.sizes)
    try writer.emit(&record)
    try writer.flush()
    return writer.sink
  }

  /// Measures and writes `record` without a tag or length.
  @inlinable
  package static func write<R: WireRecord>(_ record: R, to sink: Sink) throws(DecantError) -> Sink {
    try write(record, measuredBy: WireSizer(measuring: record), to: sink)
  }

  @inlinable
  init(sink: Sink, sizes: [Int]) {
    self.sink = sink
    self.sizes = sizes
    buffer.reserveCapacity(Self.gathered + 1024)
  }

  @inlinable
  mutating func emit<R: WireRecord>(_ record: inout R) throws(DecantError) {
    try record.visit(&self)
    for field in record.unknown { try put(field) }
  }

  /// Nothing is read.
  @inlinable
  package var reading: Int? { nil }

  @inlinable
  package mutating func int64(_ number: Int, _ value: inout Int64?) throws(DecantError) {
    guard let value else { return }
    try tag(number, .varint)
    put(varint: UInt64(bitPattern: value))
  }

  @inlinable
  package mutating func int32(_ number: Int, _ value: inout Int32?) throws(DecantError) {
    guard let value else { return }
    try tag(number, .varint)
    put(varint: UInt64(bitPattern: Int64(value)))
  }

  @inlinable
  package mutating func float(_ number: Int, _ value: inout Float?) throws(DecantError) {
    guard let value else { return }
    try tag(number, .fixed32)
    put(value)
  }

  @inlinable
  package mutating func string(_ number: Int, _ value: inout String?) throws(DecantError) {
    guard let value else { return }
    try put(number, value)
  }

  @inlinable
  package mutating func text(_ number: Int, _ value: inout String?) throws(DecantError) {
    guard let value else { return }
    try put(number, value)
  }

  @inlinable
  package mutating func bytes(_ number: Int, _ value: inout ByteSlice?) throws(DecantError) {
    guard let value else { return }
    try tag(number, .delimited)
    put(varint: UInt64(value.count))
    try put(value)
  }

  @inlinable
  package mutating func message<M: WireRecord>(_ number: Int, _ value: inout M?) throws(DecantError) {
    guard let value else { return }
    try nested(number, value)
  }

  @inlinable
  package mutating func message<M: WireRecord>(_ number: Int, _ value: inout Box<M>?) throws(DecantError) {
    guard let value else { return }
    try nested(number, value.value)
  }

  @inlinable
  package mutating func strings(_ number: Int, _ value: inout [String]) throws(DecantError) {
    for text in value { try put(number, text) }
  }

  @inlinable
  package mutating func byteLists(_ number: Int, _ value: inout [ByteSlice]) throws(DecantError) {
    for bytes in value {
      try tag(number, .delimited)
      put(varint: UInt64(bytes.count))
      try put(bytes)
    }
  }

  @inlinable
  package mutating func int64s(_ number: Int, _ value: inout [Int64]) throws(DecantError) {
    for element in value {
      try tag(number, .varint)
      put(varint: UInt64(bitPattern: element))
    }
  }

  @inlinable
  package mutating func floats(_ number: Int, _ value: inout [Float]) throws(DecantError) {
    for element in value {
      try tag(number, .fixed32)
      put(element)
    }
  }

  @inlinable
  package mutating func messages<M: WireRecord>(_ number: Int, _ value: inout [M]) throws(DecantError) {
    for element in value { try nested(number, element) }
  }

  @inlinable
  package mutating func scalars(_ number: Int, _ value: inout WireScalars) throws(DecantError) {
    guard !value.isEmpty else { return }
    try tag(number, .delimited)
    put(varint: UInt64(value.byteCount))
    for run in value.slices { try put(run) }
  }

  @inlinable
  mutating func nested<M: WireRecord>(_ number: Int, _ record: M) throws(DecantError) {
    try tag(number, .delimited)
    put(varint: UInt64(sizes[next]))
    next += 1
    var record = record
    try emit(&record)
  }

  @usableFromInline
  mutating func tag(_ number: Int, _ type: WireType) throws(DecantError) {
    if buffer.count > Self.gathered { try flush() }
    put(varint: UInt64(number) << 3 | UInt64(type.rawValue))
  }

  @inlinable
  mutating func put(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      buffer.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    buffer.append(UInt8(truncatingIfNeeded: rest))
  }

  @inlinable
  mutating func put(_ value: Float) {
    for shift in [UInt32(0), 8, 16, 24] { buffer.append(UInt8(truncatingIfNeeded: value.bitPattern &>> shift)) }
  }

  @inlinable
  mutating func put(_ number: Int, _ text: String) throws(DecantError) {
    try tag(number, .delimited)
    put(varint: UInt64(text.utf8.count))
    buffer.append(contentsOf: text.utf8)
  }

  @inlinable
  mutating func put(_ slice: ByteSlice) throws(DecantError) {
    guard slice.count < Self.large else {
      try flush()
      try sink.write(slice)
      return
    }
    unsafe slice.bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
  }

  @inlinable
  mutating func flush() throws(DecantError) {
    guard !buffer.isEmpty else { return }
    try sink.write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }
}
