internal import DecantIR
internal import Synchronization

/// Primitives by the layout of their operand, made when first needed.
final class LayoutTable: Sendable {
  private let known = Mutex<[(layout: Layout, primitive: Primitive?)]>([])

  /// The primitive for `layout`, made by `make` the first time; nil when oneDNN has none.
  func find(_ layout: Layout, _ make: () throws(OpError) -> Primitive?) throws(OpError) -> Primitive? {
    let found = known.withLock { list in list.first { $0.layout.matches(layout) } }
    if let found { return found.primitive }
    let made = try make()
    known.withLock { list in
      if list.count < 8 { list.append((layout, made)) }
    }
    return made
  }
}
