internal import DecantIR

/// The element types that NumPy has, as `descr` spells them without the byte order.
enum NumPyType {
  private static let table: [(code: String, type: DataType)] = [
    ("b1", .bool), ("i1", .int8), ("i2", .int16), ("i4", .int32), ("i8", .int64), ("u1", .uint8), ("u2", .uint16),
    ("u4", .uint32), ("u8", .uint64), ("f2", .float16), ("f4", .float32), ("f8", .float64), ("c8", .complex64),
    ("c16", .complex128),
  ]

  /// The type that `code` spells; nil for others.
  static func type(_ code: String) -> DataType? { table.first { $0.code == code }?.type }

  /// How NumPy spells `type`, byte order included; nil for types that it lacks.
  static func descriptor(_ type: DataType) -> String? {
    table.first { $0.type == type }.map { (type.bitWidth == 8 ? "|" : "<") + $0.code }
  }
}
