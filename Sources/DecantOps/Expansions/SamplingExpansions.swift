internal import DecantIR

/// Places that are sampled, in terms of matrix products.
enum SamplingExpansions {
  static let all = [Expansion("AffineGrid", affineGrid)]

  /// The map of each item times the coordinates of all places, which are constant.
  @Sendable private static func affineGrid(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let theta = try parts.operand(0)
    guard let size = parts.constant(try parts.operand(1))?.integers else {
      throw OpError("'size' is computed, and its places have to be constant")
    }
    guard size.count == 4 || size.count == 5, size.allSatisfy({ $0 >= 1 }) else {
      throw OpError("'size' expected 4 or 5 numbers of 1 or more, got \(size)")
    }
    let extents = Array(size[2...])
    let isAligned = parts.attributes.int("align_corners", default: 0) != 0
    let places = try Tensor.elementCount(shape: extents)
    guard places <= 1 << 22 else { throw OpError("'size' expected up to 4,194,304 places, got \(places)") }
    // One row for each coordinate, the innermost axis first, and one of ones.
    var rows: [Double] = []
    var inner = 1
    for extent in extents.reversed() {
      for place in 0..<places {
        rows.append(AffineGridKernel.coordinate(place / inner % extent, extent, isAligned))
      }
      inner *= extent
    }
    rows += [Double](repeating: 1, count: places)
    let base = Tensor(rows, shape: [extents.count + 1, places])
    let coordinates = parts.constant(try Expander.converted(base, to: try parts.dataType(theta)))
    let grid = parts.transpose(parts.add("MatMul", [theta, coordinates]), [0, 2, 1])
    return [parts.reshape(grid, [size[0]] + extents + [extents.count])]
  }
}
