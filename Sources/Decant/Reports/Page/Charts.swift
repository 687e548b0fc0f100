internal import DecantCompression

/// Bars, one for each node: the longer, the more the outputs move.
struct SensitivityChart {
  let layers: [Sensitivity.Layer]

  private static let rowHeight = 22
  private static let (labels, bars, figures) = (330, 400, 250)

  /// As SVG.
  var svg: String {
    let finite = layers.map(\.worst.snr).filter(\.isFinite)
    guard let least = finite.min(), let greatest = finite.max() else { return "" }
    // The least sensitive node still has a bar, so that it is seen.
    let span = max(greatest - least, 1) * 1.08
    let (width, height) = (Self.labels + Self.bars + Self.figures, layers.count * Self.rowHeight + 4)
    var svg = "<svg viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-label=\"Sensitivity of each node\">\n"
    for (index, layer) in layers.enumerated() {
      let (top, snr) = (index * Self.rowHeight, layer.worst.snr)
      let share = snr.isFinite ? 1 - (snr - least) / span : snr < 0 ? 1 : 0
      let (name, cosine) = (Markup.escape(layer.node), Format.decimals(layer.worst.cosine, 6))
      let accuracy = layer.accuracy.map { ", \(Format.decimals($0 * 100, 1)) %" } ?? ""
      svg += """
        <g><title>\(name) (\(Markup.escape(layer.op.description))): \(Format.decimals(snr, 2)) dB, cosine \(cosine)</title>
        <text x="\(Self.labels - 8)" y="\(top + 15)" text-anchor="end">\(Markup.label(layer.node))</text>
        <rect class="bar" x="\(Self.labels)" y="\(top + 4)" width="\(Format.decimals(share * Double(Self.bars), 1))" \
        height="\(Self.rowHeight - 7)" rx="2"/>
        <text class="soft" x="\(Self.labels + Self.bars + 8)" y="\(top + 15)">\(Format.decimals(snr, 1)) dB, cosine \(cosine)\(accuracy)</text></g>

        """
    }
    return svg + "</svg>\n"
  }
}

/// How the values of one tensor are distributed, and where codes end.
struct HistogramChart {
  let tensor: TensorPicture

  private static let (width, height) = (320.0, 110.0)

  /// As a figure with a caption.
  var figure: String {
    let most = tensor.counts.max() ?? 0
    var svg =
      "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height) + 18)\" role=\"img\" aria-label=\"Histogram\">\n"
    let step = Self.width / Double(max(tensor.counts.count, 1))
    for (index, count) in tensor.counts.enumerated() where count > 0 && most > 0 {
      // The root lets small counts far out be seen, which is what clipping is about.
      let tall = max((count / most).squareRoot() * (Self.height - 6), 1)
      svg +=
        "<rect class=\"\(tensor.isWeight ? "weight" : "bar")\" x=\"\(Format.decimals(Double(index) * step, 2))\" "
        + "y=\"\(Format.decimals(Self.height - tall, 2))\" width=\"\(Format.decimals(step * 0.92, 2))\" "
        + "height=\"\(Format.decimals(tall, 2))\"/>\n"
    }
    let (right, foot) = (Int(Self.width), Int(Self.height))
    svg += "<line class=\"axis\" x1=\"0\" x2=\"\(right)\" y1=\"\(foot)\" y2=\"\(foot)\"/>\n"
    for line in tensor.clip.map({ [$0.low, $0.high] }) ?? [] { svg += mark(line, "clip") }
    for line in tensor.narrowest.map({ [$0.low, $0.high] }) ?? [] { svg += mark(line, "narrow") }
    let (low, high) = (Format.short(Double(tensor.range.low)), Format.short(Double(tensor.range.high)))
    svg += """
      <text class="soft" x="0" y="\(Int(Self.height) + 14)">\(low)</text>
      <text class="soft" x="\(Int(Self.width))" y="\(Int(Self.height) + 14)" text-anchor="end">\(high)</text>
      </svg>

      """
    return """
      <figure><figcaption><b>\(Markup.escape(tensor.name))</b><br><span class="soft">\(caption)</span></figcaption>
      \(svg)</figure>

      """
  }

  private func mark(_ value: Float, _ style: String) -> String {
    let (low, span) = (Double(tensor.range.low), Double(tensor.range.high) - Double(tensor.range.low))
    guard span > 0 else { return "" }
    let x = Format.decimals(min(max((Double(value) - low) / span, 0), 1) * Self.width, 1)
    return "<line class=\"\(style)\" x1=\"\(x)\" x2=\"\(x)\" y1=\"0\" y2=\"\(Int(Self.height))\"/>\n"
  }

  private var caption: String {
    var parts = ["read by \(Markup.escape(tensor.node))"]
    if let clip = tensor.clip {
      parts.append("codes from \(Format.short(Double(clip.low))) to \(Format.short(Double(clip.high)))")
    }
    if let narrow = tensor.narrowest {
      parts.append(
        "narrowest channel from \(Format.short(Double(narrow.low))) to \(Format.short(Double(narrow.high)))")
    }
    if tensor.leftOut > 0 { parts.append("\(tensor.leftOut) masks not counted") }
    return parts.joined(separator: "; ")
  }
}
