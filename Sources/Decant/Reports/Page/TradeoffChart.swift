#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Size against accuracy when the most sensitive nodes are kept in float, one after the other: predicted, for noises add.
struct TradeoffChart {
  /// Keeping some nodes in float.
  struct Point {
    let kept: Int
    let bytes: Int
    let snr: Double
  }

  let points: [Point]

  private static let (left, width, height) = (54.0, 560.0, 200.0)

  /// From none kept to all but one; fewer than two points make no chart.
  init(_ sensitivity: Sensitivity, bytes: Int) {
    let layers = sensitivity.layers
    // What is left of the noise from each node on, added up from the least.
    var noises = [Double](repeating: 0, count: layers.count)
    var sum = 0.0
    for index in layers.indices.reversed() {
      sum += pow(10, -layers[index].worst.snr / 10)
      noises[index] = sum
    }
    var points: [Point] = []
    var size = bytes
    for (kept, layer) in layers.enumerated() {
      points.append(Point(kept: kept, bytes: size, snr: -10 * log10(noises[kept])))
      size += layer.savedBytes
    }
    self.points = points.filter { $0.snr.isFinite }
  }

  /// As SVG; empty where there is nothing to choose.
  var svg: String {
    guard points.count > 1, let first = points.first, let last = points.last, last.bytes > first.bytes,
      last.snr > first.snr
    else { return "" }
    func x(_ point: Point) -> Double {
      Self.left + Double(point.bytes - first.bytes) / Double(last.bytes - first.bytes) * Self.width
    }
    func y(_ point: Point) -> Double {
      Self.height - (point.snr - first.snr) / (last.snr - first.snr) * (Self.height - 16)
    }
    let (right, foot) = (Int(Self.left + Self.width), Int(Self.height))
    var svg = """
      <svg class="chart" viewBox="0 0 \(right + 60) \(foot + 24)" role="img" aria-label="Size against accuracy">
      <line class="axis" x1="\(Int(Self.left))" x2="\(right)" y1="\(foot)" y2="\(foot)"/>
      <line class="axis" x1="\(Int(Self.left))" x2="\(Int(Self.left))" y1="0" y2="\(foot)"/>
      <text class="soft" x="\(Int(Self.left) - 6)" y="\(foot)" text-anchor="end">\(Format.decimals(first.snr, 1)) dB</text>
      <text class="soft" x="\(Int(Self.left) - 6)" y="20" text-anchor="end">\(Format.decimals(last.snr, 1)) dB</text>
      <text class="soft" x="\(Int(Self.left))" y="\(foot + 18)">\(Format.bytes(first.bytes))</text>
      <text class="soft" x="\(right)" y="\(foot + 18)" text-anchor="end">\(Format.bytes(last.bytes))</text>

      """
    let path = points.map { "\(Format.decimals(x($0), 1)),\(Format.decimals(y($0), 1))" }.joined(separator: " ")
    svg += "<polyline class=\"path\" points=\"\(path)\"/>\n"
    for point in points {
      svg += """
        <circle class="bar" cx="\(Format.decimals(x(point), 1))" cy="\(Format.decimals(y(point), 1))" r="4">\
        <title>\(point.kept) kept in float: \(Format.bytes(point.bytes)), \(Format.decimals(point.snr, 1)) dB</title></circle>

        """
    }
    return svg + "</svg>\n"
  }
}
