internal import DecantIR

/// `CropAndResize`: boxes cut out of images, and sampled so that their corners meet those of the result.
enum CropKernel: FloatKernel {
  @Sendable static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let (x, boxes) = (context.shape(0), context.shape(1))
    if let x, x.rank != 4 { throw OpError("operand 0: expected rank 4, got \(x)") }
    let size = context.integers(3)
    guard size?.count ?? 2 == 2 else { throw OpError("operand 3: expected a height and a width, got \(size ?? [])") }
    let extents = size.map { $0.map { Dimension.fixed($0) } } ?? [.unknown, .unknown]
    return [
      .tensor(.init(context.dataType(0), Shape([boxes?.dimensions.first ?? .unknown, x?[1] ?? .unknown] + extents)))
    ]
  }

  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, boxes) = (try context.operand(0), try context.operand(1))
    let (images, size) = (try context.integers(2), try context.integers(3))
    guard x.rank == 4, boxes.rank == 2, boxes.shape[1] == 4, images.count == boxes.shape[0],
      images.allSatisfy({ (0..<x.shape[0]).contains($0) })
    else {
      throw OpError("expected images [N,C,H,W] and boxes [n,4] with an image each, got \(x.shape) and \(boxes.shape)")
    }
    guard size.count == 2, size.allSatisfy({ $0 >= 1 }) else {
      throw OpError("operand 3: expected a height and a width of 1 or more, got \(size)")
    }
    let isNearest = try context.attributes.choice("mode", of: ["bilinear", "nearest"]) == "nearest"
    let outside = T(context.attributes.float("extrapolation_value", default: 0))
    let (values, corners) = (try context.numbers(0, as: T.self), try context.numbers(1, as: T.self))
    let (channels, height, width) = (x.shape[1], x.shape[2], x.shape[3])
    let plane = try product(size[0], size[1])
    let result = try context.make(T.self, shape: [images.count, channels, size[0], size[1]]) { span in
      for place in 0..<span.count {
        let (box, row, column) = (place / (channels * plane), place % plane / size[1], place % size[1])
        let y = coordinate(corners[box * 4], corners[box * 4 + 2], row, of: size[0], extent: height)
        let x = coordinate(corners[box * 4 + 1], corners[box * 4 + 3], column, of: size[1], extent: width)
        guard y >= 0, y <= T(height - 1), x >= 0, x <= T(width - 1) else {
          span[place] = outside
          continue
        }
        let start = (images[box] * channels + place / plane % channels) * height * width
        func pixel(_ row: T, _ column: T) -> T { values[start + Int(row) * width + Int(column)] }
        if isNearest {
          span[place] = pixel(y.rounded(.toNearestOrAwayFromZero), x.rounded(.toNearestOrAwayFromZero))
          continue
        }
        let (top, bottom, left, right) = (y.rounded(.down), y.rounded(.up), x.rounded(.down), x.rounded(.up))
        let above = pixel(top, left) + (pixel(top, right) - pixel(top, left)) * (x - left)
        let below = pixel(bottom, left) + (pixel(bottom, right) - pixel(bottom, left)) * (x - left)
        span[place] = above + (below - above) * (y - top)
      }
    }
    return [try result.rounded(to: x.dataType, from: T.self)]
  }

  /// Where element `index` of `count` looks along an axis; a single one looks at the middle.
  private static func coordinate<T: KernelFloat>(_ low: T, _ high: T, _ index: Int, of count: Int, extent: Int) -> T {
    let last = T(extent - 1)
    guard count > 1 else { return (low + high) * last / 2 }
    return low * last + T(index) * ((high - low) * last / T(count - 1))
  }
}
