internal import DecantIR

/// `GridSample`: values of an image at the places of a grid.
enum GridSampleKernel: FloatKernel {
  /// Integers are sampled as floats, and cut off at the end.
  @Sendable static func evaluateAny(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    guard !x.dataType.isFloat else { return try evaluate(context) }
    guard x.dataType.isInteger || x.dataType == .bool else {
      throw OpError("operand 0: expected real numbers, got \(x.dataType)")
    }
    let wide = EvaluationContext(
      op: context.op, attributes: context.attributes,
      operands: [try context.convert(x, Conversion(target: .float64)), try context.operand(1)],
      byteLimit: context.byteLimit)
    return [try context.convert(try evaluate(Double.self, wide)[0], Conversion(target: x.dataType))]
  }

  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, grid) = (try context.operand(0), try context.operand(1))
    let axes = x.rank - 2
    guard axes >= 1, grid.rank == x.rank, grid.shape[0] == x.shape[0], grid.shape[axes + 1] == axes else {
      throw OpError(
        "operand 1: expected \(x.rank) axes, \(x.shape.first ?? 0) first and \(axes) last, got \(grid.shape)")
    }
    let sampler = try GridSampler<T>(context.attributes, extents: Array(x.shape[2...]))
    let shape = [x.shape[0], x.shape[1]] + grid.shape[1...axes]
    try context.checkSize(T.dataType, shape: shape)
    guard try Tensor.elementCount(shape: shape) > 0 else {
      return [try context.result([T](), shape: shape, as: x.dataType)]
    }
    let plane = try product(of: x.shape[2...])
    guard plane > 0 else { throw OpError("operand 0: expected planes with elements, got \(x.shape)") }
    let values = try context.numbers(0, as: T.self)
    let places = try context.numbers(1, as: T.self)
    let count = places.count / axes / x.shape[0]
    var result = [T](repeating: 0, count: x.shape[0] * x.shape[1] * count)
    for item in 0..<x.shape[0] {
      for place in 0..<count {
        let start = (item * count + place) * axes
        let taps = sampler.taps(places[start..<start + axes])
        for channel in 0..<x.shape[1] {
          let row = item * x.shape[1] + channel
          var sum: T = 0
          for tap in taps { sum += tap.weight * values[row * plane + tap.place] }
          result[row * count + place] = sum
        }
      }
    }
    return [try context.result(result, shape: shape, as: x.dataType)]
  }
}

/// Which elements of a plane make up a sample, and how much each counts.
struct GridSampler<T: KernelFloat> {
  /// One element.
  struct Tap {
    var place: Int
    var weight: T
  }

  private enum Mode: String { case linear, nearest, cubic }
  private enum Padding: String { case zeros, border, reflection }

  private let extents: [Int]
  private let mode: Mode
  private let padding: Padding
  private let isAligned: Bool

  /// From a node's attributes, over planes of `extents`.
  init(_ attributes: Attributes, extents: [Int]) throws(OpError) {
    self.extents = extents
    mode = Mode(rawValue: try attributes.choice("mode", of: ["linear", "nearest", "cubic"])) ?? .linear
    padding =
      Padding(rawValue: try attributes.choice("padding_mode", of: ["zeros", "border", "reflection"])) ?? .zeros
    isAligned = attributes.int("align_corners", default: 0) != 0
    guard extents.count <= 8 else { throw OpError("expected at most 8 spatial axes, got \(extents.count)") }
  }

  /// The elements that count at a place, whose coordinates come innermost first and run from -1 to 1.
  func taps(_ coordinates: ArraySlice<T>) -> [Tap] {
    var result = [Tap(place: 0, weight: 1)]
    for (axis, coordinate) in coordinates.reversed().enumerated() {
      let own = taps(axis, coordinate)
      result = result.flatMap { outer in
        own.map { Tap(place: outer.place * extents[axis] + $0.place, weight: outer.weight * $0.weight) }
      }
    }
    return result
  }

  private func taps(_ axis: Int, _ coordinate: T) -> [Tap] {
    let extent = T(extents[axis])
    var x = isAligned ? (coordinate + 1) / 2 * (extent - 1) : ((coordinate + 1) * extent - 1) / 2
    if x.isNaN || !x.isFinite && padding != .border {
      return padding == .zeros ? [] : [Tap(place: 0, weight: .nan)]
    }
    if mode == .nearest { x.round(.toNearestOrEven) }
    // As in PyTorch and ONNX Runtime, a border under cubic sampling moves the elements around a place, not the place.
    if mode != .cubic || padding != .border || !x.isFinite { x = padded(x, axis) }
    let floor = x.rounded(.down)
    let rest = x - floor
    switch mode {
    case .nearest: return [tap(x, axis, 1)].compactMap { $0 }
    case .linear: return [tap(floor, axis, 1 - rest), tap(floor + 1, axis, rest)].compactMap { $0 }
    case .cubic:
      return [
        tap(floor - 1, axis, cubic(1 + rest)), tap(floor, axis, cubic(rest)), tap(floor + 1, axis, cubic(1 - rest)),
        tap(floor + 2, axis, cubic(2 - rest)),
      ].compactMap { $0 }
    }
  }

  /// Keys' cubic convolution with the parameter -3/4, at distance `x` from an element: 0 to 2.
  private func cubic(_ x: T) -> T {
    let a: T = -0.75
    return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
  }

  /// A place moved into the plane as the padding asks; zeros leave it.
  private func padded(_ x: T, _ axis: Int) -> T {
    let last = T(extents[axis] - 1)
    let (low, high): (T, T) = isAligned ? (0, last) : (-0.5, last + 0.5)
    guard x < low || x > high else { return x }
    switch padding {
    case .zeros: return x
    case .border: return min(max(x, 0), last)
    case .reflection: return GridSampler.reflected(x, low, high)
    }
  }

  /// A place thrown back at both ends until it lies between them.
  private static func reflected(_ x: T, _ low: T, _ high: T) -> T {
    let range = high - low
    guard range > 0 else { return low }
    let isBelow = x < low
    let distance = isBelow ? low - x : x - high
    let rest = T.fmod(distance, range)
    let isEven = T.fmod((distance / range).rounded(.down), 2) == 0
    return isEven == isBelow ? low + rest : high - rest
  }

  /// The element at a whole place, which the padding moves into the plane; nil where it counts as zero.
  private func tap(_ x: T, _ axis: Int, _ weight: T) -> Tap? {
    let last = T(extents[axis] - 1)
    guard x < 0 || x > last else { return Tap(place: Int(x), weight: weight) }
    switch padding {
    case .zeros: return nil
    case .border: return Tap(place: x < 0 ? 0 : extents[axis] - 1, weight: weight)
    case .reflection:
      let (low, high): (T, T) = isAligned ? (0, last) : (-0.5, last + 0.5)
      let place = GridSampler.reflected(x, low, high).rounded(.towardZero)
      return Tap(place: Int(min(max(place, 0), last)), weight: weight)
    }
  }
}
