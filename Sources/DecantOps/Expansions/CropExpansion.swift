internal import DecantIR

/// Cutting and padding around the middle, in terms of `Slice` and `Pad`.
///
/// Given: `%y = CenterCropPad(%x, [2, 5])` with `%x: f32[4,3]`.
/// Result: `%y = Pad(Slice(%x, [1, 0], [3, 3]), [0, 1, 0, 1])`.
enum CropExpansion {
  static let all = [Expansion("CenterCropPad", expand)]

  @Sendable private static func expand(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let (x, shape) = (try parts.operand(0), try parts.operand(1))
    let rank = try parts.rank(x)
    var axes: [Int] = []
    for axis in parts.attributes.ints("axes") ?? Array(0..<rank) { axes.append(try normalizeAxis(axis, rank: rank)) }
    if let target = parts.constant(shape)?.integers, let extents = parts.shape(x)?.fixed, target.count == axes.count {
      guard target.allSatisfy({ $0 >= 0 }) else {
        throw OpError("'shape' expected extents of 0 or more, got \(target)")
      }
      return [fixed(x, extents, Dictionary(zip(axes, target), uniquingKeysWith: { $1 }), &parts)]
    }
    return [try computed(x, shape, axes, rank, &parts)]
  }

  /// To extents that are known.
  private static func fixed(
    _ x: ValueID, _ extents: [Int], _ target: [Int: Int], _ parts: inout Expander
  ) -> ValueID {
    var pads = [Int](repeating: 0, count: 2 * extents.count)
    var (starts, ends) = ([Int](repeating: 0, count: extents.count), extents)
    for (axis, wanted) in target {
      let extent = extents[axis]
      if wanted < extent {
        starts[axis] = (extent - wanted) / 2
        ends[axis] = starts[axis] + wanted
      } else {
        pads[axis] = (wanted - extent) / 2
        pads[extents.count + axis] = wanted - extent - pads[axis]
      }
    }
    let cut = ends == extents ? x : parts.add("Slice", [x, parts.integers(starts), parts.integers(ends)])
    if pads.contains(where: { $0 > 0 }) { return parts.add("Pad", [cut, parts.integers(pads)]) }
    return cut == x ? parts.add("Identity", [x]) : cut
  }

  /// To extents of which some are computed: the same arithmetic on vectors, with what is not cut or padded as it is.
  private static func computed(
    _ x: ValueID, _ shape: ValueID, _ axes: [Int], _ rank: Int, _ parts: inout Expander
  ) throws(OpError) -> ValueID {
    let extents = parts.add("Shape", [x])
    var target = try parts.cast(shape, to: .int64)
    if axes != Array(0..<rank) {
      var pieces: [ValueID] = []
      for axis in 0..<rank {
        let place = axes.firstIndex(of: axis)
        pieces.append(
          parts.slice(place == nil ? extents : target, axis: 0, from: place ?? axis, to: (place ?? axis) + 1))
      }
      target = parts.concat(pieces, axis: 0)
    }
    let (zero, two) = (try parts.number(0, like: target), try parts.number(2, like: target))
    let excess = parts.add("Max", [parts.add("Sub", [extents, target]), zero])
    let start = parts.add("Div", [excess, two])
    let cut = parts.add("Slice", [x, start, parts.add("Add", [start, target])])
    let lack = parts.add("Max", [parts.add("Sub", [target, extents]), zero])
    let before = parts.add("Div", [lack, two])
    return parts.add("Pad", [cut, parts.concat([before, parts.add("Sub", [lack, before])], axis: 0)])
  }
}
