public import DecantIR

/// NumPy's broadcasting, for shapes with symbols and for shapes of numbers.
public enum Broadcast {
  /// The shape that all of `shapes` broadcast to; nil when the rank of one is not known.
  ///
  /// Symbols are kept where possible: see ``dimension(_:_:)``.
  ///
  /// - Throws: ``OpError`` when two numbers differ and neither is 1.
  public static func shape(_ shapes: [Shape?]) throws(OpError) -> Shape? {
    var result: [Dimension] = []
    for shape in shapes {
      guard let shape else { return nil }
      let missing = shape.rank - result.count
      if missing > 0 { result.insert(contentsOf: repeatElement(.fixed(1), count: missing), at: 0) }
      for axis in 0..<shape.rank {
        let place = result.count - shape.rank + axis
        guard let merged = dimension(result[place], shape[axis]) else {
          let list = shapes.map { $0?.description ?? "[*]" }.joined(separator: ", ")
          throw OpError("expected shapes that broadcast, got \(list)")
        }
        result[place] = merged
      }
    }
    return Shape(result)
  }

  /// The extent that two extents broadcast to; nil when they are numbers that do not.
  ///
  /// A number other than 1 wins over a symbol, which then must be that number or 1. Two different symbols give unknown.
  public static func dimension(_ a: Dimension, _ b: Dimension) -> Dimension? {
    switch (a, b) {
    case (.fixed(1), _): b
    case (_, .fixed(1)): a
    case (.fixed(let x), .fixed(let y)): x == y ? a : nil
    case (.fixed, _): a
    case (_, .fixed): b
    case (.symbolic(let x), .symbolic(let y)): x == y ? a : .unknown
    default: .unknown
    }
  }

  /// The shape that all of `shapes` broadcast to.
  ///
  /// - Throws: ``OpError`` when two extents differ and neither is 1.
  public static func extents(_ shapes: [[Int]]) throws(OpError) -> [Int] {
    var result: [Int] = []
    for shape in shapes {
      let missing = shape.count - result.count
      if missing > 0 { result.insert(contentsOf: repeatElement(1, count: missing), at: 0) }
      for (axis, extent) in shape.enumerated() {
        let place = result.count - shape.count + axis
        guard result[place] == extent || result[place] == 1 || extent == 1 else {
          throw OpError("expected shapes that broadcast, got \(shapes)")
        }
        if result[place] == 1 { result[place] = extent }
      }
    }
    return result
  }

  /// Whether a tensor of `shape` broadcasts to exactly `target`, as `Expand`'s and one-way operands must.
  public static func fits(_ shape: [Int], into target: [Int]) -> Bool {
    guard shape.count <= target.count else { return false }
    return zip(shape.reversed(), target.reversed()).allSatisfy { $0 == $1 || $0 == 1 }
  }
}
