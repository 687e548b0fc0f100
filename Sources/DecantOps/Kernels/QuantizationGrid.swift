internal import DecantIR

/// Which scale and zero point belong to which element: one for all, one for each place along an axis, or one for each
/// block along an axis.
struct QuantizationGrid {
  private let outer: Int
  private let length: Int
  private let inner: Int
  /// Elements along the axis that share a scale.
  private let block: Int
  private let isUniform: Bool
  private let isBlocked: Bool

  /// For elements of `shape` and scales of `scales`, as the attributes `axis` and `block_size` tell.
  ///
  /// - Throws: ``OpError`` when the shapes do not fit.
  init(_ attributes: Attributes, shape: [Int], scales: [Int]) throws(OpError) {
    let size = attributes.int("block_size", default: 0)
    guard size >= 0 else { throw OpError("'block_size' expected 0 or more, got \(size)") }
    isBlocked = size > 0
    isUniform = !isBlocked && scales.allSatisfy { $0 == 1 } && scales.count <= 1
    let count = try Tensor.elementCount(shape: shape)
    guard !isUniform else {
      (outer, length, inner, block) = (1, 1, count, 1)
      return
    }
    let axis = try normalizeAxis(attributes.int("axis", default: 1), rank: shape.count)
    length = shape[axis]
    outer = shape[..<axis].reduce(1, *)
    inner = shape[(axis + 1)...].reduce(1, *)
    block = isBlocked ? size : 1
    var expected = shape
    if isBlocked {
      expected[axis] = length / size + (length % size == 0 ? 0 : 1)
    } else {
      expected = [length]
    }
    guard scales == expected else { throw OpError("operand 1: expected scales of shape \(expected), got \(scales)") }
  }

  /// Calls `body` for runs of elements: the first, how many, the first's scale, and the step from one scale to the next.
  func forEachRun(_ body: (_ first: Int, _ count: Int, _ scale: Int, _ step: Int) -> Void) {
    if isUniform { return body(0, inner, 0, 0) }
    guard outer > 0, length > 0, inner > 0 else { return }
    let blocks = (length - 1) / block + 1
    for row in 0..<outer {
      let start = row * length * inner
      if !isBlocked, inner == 1 {
        body(start, length, 0, 1)
      } else if !isBlocked {
        for place in 0..<length { body(start + place * inner, inner, place, 0) }
      } else if inner == 1 {
        for index in 0..<blocks {
          body(start + index * block, min(block, length - index * block), row * blocks + index, 0)
        }
      } else {
        for place in 0..<length {
          body(start + place * inner, inner, (row * blocks + place / block) * inner, 1)
        }
      }
    }
  }
}
