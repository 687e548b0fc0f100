internal import CKernels
internal import DecantIR

/// The axes of a result, and how far a step along each goes in every operand: axes of one element are left out, and adjacent ones
/// that all operands cross evenly are one.
struct AxisPlan {
  private(set) var extents: [Int] = []
  /// `strides[operand][axis]`
  private(set) var strides: [[Int]]

  /// Over `shape`, of which operand `i` crosses the axes by `strides[i]`; nil when more axes remain than loops take, and when there
  /// are more elements than a memory holds.
  init?(_ shape: [Int], _ strides: [[Int]]) {
    self.strides = strides.map { _ in [] }
    guard let count = try? Tensor.elementCount(shape: shape), count < 1 << 56 else { return nil }
    for axis in shape.indices where shape[axis] != 1 {
      let last = extents.count - 1
      let joins =
        last >= 0
        && strides.indices.allSatisfy { self.strides[$0][last] == strides[$0][axis] * shape[axis] }
      if joins {
        extents[last] *= shape[axis]
        for operand in strides.indices { self.strides[operand][last] = strides[operand][axis] }
      } else {
        extents.append(shape[axis])
        for operand in strides.indices { self.strides[operand].append(strides[operand][axis]) }
      }
    }
    guard extents.count <= DECANT_AXES else { return nil }
  }

  /// The strides with which a dense tensor of `shape` is walked over `target`: 0 where it is repeated.
  static func strides(of shape: [Int], in target: [Int]) -> [Int] {
    var strides = [Int](repeating: 0, count: target.count)
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[target.count - shape.count + axis] = shape[axis] == 1 ? 0 : stride
      stride *= shape[axis]
    }
    return strides
  }

  /// The shape that `shapes` broadcast to; nil when they do not.
  static func broadcast(_ shapes: [[Int]]) -> [Int]? {
    let rank = shapes.map(\.count).max() ?? 0
    var result = [Int](repeating: 1, count: rank)
    for shape in shapes {
      for (axis, extent) in shape.enumerated() where extent != 1 {
        let place = rank - shape.count + axis
        guard result[place] == 1 || result[place] == extent else { return nil }
        result[place] = extent
      }
    }
    return result
  }
}
