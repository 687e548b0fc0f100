package import DecantBytes

/// Gives one field of the file to the member of a record that has its number.
package struct WireDecoder: WireVisitor {
  private let message: WireMessage
  private let field: WireField
  /// Whether the value could not be taken as what the record wants, and is to be kept as it is.
  private(set) var isUnreadable = false

  init(_ message: WireMessage, _ field: WireField) {
    self.message = message
    self.field = field
  }

  private var source: WireSource { message.source }
  private var budget: Budget { message.source.budget }
  private var start: Int { field.range.lowerBound }

  /// The number of the field that is being read.
  package var reading: Int? { field.number }

  package mutating func int64(_ number: Int, _ value: inout Int64?) throws(WireError) {
    guard number == field.number else { return }
    value = Int64(bitPattern: field.scalar)
  }

  package mutating func int32(_ number: Int, _ value: inout Int32?) throws(WireError) {
    guard number == field.number else { return }
    value = Int32(truncatingIfNeeded: field.scalar)
  }

  package mutating func float(_ number: Int, _ value: inout Float?) throws(WireError) {
    guard number == field.number else { return }
    value = Float(bitPattern: UInt32(truncatingIfNeeded: field.scalar))
  }

  package mutating func string(_ number: Int, _ value: inout String?) throws(WireError) {
    guard number == field.number else { return }
    value = try string()
  }

  package mutating func text(_ number: Int, _ value: inout String?) throws(WireError) {
    guard number == field.number else { return }
    try charge(0, field.payload.count)
    guard let text = source.text(field.payload) else {
      isUnreadable = true
      return
    }
    value = text
  }

  package mutating func bytes(_ number: Int, _ value: inout ByteSlice?) throws(WireError) {
    guard number == field.number else { return }
    value = source.bytes[field.payload]
  }

  package mutating func message<M: WireRecord>(_ number: Int, _ value: inout M?) throws(WireError) {
    guard number == field.number, let inner = try message.message(field) else { return }
    var record = value ?? M()
    value = nil
    try charge(1, 0)
    try inner.decode(into: &record)
    value = record
  }

  package mutating func message<M: WireRecord>(_ number: Int, _ value: inout Box<M>?) throws(WireError) {
    guard number == field.number, let inner = try message.message(field) else { return }
    var record = value?.value ?? M()
    value = nil
    try charge(1, MemoryLayout<M>.stride)
    try inner.decode(into: &record)
    value = Box(record)
  }

  package mutating func strings(_ number: Int, _ value: inout [String]) throws(WireError) {
    guard number == field.number else { return }
    try charge(0, MemoryLayout<String>.stride)
    value.append(try string())
  }

  package mutating func byteLists(_ number: Int, _ value: inout [ByteSlice]) throws(WireError) {
    guard number == field.number else { return }
    try charge(0, MemoryLayout<ByteSlice>.stride)
    value.append(source.bytes[field.payload])
  }

  package mutating func int64s(_ number: Int, _ value: inout [Int64]) throws(WireError) {
    guard number == field.number else { return }
    guard field.wireType == .delimited else {
      try charge(0, 8)
      value.append(Int64(bitPattern: field.scalar))
      return
    }
    try budget.take(field.payload.count, of: 8, for: name, at: start)
    var position = field.payload.lowerBound
    while position < field.payload.upperBound {
      value.append(Int64(bitPattern: try source.varint(&position, end: field.payload.upperBound)))
    }
  }

  package mutating func floats(_ number: Int, _ value: inout [Float]) throws(WireError) {
    guard number == field.number else { return }
    guard field.wireType == .delimited else {
      try charge(0, 4)
      value.append(Float(bitPattern: UInt32(truncatingIfNeeded: field.scalar)))
      return
    }
    try budget.take(bytes: field.payload.count, for: name, at: start)
    var position = field.payload.lowerBound
    while position < field.payload.upperBound {
      let bits = try source.fixed(&position, end: field.payload.upperBound, as: UInt32.self)
      value.append(Float(bitPattern: bits))
    }
  }

  package mutating func messages<M: WireRecord>(_ number: Int, _ value: inout [M]) throws(WireError) {
    guard number == field.number, let inner = try message.message(field) else { return }
    try charge(1, MemoryLayout<M>.stride)
    var record = M()
    try inner.decode(into: &record)
    value.append(record)
  }

  package mutating func scalars(_ number: Int, _ value: inout WireScalars) throws(WireError) {
    guard number == field.number else { return }
    try value.append(field.payload, of: source)
  }

  private var name: String { "\(message.schema.name).\(field.schema?.name ?? String(field.number))" }

  private func string() throws(WireError) -> String {
    try charge(0, field.payload.count)
    guard let text = source.text(field.payload) else {
      throw WireError(.malformed, at: field.payload.lowerBound, "\(name) expected to be UTF-8, got other bytes")
    }
    return text
  }

  /// Asks the budget for `objects` and `bytes` of heap.
  private func charge(_ objects: Int, _ bytes: Int) throws(WireError) {
    if objects > 0 { try budget.count(objects: objects, for: name, at: start) }
    if bytes > 15 { try budget.take(bytes: bytes, for: name, at: start) }
  }
}
