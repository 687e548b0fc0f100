internal import DecantIR

/// Constants, and operators that pick, place, search and count elements.
enum Indexing {
  static let definitions: [OpDefinition] = []
}
