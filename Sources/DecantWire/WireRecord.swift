public import DecantBytes

/// A message as a Swift value, whose one list of fields serves reading, measuring and writing.
///
/// A conforming type names its fields once, in ``visit(_:)``, in the order in which they are written.
@usableFromInline
package protocol WireRecord: Sendable {
  /// An empty message.
  init()
  /// Fields that the schema does not know, tags included, in the order of the file.
  var unknown: [ByteSlice] { get set }
  /// Shows every field to `visitor`.
  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure)
}

/// Reads, measures or writes the fields that a ``WireRecord`` shows to it.
@usableFromInline
package protocol WireVisitor: ~Copyable {
  /// What may go wrong.
  associatedtype Failure: Error

  /// The number of the field that is being read; nil when writing.
  var reading: Int? { get }

  /// A singular int64, uint64 or bool.
  mutating func int64(_ number: Int, _ value: inout Int64?) throws(Failure)
  /// A singular int32 or enum.
  mutating func int32(_ number: Int, _ value: inout Int32?) throws(Failure)
  /// A singular float.
  mutating func float(_ number: Int, _ value: inout Float?) throws(Failure)
  /// A singular string that serves as a name or key, which must be UTF-8.
  mutating func string(_ number: Int, _ value: inout String?) throws(Failure)
  /// A singular string that only people read: what is not UTF-8 is kept among the unknown fields.
  mutating func text(_ number: Int, _ value: inout String?) throws(Failure)
  /// A singular bytes field.
  mutating func bytes(_ number: Int, _ value: inout ByteSlice?) throws(Failure)
  /// A singular message; one that comes again is merged.
  mutating func message<M: WireRecord>(_ number: Int, _ value: inout M?) throws(Failure)
  /// A singular message that may hold its own type.
  mutating func message<M: WireRecord>(_ number: Int, _ value: inout Box<M>?) throws(Failure)

  /// A list of strings, which must be UTF-8.
  mutating func strings(_ number: Int, _ value: inout [String]) throws(Failure)
  /// A list of bytes fields.
  mutating func byteLists(_ number: Int, _ value: inout [ByteSlice]) throws(Failure)
  /// A list of int64, written unpacked.
  mutating func int64s(_ number: Int, _ value: inout [Int64]) throws(Failure)
  /// A list of floats, written unpacked.
  mutating func floats(_ number: Int, _ value: inout [Float]) throws(Failure)
  /// A list of messages.
  mutating func messages<M: WireRecord>(_ number: Int, _ value: inout [M]) throws(Failure)
  /// A list of scalars left as they stand in the file; written packed.
  mutating func scalars(_ number: Int, _ value: inout WireScalars) throws(Failure)
}

/// A value on the heap, so that a message can hold one of its own type, and a rare member costs one word.
///
/// A copy of the holder shares it; it is replaced, never changed, once reading is done.
@usableFromInline
package final class Box<Value: Sendable>: Sendable {
  /// What is in the box.
  @usableFromInline
  package let value: Value

  /// Puts `value` into a box.
  @inlinable
  package init(_ value: Value) { self.value = value }
}

extension WireMessage {
  /// Reads all fields into `record`, merging with what is there.
  ///
  /// - Throws: `WireError` with the byte offset, for bytes that break the encoding or the schema, or exceed the budget.
  @inlinable
  package func decode<R: WireRecord>(into record: inout R) throws(WireError) {
    var decoder = WireDecoder(self)
    while try decoder.advance() {
      if decoder.number >= 0 { try record.visit(&decoder) }
      if let kept = try decoder.leftover() { record.unknown.append(kept) }
    }
  }

  /// Reads the message as a value.
  @inlinable
  package func decoded<R: WireRecord>(as type: R.Type) throws(WireError) -> R {
    var record = R()
    try decode(into: &record)
    return record
  }
}
