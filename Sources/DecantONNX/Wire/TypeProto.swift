internal import DecantBytes
internal import DecantWire

/// The type of a value: one of the members is set.
struct TypeProto: WireRecord {
  var tensor: Tensor?
  var sequence: Box<Element>?
  var map: Box<Map>?
  var denotation: String?
  var opaque: Box<Opaque>?
  var sparseTensor: Box<Tensor>?
  var optional: Box<Element>?
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.message(1, &tensor)
    try visitor.message(4, &sequence)
    try visitor.message(5, &map)
    try visitor.text(6, &denotation)
    try visitor.message(7, &opaque)
    try visitor.message(8, &sparseTensor)
    try visitor.message(9, &optional)
    guard let last = visitor.reading, last != 6 else { return }
    if last != 1 { tensor = nil }
    if last != 4 { sequence = nil }
    if last != 5 { map = nil }
    if last != 7 { opaque = nil }
    if last != 8 { sparseTensor = nil }
    if last != 9 { optional = nil }
  }

  /// The type of a dense or sparse tensor; without a shape its rank is unknown.
  struct Tensor: WireRecord {
    var elemType: Int32?
    var shape: TensorShapeProto?
    var unknown: [ByteSlice] = []

    mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
      try visitor.int32(1, &elemType)
      try visitor.message(2, &shape)
    }
  }

  /// The type of a sequence or optional, by that of its elements.
  struct Element: WireRecord {
    var elemType: Box<TypeProto>?
    var unknown: [ByteSlice] = []

    mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
      try visitor.message(1, &elemType)
    }
  }

  /// The type of a map.
  struct Map: WireRecord {
    var keyType: Int32?
    var valueType: Box<TypeProto>?
    var unknown: [ByteSlice] = []

    mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
      try visitor.int32(1, &keyType)
      try visitor.message(2, &valueType)
    }
  }

  /// A type that only its own operators know.
  struct Opaque: WireRecord {
    var domain: String?
    var name: String?
    var unknown: [ByteSlice] = []

    mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
      try visitor.string(1, &domain)
      try visitor.string(2, &name)
    }
  }
}

/// The dimensions of a tensor.
struct TensorShapeProto: WireRecord {
  var dim: [Dimension] = []
  var unknown: [ByteSlice] = []

  mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
    try visitor.messages(1, &dim)
  }

  /// A dimension: a number, a name, or neither.
  struct Dimension: WireRecord {
    var value: Int64?
    var parameter: String?
    var denotation: String?
    var unknown: [ByteSlice] = []

    mutating func visit<V: WireVisitor>(_ visitor: inout V) throws(V.Failure) {
      try visitor.int64(1, &value)
      try visitor.string(2, &parameter)
      try visitor.text(3, &denotation)
      if visitor.reading == 1 { parameter = nil }
      if visitor.reading == 2 { value = nil }
    }
  }
}
