internal import DecantIR

/// `RoiAlign` (He et al. 2017): each bin of a region from samples between the pixels.
enum RegionAlignKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let regions = try Regions<T>(context, columns: 4, size: try RegionOps.outputSize(context.attributes))
    let rule = try AlignmentRule<T>(context.attributes)
    let items = try context.integers(2)
    guard items.count == regions.count else {
      throw OpError("operand 2: expected \(regions.count) numbers, got \(items.count)")
    }
    let result = try regions.fill { (region, target) throws(OpError) in
      let first = try regions.firstPlane(of: items[region])
      let window = try rule.window(regions.corners(region, from: 0), regions.scale)
      let bin = (height: window.height / T(regions.size[0]), width: window.width / T(regions.size[1]))
      let grid = (rows: try rule.samples(bin.height), columns: try rule.samples(bin.width))
      try context.checkSize(.float64, shape: [max(grid.rows, 0), max(grid.columns, 0), 8])
      for place in 0..<regions.binCount {
        let top = window.top + T(place / regions.size[1]) * bin.height
        let left = window.left + T(place % regions.size[1]) * bin.width
        var samples: [PixelMix<T>] = []
        for row in 0..<max(grid.rows, 0) {
          for column in 0..<max(grid.columns, 0) {
            samples.append(
              PixelMix(
                y: top + (T(row) + 0.5) * bin.height / T(grid.rows),
                x: left + (T(column) + 0.5) * bin.width / T(grid.columns), height: regions.height, width: regions.width
              ))
          }
        }
        for channel in 0..<regions.channels {
          let value = rule.pooled(samples, regions.values, from: (first + channel) * regions.plane)
          target[(region * regions.channels + channel) * regions.binCount + place] = value
        }
      }
    }
    return [result]
  }
}

/// `MaxRoiPool` (Girshick 2015): each bin of a region from its largest pixel; 0 where it has none.
enum RegionPoolKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let regions = try Regions<T>(context, columns: 5, size: try RegionOps.pooledShape(context.attributes))
    let result = try regions.fill { (region, target) throws(OpError) in
      guard let item = Int(exactly: regions.box(region)[0]) else {
        throw OpError("operand 1: expected whole numbers first, got \(regions.box(region)[0])")
      }
      let first = try regions.firstPlane(of: item)
      let corners = regions.corners(region, from: 1).map { ($0 * regions.scale).rounded() }
      guard corners.allSatisfy({ $0.magnitude < 2_147_483_648 }) else {
        throw OpError("operand 1: expected regions below 2^31, got \(corners)")
      }
      let rows = bins(corners[1], corners[3], count: regions.size[0], extent: regions.height)
      let columns = bins(corners[0], corners[2], count: regions.size[1], extent: regions.width)
      for channel in 0..<regions.channels {
        let base = (first + channel) * regions.plane
        for place in 0..<regions.binCount {
          var best: T?
          for row in rows[place / regions.size[1]] {
            for column in columns[place % regions.size[1]] {
              let value = regions.values[base + row * regions.width + column]
              best = best.map { value > $0 ? value : $0 } ?? value
            }
          }
          target[(region * regions.channels + channel) * regions.binCount + place] = best ?? 0
        }
      }
    }
    return [result]
  }

  /// The pixels of each bin between `low` and `high`, both included; bins may share pixels.
  private static func bins<T: KernelFloat>(_ low: T, _ high: T, count: Int, extent: Int) -> [Range<Int>] {
    let size = max(high - low + 1, 1) / T(count)
    return (0..<count).map { bin in
      let start = Int((T(bin) * size).rounded(.down)) + Int(low)
      let end = Int((T(bin + 1) * size).rounded(.up)) + Int(low)
      let lower = min(max(start, 0), extent)
      return lower..<max(lower, min(max(end, 0), extent))
    }
  }
}

/// An image, the regions in it, and the size that each is brought to.
private struct Regions<T: KernelFloat> {
  let values: [T]
  let channels: Int
  let height: Int
  let width: Int
  let count: Int
  let scale: T
  /// Height and width of the result.
  let size: [Int]
  private let items: Int
  private let boxes: [T]
  private let columns: Int
  private let context: EvaluationContext

  init(_ context: EvaluationContext, columns: Int, size: [Int]) throws(OpError) {
    let (x, rois) = (try context.operand(0), try context.operand(1))
    guard x.rank == 4 else { throw OpError("operand 0: expected rank 4, got \(x.shape)") }
    guard rois.rank == 2, rois.shape[1] == columns else {
      throw OpError("operand 1: expected rank 2 and \(columns) columns, got \(rois.shape)")
    }
    self.context = context
    self.columns = columns
    self.size = size
    (items, channels, height, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    count = rois.shape[0]
    guard x.elementCount > 0 || count == 0 else { throw OpError("operand 0: expected elements, got \(x.shape)") }
    values = try context.numbers(0, as: T.self)
    boxes = try context.numbers(1, as: T.self)
    guard boxes.allSatisfy(\.isFinite) else { throw OpError("operand 1: expected finite numbers") }
    scale = T(context.attributes.float("spatial_scale", default: 1))
  }

  /// Elements of one channel of the image.
  var plane: Int { height * width }
  /// Elements of one channel of a region's result.
  var binCount: Int { size[0] * size[1] }

  /// The row of numbers that describes a region.
  func box(_ region: Int) -> ArraySlice<T> {
    let row = boxes[region * columns..<(region + 1) * columns]
    return ArraySlice(Array(row))
  }

  /// Left, top, right and bottom of a region, which begin at column `start`.
  func corners(_ region: Int, from start: Int) -> [T] { Array(box(region)[start...]) }

  /// The number of the first plane of an item of the batch.
  func firstPlane(of item: Int) throws(OpError) -> Int {
    guard item >= 0, item < items else { throw OpError("a region's image expected in 0..<\(items), got \(item)") }
    return item * channels
  }

  /// A result of which `body` fills the part of each region.
  func fill(
    _ body: (_ region: Int, _ target: inout MutableSpan<T>) throws(OpError) -> Void
  ) throws(OpError) -> Tensor {
    let result = try context.make(T.self, shape: [count, channels] + size) { (target) throws(OpError) in
      for region in 0..<(target.count == 0 ? 0 : count) { try body(region, &target) }
    }
    return try result.rounded(to: try context.operand(0).dataType, from: T.self)
  }
}

/// How `RoiAlign` reads regions, and what it makes of samples.
private struct AlignmentRule<T: KernelFloat> {
  private let isHalfPixel: Bool
  private let takesLargest: Bool
  private let ratio: Int

  init(_ attributes: Attributes) throws(OpError) {
    let modes = ["half_pixel", "output_half_pixel"]
    isHalfPixel = try attributes.choice("coordinate_transformation_mode", of: modes) == "half_pixel"
    takesLargest = try attributes.choice("mode", of: ["avg", "max"]) == "max"
    ratio = attributes.int("sampling_ratio", default: 0)
    guard ratio >= 0, ratio <= WindowRule.limit else {
      throw OpError("'sampling_ratio' expected in 0...\(WindowRule.limit), got \(ratio)")
    }
  }

  /// A region in pixels.
  func window(_ corners: [T], _ scale: T) throws(OpError) -> (top: T, left: T, height: T, width: T) {
    let shift: T = isHalfPixel ? 0.5 : 0
    let ends = corners.map { $0 * scale - shift }
    var (height, width) = (ends[3] - ends[1], ends[2] - ends[0])
    if !isHalfPixel { (height, width) = (max(height, 1), max(width, 1)) }
    guard height.isFinite, width.isFinite else { throw OpError("operand 1: expected finite regions, got \(corners)") }
    return (ends[1], ends[0], height, width)
  }

  /// How many samples there are along a bin; none where it is turned inside out.
  func samples(_ extent: T) throws(OpError) -> Int {
    if ratio > 0 { return ratio }
    guard extent < 2_147_483_648 else { throw OpError("operand 1: expected bins below 2^31 pixels, got \(extent)") }
    return extent > 0 ? Int(extent.rounded(.up)) : 0
  }

  /// The mean of the samples, or the largest share of a pixel in them; 0 without any.
  func pooled(_ samples: [PixelMix<T>], _ values: [T], from start: Int) -> T {
    guard takesLargest else {
      var sum: T = 0
      for sample in samples {
        for tap in 0..<4 { sum += sample.weights[tap] * values[start + sample.places[tap]] }
      }
      return sum / T(max(samples.count, 1))
    }
    var best: T?
    for sample in samples {
      for tap in 0..<4 {
        let share = sample.weights[tap] * values[start + sample.places[tap]]
        best = best.map { share > $0 ? share : $0 } ?? share
      }
    }
    return best ?? 0
  }
}

/// The four pixels around a place, and how much each counts; nothing counts beyond the image's edge.
private struct PixelMix<T: KernelFloat> {
  var places = InlineArray<4, Int>(repeating: 0)
  var weights = InlineArray<4, T>(repeating: 0)

  init(y: T, x: T, height: Int, width: Int) {
    guard y >= -1, y <= T(height), x >= -1, x <= T(width) else { return }
    let (rows, columns) = (PixelMix.ends(y, height), PixelMix.ends(x, width))
    for tap in 0..<4 {
      let (row, column) = (tap / 2, tap % 2)
      places[tap] = (row == 0 ? rows.low : rows.high) * width + (column == 0 ? columns.low : columns.high)
      weights[tap] = (row == 0 ? 1 - rows.rest : rows.rest) * (column == 0 ? 1 - columns.rest : columns.rest)
    }
  }

  /// The pixels before and after a place, and how far it is from the first.
  private static func ends(_ place: T, _ extent: Int) -> (low: Int, high: Int, rest: T) {
    let inside = max(place, 0)
    let low = Int(inside)
    guard low < extent - 1 else { return (extent - 1, extent - 1, 0) }
    return (low, low + 1, inside - T(low))
  }
}
