/// The way from a message to a byte of it in field names, as in `graph.initializer[3].raw_data`.
///
/// It is walked only once something is wrong, so readers need not keep track of where they are.
package struct WirePath: CustomStringConvertible {
  /// The steps, outermost first.
  package private(set) var steps: [String] = []
  private let root: String

  /// Walks from `message` towards the byte at `offset`, as far as the bytes can be read.
  ///
  /// O(bytes of the fields before).
  package init(of offset: Int, in message: WireMessage) {
    root = message.schema.name
    var message: WireMessage? = message
    while let inner = message { message = step(into: inner, towards: offset) }
  }

  /// The steps joined by dots; the name of the message's type when there are none.
  package var description: String {
    steps.isEmpty ? root : steps.joined(separator: ".")
  }

  private mutating func step(into message: WireMessage, towards offset: Int) -> WireMessage? {
    var counts: [Int: Int] = [:]
    var fields = message.fields
    while let field = try? fields.next() {
      guard offset < field.range.upperBound else {
        counts[field.number, default: 0] += 1
        continue
      }
      guard offset >= field.range.lowerBound, let schema = field.schema else { return nil }
      let index = schema.isRepeated ? "[\(counts[field.number] ?? 0)]" : ""
      steps.append(schema.name + index)
      guard offset >= field.payload.lowerBound else { return nil }
      return try? message.message(field)
    }
    return nil
  }
}
