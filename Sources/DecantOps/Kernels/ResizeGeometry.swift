internal import DecantIR

/// Where the pixels of a resized axis come from, in float32 as ONNX Runtime computes it.
struct AxisGeometry {
  /// How a coordinate of the result becomes one of the source.
  enum Coordinates: String, CaseIterable {
    case halfPixel = "half_pixel"
    case symmetric = "half_pixel_symmetric"
    case pytorch = "pytorch_half_pixel"
    /// By the result's whole extent, as the specification's formula and ONNX Runtime have it; the ONNX project's own
    /// reference takes source times scale, which need not be whole, and differs where it is not.
    case alignCorners = "align_corners"
    case asymmetric
    case crop = "tf_crop_and_resize"
  }

  /// How a coordinate between two pixels becomes one of them.
  enum Rounding: String, CaseIterable {
    case preferFloor = "round_prefer_floor"
    case preferCeil = "round_prefer_ceil"
    case floor
    case ceil
  }

  /// The extent of the source, of the result, and the factor between them.
  let source: Int
  let target: Int
  let scale: Float
  /// The part of the source that ``Coordinates/crop`` shows, where 1 is the last pixel.
  let region: (start: Float, end: Float)
  let coordinates: Coordinates

  /// Whether the axis stays as it is.
  var isIdentity: Bool { source == target && scale == 1 && coordinates != .crop }

  /// The coordinate in the source of index `index` of the result.
  func origin(_ index: Int) -> Float {
    let x = Float(index)
    switch coordinates {
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .symmetric:
      let adjustment = Float(target) / (scale * Float(source))
      let offset = Float(source) / 2 * (1 - adjustment)
      return offset + (x + 0.5) / scale - 0.5
    case .pytorch: return target > 1 ? (x + 0.5) / scale - 0.5 : 0
    case .alignCorners: return target == 1 ? 0 : x * Float(source - 1) / Float(target - 1)
    case .asymmetric: return x / scale
    case .crop:
      let last = Float(source - 1)
      return target > 1
        ? region.start * last + x * (region.end - region.start) * last / Float(target - 1)
        : 0.5 * (region.start + region.end) * last
    }
  }

  /// Whether a coordinate lies beyond the source, where ``Coordinates/crop`` shows a fixed value.
  func isOutside(_ origin: Float) -> Bool {
    coordinates == .crop && !(origin >= 0 && origin <= Float(source - 1))
  }

  /// The source's index for each index of the result, -1 for those outside.
  func nearest(_ rounding: Rounding) -> [Int] {
    (0..<target).map { index in
      let x = origin(index)
      guard !isOutside(x) else { return -1 }
      let rounded =
        switch rounding {
        case .preferFloor: (x - 0.5).rounded(.up)
        case .preferCeil: (x + 0.5).rounded(.down)
        case .floor: x.rounded(.down)
        case .ceil: x.rounded(.up)
        }
      return Int(min(max(rounded, 0), Float(source - 1)))
    }
  }

  /// For each index of the result, the pixels that it mixes.
  func taps(_ filter: ResizeFilter) -> [ResizeTaps] {
    let shrink = filter.antialiases ? min(scale, 1) : 1
    let reach = filter.reach / shrink
    return (0..<target).map { index in
      let x = origin(index)
      guard !isOutside(x), x.isFinite, reach < 1e6 else { return ResizeTaps(places: [], weights: []) }
      // Far beyond the edges there is only the edge.
      let center = min(max(x, -4), Float(source) + 4)
      var places: [Int] = []
      var weights: [Float] = []
      for place in Int((center - reach).rounded(.up))...Int((center + reach).rounded(.down)) {
        let weight = filter.weight((Float(place) - center) * shrink)
        guard weight != 0, !filter.excludesOutside || (place >= 0 && place < source) else { continue }
        places.append(min(max(place, 0), source - 1))
        weights.append(weight)
      }
      if filter.antialiases || filter.excludesOutside {
        let sum = weights.reduce(0, +)
        weights = weights.map { $0 / sum }
      }
      return ResizeTaps(places: places, weights: weights)
    }
  }
}

/// The pixels along one axis that a pixel of the result mixes; none where it lies outside.
struct ResizeTaps {
  let places: [Int]
  let weights: [Float]
}

/// A function of the distance to a pixel that weighs it.
struct ResizeFilter {
  /// Keys' coefficient; nil for linear interpolation.
  let cubic: Float?
  let antialiases: Bool
  let excludesOutside: Bool

  /// The distance from which on pixels do not count.
  var reach: Float { cubic == nil ? 1 : 2 }

  func weight(_ distance: Float) -> Float {
    let x = distance.magnitude
    guard let a = cubic else { return max(0, 1 - x) }
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }
}
