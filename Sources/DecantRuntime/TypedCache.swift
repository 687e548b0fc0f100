internal import DecantIR
internal import Synchronization

/// What was made for operands of certain types, made when they are first seen.
final class TypedCache<Value: Sendable>: Sendable {
  private let known = Mutex<[(types: [ConcreteType?], value: Value)]>([])
  /// Enough for the shapes that real data alternates between; older ones are made again.
  private static var capacity: Int { 16 }

  /// The value for operands of these types, made by `make` the first time.
  func find(
    _ operands: [RuntimeTensor?], _ make: ([ConcreteType?]) throws(OpError) -> Value
  ) throws(OpError) -> Value {
    let found = known.withLock { known in known.last { TypedCache.matches($0.types, operands) }?.value }
    if let found { return found }
    let types = operands.map { $0.map { ConcreteType($0.dataType, $0.shape) } }
    let made = try make(types)
    known.withLock { known in
      if known.count >= TypedCache.capacity { known.removeFirst() }
      known.append((types, made))
    }
    return made
  }

  private static func matches(_ types: [ConcreteType?], _ operands: [RuntimeTensor?]) -> Bool {
    for (type, operand) in zip(types, operands) {
      guard let operand else {
        if type != nil { return false }
        continue
      }
      guard let type, type.dataType == operand.dataType, type.shape == operand.shape else { return false }
    }
    return true
  }
}
