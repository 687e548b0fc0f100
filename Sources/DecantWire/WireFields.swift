package import DecantBytes

/// Walks over the fields of one message, checking each against the schema.
///
/// Nothing is copied or allocated, and nested messages are not entered.
@usableFromInline
package struct WireFields: Sendable {
  private let source: WireSource
  private let schema: WireSchema
  private let end: Int
  private var position: Int

  init(_ message: WireMessage) {
    source = message.source
    schema = message.schema
    position = message.range.lowerBound
    end = message.range.upperBound
  }

  /// The next field, nil at the end of the message.
  package mutating func next() throws(WireError) -> WireField? {
    guard position < end else { return nil }
    let start = position
    let (number, wireType) = try tag()
    let known = schema.field(number)
    if let known { try check(known, wireType, at: start) }
    let (scalar, payload) = try value(wireType, number: number, known: known, start: start)
    if let known, wireType == .delimited { try checkPacked(known, payload) }
    return WireField(
      number: number, schema: known, wireType: wireType, scalar: scalar, payload: payload, range: start..<position)
  }

  private mutating func tag() throws(WireError) -> (Int, WireType) {
    let start = position
    let tag = try source.varint(&position, end: end)
    guard tag >> 32 == 0, tag >> 3 != 0 else {
      throw WireError(
        .malformed, at: start, "\(schema.name) field number expected in 1..<536870912, got \(tag >> 3)")
    }
    guard let wireType = WireType(rawValue: UInt8(truncatingIfNeeded: tag & 7)) else {
      throw WireError(
        .malformed, at: start, "\(schema.name) field \(tag >> 3): wire type expected in 0...5, got \(tag & 7)")
    }
    return (Int(tag >> 3), wireType)
  }

  /// Reads the value after the tag: its bits when it is a scalar, and the bytes it stands in.
  private mutating func value(
    _ wireType: WireType, number: Int, known: WireFieldSchema?, start: Int
  ) throws(WireError) -> (UInt64, Range<Int>) {
    let first = position
    switch wireType {
    case .varint:
      let scalar = try source.varint(&position, end: end)
      return (scalar, first..<position)
    case .fixed64:
      let scalar = try source.fixed(&position, end: end, as: UInt64.self)
      return (scalar, first..<position)
    case .fixed32:
      let scalar = try source.fixed(&position, end: end, as: UInt32.self)
      return (UInt64(scalar), first..<position)
    case .delimited:
      return (0, try delimited(known))
    case .groupStart:
      try skipGroup(number, start: start)
      return (0, first..<position)
    case .groupEnd:
      throw WireError(.malformed, at: start, "\(schema.name) field \(number): group ends that never started")
    }
  }

  private mutating func delimited(_ known: WireFieldSchema?) throws(WireError) -> Range<Int> {
    let start = position
    let length = try source.varint(&position, end: end)
    let left = end - position
    guard length <= UInt64(left) else {
      throw WireError(
        .truncated, at: start, "\(subject(known)) is \(length) bytes long, and \(left) are left in \(schema.name)")
    }
    let first = position
    position += Int(length)
    return first..<position
  }

  /// Moves past a group, however its groups are nested, without recursion.
  private mutating func skipGroup(_ number: Int, start: Int) throws(WireError) {
    var open = [number]
    while let innermost = open.last {
      guard position < end else {
        throw WireError(.truncated, at: start, "\(schema.name) field \(number): group never ends")
      }
      let at = position
      let (inner, wireType) = try tag()
      switch wireType {
      case .groupStart:
        open.append(inner)
        try source.budget.check(depth: open.count, for: "group", at: at)
      case .groupEnd:
        guard inner == innermost else {
          throw WireError(.malformed, at: at, "group \(innermost) expected to end, got the end of group \(inner)")
        }
        open.removeLast()
      default:
        _ = try value(wireType, number: inner, known: nil, start: at)
      }
    }
  }

  private func check(_ known: WireFieldSchema, _ wireType: WireType, at start: Int) throws(WireError) {
    let isPackedRun = wireType == .delimited && known.isRepeated && known.kind.isPackable
    guard wireType == known.kind.wireType || isPackedRun else {
      throw WireError(
        .malformed, at: start, "\(subject(known)): wire type \(known.kind.wireType) expected, got \(wireType)")
    }
  }

  /// Refuses a packed run that ends inside a value; what lies before is looked at when it is decoded.
  private func checkPacked(_ known: WireFieldSchema, _ payload: Range<Int>) throws(WireError) {
    guard let last = payload.last else { return }
    let size: Int
    switch known.kind {
    case .fixed32: size = 4
    case .fixed64: size = 8
    case .varint, .zigzag:
      guard source.byte(last) < 0x80 else {
        throw WireError(.truncated, at: last, "\(subject(known)): the last varint of a packed run never ends")
      }
      return
    case .string, .bytes, .message: return
    }
    guard payload.count % size == 0 else {
      throw WireError(
        .malformed, at: payload.lowerBound,
        "\(subject(known)): a packed run is a multiple of \(size) bytes long, got \(payload.count)")
    }
  }

  private func subject(_ known: WireFieldSchema?) -> String {
    known.map { "\(schema.name).\($0.name)" } ?? "unknown field of \(schema.name)"
  }
}
