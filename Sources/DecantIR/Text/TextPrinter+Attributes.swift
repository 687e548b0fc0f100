internal import DecantBytes

extension TextPrinter {
  /// `{axis: 1, mode: "linear"}`.
  mutating func write(_ attributes: Attributes) throws(DecantError) {
    write("{")
    try writeList(attributes) { (printer, entry) throws(DecantError) in
      printer.write(word: entry.name)
      printer.write(": ")
      try printer.write(entry.value, of: entry.name)
    }
    write("}")
  }

  private mutating func write(_ attribute: Attribute, of name: String) throws(DecantError) {
    switch attribute {
    case .int(let value): write("\(value)")
    case .float(let value): write(float: value)
    case .string(let value): write(quoted: value.bytes)
    case .tensor(let value): try write(tensor: value, of: name)
    case .graph(let value): try print(value)
    case .type(let value): write(keyed: value)
    case .sparse(let value): try write(sparse: value, of: name)
    case .ints(let values): try write(list: "ints", values) { (printer, value) in printer.write("\(value)") }
    case .floats(let values): try write(list: "floats", values) { (printer, value) in printer.write(float: value) }
    case .strings(let values):
      try write(list: "strings", values) { (printer, value) in printer.write(quoted: value.bytes) }
    case .tensors(let values):
      try write(list: "tensors", values) { (printer, value) throws(DecantError) in
        try printer.write(tensor: value, of: name)
      }
    case .graphs(let values):
      try write(list: "graphs", values) { (printer, value) throws(DecantError) in try printer.print(value) }
    case .types(let values): try write(list: "types", values) { (printer, value) in printer.write(keyed: value) }
    case .sparses(let values):
      try write(list: "sparses", values) { (printer, value) throws(DecantError) in
        try printer.write(sparse: value, of: name)
      }
    case .reference(let name, let kind):
      write("ref ")
      write(word: name)
      write(": \(kind)")
    }
  }

  /// A list; its kind stands before it when there is no element to tell.
  private mutating func write<Item>(
    list kind: String, _ items: [Item], _ print: (inout TextPrinter, Item) throws(DecantError) -> Void
  ) throws(DecantError) {
    if items.isEmpty { write(kind + " ") }
    write("[")
    try writeList(items, ", ", print)
    write("]")
  }

  private mutating func write(float value: Float) {
    guard value.isNaN else { return write("\(value)") }
    let isUsual = value.bitPattern == Float.nan.bitPattern
    write((isUsual ? TextElement.notANumber : .bits(UInt64(value.bitPattern))).description)
  }

  private mutating func write(keyed type: ValueType) {
    write("type ")
    write(type)
  }

  private mutating func write(tensor: Tensor, of name: String) throws(DecantError) {
    write("tensor ")
    try write(tensor, of: name, expecting: .unknown)
  }

  private mutating func write(sparse: SparseTensor, of name: String) throws(DecantError) {
    write("sparse [")
    try writeList(sparse.shape, ",") { (printer, extent) in printer.write("\(extent)") }
    write("] ")
    try write(sparse.values, of: name, expecting: .unknown)
    write(" ")
    try write(sparse.indices, of: name, expecting: .unknown)
  }

  // MARK: Tensors

  /// The type of `tensor` unless it is `expected`, then its elements, or their digest and size.
  mutating func write(_ tensor: Tensor, of name: String, expecting expected: ValueType) throws(DecantError) {
    if tensor.type != expected {
      write(tensor.type)
      write(" ")
    }
    if case .absent(let data) = tensor.storage {
      guard let digest = SHA256Digest(data.digest)?.hex else {
        throw DecantError(.internal, "expected a digest of 32 bytes for '\(name)', got \(data.digest.count)")
      }
      try weights?.write(nil, digest: digest, byteCount: data.byteCount, of: name)
      return write(digest: digest, byteCount: data.byteCount)
    }
    guard tensor.elementCount > options.inlineLimit, let bytes = TextWeights.bytes(of: tensor) else {
      return try writeElements(of: tensor)
    }
    let digest = SHA256.digest(of: bytes).hex
    try weights?.write(bytes, digest: digest, byteCount: bytes.count, of: name)
    write(digest: digest, byteCount: bytes.count)
  }

  private mutating func write(digest: String, byteCount: Int) {
    write("sha256:\(digest) (\(byteCount) bytes)")
  }

  private mutating func writeElements(of tensor: Tensor) throws(DecantError) {
    if let strings = tensor.strings {
      write("[")
      try writeList(strings) { (printer, string) in printer.write(quoted: string.bytes) }
      return write("]")
    }
    guard let elements = TextElements.spell(tensor) else {
      write("0x")
      guard let slice = tensor.bytes else { return }
      return unsafe slice.bytes.withUnsafeBytes { unsafe TextSpelling.appendHex($0, to: &output) }
    }
    write("[")
    try writeList(elements) { (printer, element) in printer.write(element.description) }
    write("]")
  }
}
