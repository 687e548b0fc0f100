/// The names that are taken in a graph, and fresh ones in O(1).
package struct NameTable: Sendable {
  private var owners: [String: ValueID] = [:]
  /// Names of outputs; they stay taken when another value takes an output's place.
  private var reserved: Set<String> = []
  private var counters: [String: Int] = [:]

  package init() {}

  package mutating func reserve(_ capacity: Int) { owners.reserveCapacity(capacity) }

  package func value(of name: String) -> ValueID? { owners[name] }

  package func isTaken(_ name: String) -> Bool {
    owners[name] != nil || isReserved(name)
  }

  /// Whether an output has the name.
  package func isReserved(_ name: String) -> Bool { !reserved.isEmpty && reserved.contains(name) }

  /// Gives `name` to `value` unless another value has it; tells whether it did. Looks the name up once.
  @discardableResult
  package mutating func claim(_ name: String, for value: ValueID) -> Bool {
    guard let owner = owners.updateValue(value, forKey: name) else { return true }
    owners[name] = owner
    return false
  }

  package mutating func release(_ name: String) { owners[name] = nil }

  package mutating func reserve(_ name: String) { reserved.insert(name) }

  package mutating func unreserve(_ name: String) { reserved.remove(name) }

  /// `base` when it is free, else `base_1`, `base_2`, …; each number of a base is tried once.
  package mutating func fresh(_ base: String) -> String {
    guard base.isEmpty || isTaken(base) else { return base }
    while true {
      let number = counters[base, default: 0] + 1
      counters[base] = number
      let candidate = "\(base.isEmpty ? "v" : base)_\(number)"
      if !isTaken(candidate) { return candidate }
    }
  }
}
