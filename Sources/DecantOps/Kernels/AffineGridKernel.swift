internal import DecantIR

/// `AffineGrid`: where each place of an image comes from under an affine map, in coordinates from -1 to 1.
enum AffineGridKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let theta = try context.operand(0)
    let size = try context.integers(1)
    guard size.count == 4 || size.count == 5, size.allSatisfy({ $0 >= 1 }) else {
      throw OpError("'size' expected 4 or 5 numbers of 1 or more, got \(size)")
    }
    let axes = size.count - 2
    guard theta.shape == [size[0], axes, axes + 1] else {
      throw OpError("operand 0: expected shape \([size[0], axes, axes + 1]), got \(theta.shape)")
    }
    let maps = try context.numbers(0, as: T.self)
    let extents = Array(size[2...])
    let isAligned = context.attributes.int("align_corners", default: 0) != 0
    let shape = [size[0]] + extents + [axes]
    let strides = BroadcastPlan.strides(of: extents)
    let places = try product(of: extents)
    let grid = try context.make(T.self, shape: shape) { target in
      for item in 0..<size[0] {
        for place in 0..<places {
          for row in 0..<axes {
            let base = (item * axes + row) * (axes + 1)
            var sum = maps[base + axes]
            for column in 0..<axes {
              // The innermost axis comes first in coordinates.
              let axis = axes - 1 - column
              sum += maps[base + column] * coordinate(place / strides[axis] % extents[axis], extents[axis], isAligned)
            }
            target[(item * places + place) * axes + row] = sum
          }
        }
      }
    }
    return [try grid.rounded(to: theta.dataType, from: T.self)]
  }

  /// Where a pixel lies between -1 and 1, which are the centers of the outer pixels or their edges.
  static func coordinate<T: KernelFloat>(_ index: Int, _ extent: Int, _ isAligned: Bool) -> T {
    guard isAligned else { return T(2 * index + 1) / T(extent) - 1 }
    return extent == 1 ? -1 : T(2 * index) / T(extent - 1) - 1
  }
}
