public import DecantBytes
internal import DecantCompression
public import DecantIR
public import DecantRuntime

/// A quantization as one HTML file: sizes, sensitivity, distributions, and what was done to every node.
///
/// The page needs nothing but itself: no script, no font, no picture from anywhere. All names are escaped.
public struct QuantizationPage: Sendable {
  private static let pictureLimit = 96
  private static let barLimit = 60
  private static let excludeCount = 5

  private let title: String
  private let scheme: QuantizationScheme
  private let before: Inspection
  private let after: Inspection
  private let report: QuantizationReport
  private let sensitivity: Sensitivity?
  private let pictures: [TensorPicture]
  private let pictureCount: Int

  /// Gathers what the page shows.
  ///
  /// - Parameters:
  ///   - title: what the model is called.
  ///   - float: the model as it was given.
  ///   - samples: what activations are counted on; nil to leave them out.
  /// - Throws: what running the float model throws.
  public init(
    _ title: String, _ scheme: QuantizationScheme, float: Model, _ result: QuantizationResult,
    sensitivity: Sensitivity?,
    samples: SampleSet?, backends: [any Backend], execution: Executor.Options, reporter: any Reporter = SilentReporter()
  ) throws(DecantError) {
    self.title = title
    self.scheme = scheme
    before = Inspection(float)
    after = Inspection(result.model)
    report = result.report
    self.sensitivity = sensitivity
    guard let trials = result.trials else {
      (pictures, pictureCount) = ([], 0)
      return
    }
    // The most sensitive first, where that is known.
    let known = sensitivity?.layers.map(\.node) ?? []
    let names = known + report.decisions.filter(\.isQuantized).map(\.node).filter { !Set(known).contains($0) }
    let values = samples == nil ? [] : TensorPicture.activations(read: names, trials.model.graph)
    var histograms: [String: SignedHistogram] = [:]
    if let samples, !values.isEmpty {
      let calibrator = try Calibrator(
        trials.model, values: values, backends: backends, execution: execution, reporter: reporter)
      histograms = try calibrator.signedHistograms(samples.forCalibration)
    }
    (pictures, pictureCount) = try TensorPicture.all(
      read: names, trials, result.model.graph, histograms, limit: QuantizationPage.pictureLimit)
  }

  /// The whole file.
  public var html: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(Markup.escape(title)) in \(scheme.rawValue)</title>
    <style>
    \(PageStyle.css)
    </style>
    </head>
    <body>
    <h1>\(Markup.escape(title)) in \(scheme.rawValue)</h1>
    <p class="soft">What <code>decant quantize</code> did to it.</p>
    \(tiles)\(sizes)\(remarks)\(sensitivitySection)\(distributions)\(nodes)</body>
    </html>

    """
  }

  // MARK: Numbers

  private var tiles: String {
    let quantized = report.decisions.count(where: \.isQuantized)
    let share = before.bytes > 0 ? Double(after.bytes) / Double(before.bytes) * 100 : 100
    var tiles = tile("Constants before", Format.bytes(before.bytes)) + tile("after", Format.bytes(after.bytes))
    tiles += tile("of the size", Format.decimals(share, 1) + " %")
    tiles += tile("nodes quantized", "\(quantized) of \(report.decisions.count)")
    if let worst = sensitivity?.whole.min(by: { $0.snr < $1.snr }) {
      tiles += tile("signal to noise of the outputs", Format.decimals(worst.snr, 1) + " dB")
      tiles += tile("cosine of the outputs", Format.decimals(worst.cosine, 5))
    }
    if let (float, whole) = sensitivity?.accuracy {
      tiles += tile("accuracy, in float \(Format.decimals(float * 100, 2)) %", Format.decimals(whole * 100, 2) + " %")
    }
    return "<div class=\"tiles\">\n\(tiles)</div>\n"
  }

  private func tile(_ what: String, _ figure: String) -> String {
    "<div class=\"tile\"><b>\(figure)</b>\(what)</div>\n"
  }

  private var sizes: String {
    var rows = ""
    let types = Set(before.bytesByType.map(\.type) + after.bytesByType.map(\.type))
    func bytes(_ inspection: Inspection, _ type: DataType) -> Int {
      inspection.bytesByType.first { $0.type == type }?.bytes ?? 0
    }
    for type in types.sorted(by: { (bytes(before, $0), $0.description) > (bytes(before, $1), $1.description) }) {
      rows +=
        "<tr><td>\(type)</td><td class=\"number\">\(Format.bytes(bytes(before, type)))</td>"
        + "<td class=\"number\">\(Format.bytes(bytes(after, type)))</td></tr>\n"
    }
    return """
      <h2>Size</h2>
      <table><tr><th>element type</th><th class="number">before</th><th class="number">after</th></tr>
      \(rows)</table>

      """
  }

  private var remarks: String {
    let items = (report.losses + report.notes).map { "<li>\(Markup.escape($0))</li>\n" }.joined()
    return items.isEmpty ? "" : "<h2>Remarks</h2>\n<ul>\n\(items)</ul>\n"
  }

  // MARK: Sensitivity

  private var sensitivitySection: String {
    guard let sensitivity else {
      return """
        <h2>Sensitivity</h2>
        <p class="soft">Not measured: <code>--sensitivity</code> with <code>--data</code> quantizes one node at a time.</p>

        """
    }
    let shown = Array(sensitivity.layers.prefix(Self.barLimit))
    let count = min(Self.excludeCount, shown.count)
    let rest = sensitivity.layers.count - shown.count
    return """
      <h2>Sensitivity</h2>
      <p>Each bar is the model with that node alone quantized, on \(sensitivity.runs == 1 ? "one run" : "\(sensitivity.runs) runs"):
      the longer, the more the outputs move. Figures are those of the output that moves most.</p>
      <div class="wide">
      \(SensitivityChart(layers: shown).svg)</div>
      \(rest > 0 ? "<p class=\"soft\">\(rest) less sensitive nodes are not shown.</p>\n" : "")\
      <p>To keep the \(count) most sensitive in float:</p>
      <pre>\(Markup.escape(sensitivity.excludeList(count)))</pre>
      \(tradeoff(sensitivity))
      """
  }

  private func tradeoff(_ sensitivity: Sensitivity) -> String {
    let svg = TradeoffChart(sensitivity, bytes: after.bytes).svg
    guard !svg.isEmpty else { return "" }
    return """
      <h2>Size against accuracy</h2>
      <p>What keeping the most sensitive nodes in float, one after the other from the left, would give. Predicted: the noise of
      the others is added up as it was measured alone.</p>
      <div class="wide">
      \(svg)</div>

      """
  }

  // MARK: Distributions

  private var distributions: String {
    guard !pictures.isEmpty else { return "" }
    let rest = pictureCount - pictures.count
    return """
      <h2>Distributions</h2>
      <p>Heights are roots of counts, so that what is rare can be seen. Dashed: where the codes end. Dotted: the ends of the
      channel with the smallest range. Activations are <span style="color: var(--bar)">blue</span>, weights
      <span style="color: var(--weight)">green</span>.\(rest > 0 ? " \(rest) more are not shown." : "")</p>
      <div class="charts">
      \(pictures.map { HistogramChart(tensor: $0).figure }.joined())</div>

      """
  }

  // MARK: Nodes

  private var nodes: String {
    let rows = report.decisions.map { decision in
      "<tr><td>\(Markup.escape(decision.node))</td><td>\(Markup.escape(decision.op.description))</td>"
        + "<td class=\"\(decision.status.rawValue)\">\(decision.status.rawValue)</td><td>\(Markup.escape(decision.rule))</td>"
        + "<td>\(Markup.escape(decision.outcome))</td></tr>\n"
    }
    return """
      <h2>Nodes</h2>
      <div class="wide"><table><tr><th>node</th><th>operator</th><th>status</th><th>rule</th><th>outcome</th></tr>
      \(rows.joined())</table></div>

      """
  }
}
