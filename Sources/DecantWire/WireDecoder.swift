public import DecantBytes

/// Gives the fields of a message, one after the other, to the members of a record that have their numbers.
@usableFromInline
package struct WireDecoder: WireVisitor {
  @usableFromInline
  package typealias Failure = WireError

  private let message: WireMessage
  private var fields: WireFields
  private var field: WireField
  /// The number of the field that is being read; -1 for one that the schema does not know.
  @usableFromInline var number = -1
  /// Whether the value could not be taken as what the record wants, and is to be kept as it is.
  private var isUnreadable = false

  /// A decoder before the first field of `message`.
  @usableFromInline
  init(_ message: WireMessage) {
    self.message = message
    fields = message.fields
    field = WireField(number: -1, schema: nil, wireType: .varint, scalar: 0, payload: 0..<0, range: 0..<0)
  }

  private var source: WireSource { message.source }
  private var budget: Budget { message.source.budget }
  private var start: Int { field.range.lowerBound }

  /// Moves to the next field; false at the end of the message.
  @usableFromInline
  mutating func advance() throws(WireError) -> Bool {
    guard let next = try fields.next() else { return false }
    field = next
    number = next.schema == nil ? -1 : next.number
    return true
  }

  /// The bytes of the field when no member took it.
  @usableFromInline
  mutating func leftover() throws(WireError) -> ByteSlice? {
    guard number < 0 || isUnreadable else { return nil }
    isUnreadable = false
    try budget.take(bytes: MemoryLayout<ByteSlice>.stride, for: "unknown fields", at: start)
    return source.bytes[field.range]
  }

  /// The number of the field that is being read.
  @inlinable
  package var reading: Int? { number }

  @inlinable
  package mutating func int64(_ number: Int, _ value: inout Int64?) throws(WireError) {
    if number == self.number { value = scalarInt64 }
  }

  @inlinable
  package mutating func int32(_ number: Int, _ value: inout Int32?) throws(WireError) {
    if number == self.number { value = Int32(truncatingIfNeeded: scalarInt64) }
  }

  @inlinable
  package mutating func float(_ number: Int, _ value: inout Float?) throws(WireError) {
    if number == self.number { value = Float(bitPattern: UInt32(truncatingIfNeeded: scalarInt64)) }
  }

  @inlinable
  package mutating func string(_ number: Int, _ value: inout String?) throws(WireError) {
    if number == self.number { value = try string() }
  }

  @inlinable
  package mutating func text(_ number: Int, _ value: inout String?) throws(WireError) {
    if number == self.number, let text = try text() { value = text }
  }

  @inlinable
  package mutating func bytes(_ number: Int, _ value: inout ByteSlice?) throws(WireError) {
    if number == self.number { value = slice() }
  }

  @inlinable
  package mutating func message<M: WireRecord>(_ number: Int, _ value: inout M?) throws(WireError) {
    guard number == self.number, let inner = try inner(MemoryLayout<M>.stride) else { return }
    var record = value ?? M()
    value = nil
    try inner.decode(into: &record)
    value = record
  }

  @inlinable
  package mutating func message<M: WireRecord>(_ number: Int, _ value: inout Box<M>?) throws(WireError) {
    guard number == self.number, let inner = try inner(MemoryLayout<M>.stride) else { return }
    var record = value?.value ?? M()
    value = nil
    try inner.decode(into: &record)
    value = Box(record)
  }

  @inlinable
  package mutating func strings(_ number: Int, _ value: inout [String]) throws(WireError) {
    if number == self.number { value.append(try string()) }
  }

  @inlinable
  package mutating func byteLists(_ number: Int, _ value: inout [ByteSlice]) throws(WireError) {
    if number == self.number { value.append(try chargedSlice()) }
  }

  @inlinable
  package mutating func int64s(_ number: Int, _ value: inout [Int64]) throws(WireError) {
    if number == self.number { try append(to: &value) }
  }

  @inlinable
  package mutating func floats(_ number: Int, _ value: inout [Float]) throws(WireError) {
    if number == self.number { try append(to: &value) }
  }

  @inlinable
  package mutating func messages<M: WireRecord>(_ number: Int, _ value: inout [M]) throws(WireError) {
    guard number == self.number, let inner = try inner(MemoryLayout<M>.stride) else { return }
    value.append(M())
    try inner.decode(into: &value[value.count - 1])
  }

  @inlinable
  package mutating func scalars(_ number: Int, _ value: inout WireScalars) throws(WireError) {
    if number == self.number { try append(to: &value) }
  }

  // MARK: The value of the field at hand

  @usableFromInline var scalarInt64: Int64 { Int64(bitPattern: field.scalar) }

  /// The message that the field holds; `stride` is what one such record costs.
  @usableFromInline
  func inner(_ stride: Int) throws(WireError) -> WireMessage? {
    try budget.count(for: name, at: start)
    try budget.take(bytes: stride, for: name, at: start)
    return try message.message(field)
  }

  @usableFromInline
  func string() throws(WireError) -> String {
    try charge(field.payload.count)
    guard let text = source.text(field.payload) else {
      throw WireError(.malformed, at: field.payload.lowerBound, "\(name) expected to be UTF-8, got other bytes")
    }
    return text
  }

  @usableFromInline
  mutating func text() throws(WireError) -> String? {
    try charge(field.payload.count)
    let text = source.text(field.payload)
    isUnreadable = text == nil
    return text
  }

  @usableFromInline
  func slice() -> ByteSlice { source.bytes[field.payload] }

  @usableFromInline
  func chargedSlice() throws(WireError) -> ByteSlice {
    try charge(MemoryLayout<ByteSlice>.stride)
    return slice()
  }

  @usableFromInline
  func append(to list: inout [Int64]) throws(WireError) {
    guard field.wireType == .delimited else {
      list.append(scalarInt64)
      return try charge(16)
    }
    try budget.take(field.payload.count, of: 8, for: name, at: start)
    var position = field.payload.lowerBound
    while position < field.payload.upperBound {
      list.append(Int64(bitPattern: try source.varint(&position, end: field.payload.upperBound)))
    }
  }

  @usableFromInline
  func append(to list: inout [Float]) throws(WireError) {
    guard field.wireType == .delimited else {
      list.append(Float(bitPattern: UInt32(truncatingIfNeeded: field.scalar)))
      return try charge(16)
    }
    try budget.take(bytes: field.payload.count, for: name, at: start)
    var position = field.payload.lowerBound
    while position < field.payload.upperBound {
      let bits = try source.fixed(&position, end: field.payload.upperBound, as: UInt32.self)
      list.append(Float(bitPattern: bits))
    }
  }

  @usableFromInline
  func append(to list: inout WireScalars) throws(WireError) { try list.append(field.payload, of: source) }

  private var name: String { "\(message.schema.name).\(field.schema?.name ?? String(field.number))" }

  /// Asks the budget for what a long value takes on the heap; short strings take nothing.
  private func charge(_ bytes: Int) throws(WireError) {
    if bytes > 15 { try budget.take(bytes: bytes, for: name, at: start) }
  }
}
