package import CProtobufC

/// What a message type may hold: the fields of a protobuf-c descriptor table, found by number in constant time.
///
/// Schemas that name each other form cycles; they are made once for each root table and live as long as the process.
@safe package final class WireSchema: @unchecked Sendable {
  /// The message's name without its package, as in `NodeProto`.
  package let name: String
  /// The fields in the order of their numbers.
  package private(set) var fields: [WireFieldSchema] = []
  /// The index of a field plus one by its number, 0 where there is none.
  private var slots: [UInt16] = []

  /// Reads the table at `root` and all that it reaches.
  ///
  /// The table must be one that protoc-c generated: it is trusted.
  @unsafe package static func read(_ root: UnsafePointer<ProtobufCMessageDescriptor>) -> WireSchema {
    var known: [UnsafePointer<ProtobufCMessageDescriptor>: WireSchema] = unsafe [:]
    return unsafe read(root, &known)
  }

  private static func read(
    _ table: UnsafePointer<ProtobufCMessageDescriptor>,
    _ known: inout [UnsafePointer<ProtobufCMessageDescriptor>: WireSchema]
  ) -> WireSchema {
    if let schema = unsafe known[table] { return schema }
    let schema = unsafe WireSchema(name: String(cString: table.pointee.short_name))
    unsafe known[table] = schema
    let entries = unsafe UnsafeBufferPointer(start: table.pointee.fields, count: Int(table.pointee.n_fields))
    for index in entries.indices {
      let entry = unsafe entries[index]
      let kind = unsafe WireKind(entry.type)
      var message: WireSchema?
      if kind == .message, let inner = unsafe entry.descriptor {
        message = unsafe read(inner.assumingMemoryBound(to: ProtobufCMessageDescriptor.self), &known)
      }
      schema.add(
        WireFieldSchema(
          number: unsafe Int(entry.id), name: unsafe String(cString: entry.name), kind: kind,
          isRepeated: unsafe entry.label == PROTOBUF_C_LABEL_REPEATED, message: message))
    }
    return schema
  }

  private init(name: String) {
    self.name = name
  }

  private func add(_ field: WireFieldSchema) {
    fields.append(field)
    if slots.count <= field.number {
      slots += [UInt16](repeating: 0, count: field.number + 1 - slots.count)
    }
    slots[field.number] = UInt16(truncatingIfNeeded: fields.count)
  }

  /// The field of that number, nil when the schema does not know it.
  ///
  /// O(1).
  package func field(_ number: Int) -> WireFieldSchema? {
    guard number < slots.count else { return nil }
    let slot = Int(slots[number])
    return slot == 0 ? nil : fields[slot - 1]
  }
}

/// One field of a message type.
package final class WireFieldSchema: Sendable {
  /// The number that stands in the file.
  package let number: Int
  /// The name that stands in the `.proto` file.
  package let name: String
  /// The type of the value.
  package let kind: WireKind
  /// Whether the field holds a list.
  package let isRepeated: Bool
  /// The schema of the value when it is a message.
  package let message: WireSchema?

  init(number: Int, name: String, kind: WireKind, isRepeated: Bool, message: WireSchema?) {
    self.number = number
    self.name = name
    self.kind = kind
    self.isRepeated = isRepeated
    self.message = message
  }
}

/// The type of a field's value.
package enum WireKind: Sendable {
  /// A variable-length integer: int32, int64, uint32, uint64, bool, enum.
  case varint
  /// A variable-length integer with the sign in its lowest bit: sint32, sint64.
  case zigzag
  /// Four little-endian bytes: fixed32, sfixed32, float.
  case fixed32
  /// Eight little-endian bytes: fixed64, sfixed64, double.
  case fixed64
  /// UTF-8 text.
  case string
  /// Any bytes.
  case bytes
  /// Another message.
  case message

  init(_ type: ProtobufCType) {
    switch type {
    case PROTOBUF_C_TYPE_SINT32, PROTOBUF_C_TYPE_SINT64: self = .zigzag
    case PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32, PROTOBUF_C_TYPE_FLOAT: self = .fixed32
    case PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64, PROTOBUF_C_TYPE_DOUBLE: self = .fixed64
    case PROTOBUF_C_TYPE_STRING: self = .string
    case PROTOBUF_C_TYPE_BYTES: self = .bytes
    case PROTOBUF_C_TYPE_MESSAGE: self = .message
    default: self = .varint
    }
  }

  /// How one such value stands in the file.
  package var wireType: WireType {
    switch self {
    case .varint, .zigzag: .varint
    case .fixed32: .fixed32
    case .fixed64: .fixed64
    case .string, .bytes, .message: .delimited
    }
  }

  /// Whether a list of such values may stand in one run without tags.
  package var isPackable: Bool { wireType != .delimited }
}

/// How a value stands in the file, as the lowest three bits of its tag say.
@usableFromInline
package enum WireType: UInt8, Sendable {
  /// One to ten bytes, seven bits each.
  case varint = 0
  /// Eight bytes.
  case fixed64 = 1
  /// A length and that many bytes.
  case delimited = 2
  /// The start of a group, a retired way to nest.
  case groupStart = 3
  /// The end of a group.
  case groupEnd = 4
  /// Four bytes.
  case fixed32 = 5
}
