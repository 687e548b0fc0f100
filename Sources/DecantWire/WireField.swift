package import DecantBytes

/// One field as it stands in the file: its number, and its value not yet interpreted.
@usableFromInline
package struct WireField: Sendable {
  /// The number in the tag.
  package let number: Int
  /// What the schema says of that number; nil when it does not know it.
  package let schema: WireFieldSchema?
  /// How the value stands in the file.
  package let wireType: WireType
  /// The value of a varint, fixed32 or fixed64, its bit pattern zero-extended.
  package let scalar: UInt64
  /// The bytes of the value: without the length where there is one.
  package let payload: Range<Int>
  /// All bytes of the field: tag, length and value.
  package let range: Range<Int>
}

/// A message in the file, not read yet.
@usableFromInline
package struct WireMessage: Sendable {
  /// The bytes it stands in.
  package let source: WireSource
  /// What it may hold.
  package let schema: WireSchema
  /// Where it stands.
  package let range: Range<Int>
  /// How many messages it is inside of.
  package let depth: Int

  /// Its fields, in the order of the file.
  package var fields: WireFields { WireFields(self) }

  /// Where it stands in words, as in `graph.node[3].attribute[0]`, or the name of its type for the root.
  package var path: String {
    WirePath(of: range.lowerBound, in: source.message(schema)).description
  }

  /// The message that `field` holds, once the budget allows for its depth.
  package func message(_ field: WireField) throws(WireError) -> WireMessage? {
    guard let schema = field.schema?.message else { return nil }
    try source.budget.check(depth: depth + 1, for: schema.name, at: field.range.lowerBound)
    return WireMessage(source: source, schema: schema, range: field.payload, depth: depth + 1)
  }
}
