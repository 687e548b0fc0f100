internal import DecantIR

/// How to walk several operands together over the shape that they broadcast to: outer steps around one inner run.
///
/// Neighbouring axes that every operand crosses evenly are merged, so that equal shapes, scalars and biases along the last
/// axes come down to one or two loops.
struct BroadcastPlan {
  /// The shape of the result.
  let shape: [Int]
  /// How many elements it has.
  let count: Int
  /// The length of the innermost run; the result is written in runs of this many.
  private(set) var run = 1
  /// For each operand, how far one step within a run goes: 0 or 1, or more after a transposition.
  private(set) var runStrides: [Int]
  private var outer: [Int] = []
  /// `outerStrides[operand][axis]`
  private var outerStrides: [[Int]]

  /// Over `shapes`, which must broadcast.
  init(_ shapes: [[Int]]) throws(OpError) {
    let shape = try Broadcast.extents(shapes)
    self.init(shape: shape, strides: shapes.map { BroadcastPlan.strides(of: $0, in: shape) })
    _ = try Tensor.elementCount(shape: shape)
  }

  /// Over `shape`, each operand crossing its axes by its own strides. Precondition: the shape's elements can be counted.
  init(shape: [Int], strides: [[Int]]) {
    self.shape = shape
    count = shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    var extents: [Int] = []
    var merged: [[Int]] = strides.map { _ in [] }
    for axis in shape.indices where shape[axis] != 1 {
      let last = extents.count - 1
      let joins = last >= 0 && strides.indices.allSatisfy { merged[$0][last] == strides[$0][axis] &* shape[axis] }
      if joins {
        extents[last] = extents[last] &* shape[axis]
        for operand in strides.indices { merged[operand][last] = strides[operand][axis] }
      } else {
        extents.append(shape[axis])
        for operand in strides.indices { merged[operand].append(strides[operand][axis]) }
      }
    }
    run = extents.popLast() ?? 1
    runStrides = merged.map { $0.last ?? 1 }
    outerStrides = merged.map { Array($0.dropLast()) }
    outer = extents
  }

  /// Calls `body` for each run with the place of its first element in the result and in each operand.
  func forEachRun<E: Error>(_ body: (_ target: Int, _ sources: [Int]) throws(E) -> Void) throws(E) {
    guard count > 0 else { return }
    var index = [Int](repeating: 0, count: outer.count)
    var places = [Int](repeating: 0, count: runStrides.count)
    var target = 0
    while true {
      try body(target, places)
      target += run
      var axis = outer.count - 1
      while axis >= 0 {
        index[axis] += 1
        for operand in places.indices { places[operand] += outerStrides[operand][axis] }
        guard index[axis] == outer[axis] else { break }
        for operand in places.indices { places[operand] -= outerStrides[operand][axis] * outer[axis] }
        index[axis] = 0
        axis -= 1
      }
      guard axis >= 0 else { return }
    }
  }

  /// The strides with which a contiguous tensor of `shape` is walked over `target`: 0 where it is repeated.
  static func strides(of shape: [Int], in target: [Int]) -> [Int] {
    var strides = [Int](repeating: 0, count: target.count)
    var stride = 1
    for axis in shape.indices.reversed() {
      let place = target.count - shape.count + axis
      strides[place] = shape[axis] == 1 ? 0 : stride
      stride = stride &* shape[axis]
    }
    return strides
  }

  /// The strides of a contiguous tensor.
  static func strides(of shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] &* shape[axis + 1] }
    return strides
  }
}
