internal import DecantForms
internal import DecantIR

/// Scales and zero points of least squared error, codes by rounding.
///
/// Each block tries ranges from its extremes down to half of them, and the scale that fits the codes of each best.
struct RangeSearch: WeightCoder {
  /// How much an error at each input counts; nil where all count alike.
  let importance: [Float]?
  /// How many ranges are tried.
  static let steps = 20

  func code(_ panel: WeightPanel, _ format: BlockFormat, _ scaleType: ScaleType) -> BlockRows {
    var result = BlockRows(rows: panel.rows, columns: panel.columns, format: format)
    result.fit(panel, scaleType)
    let importance = importance ?? [Float](repeating: 1, count: panel.columns)
    result.search(panel, importance: importance, steps: RangeSearch.steps, scaleType)
    result.round(panel)
    return result
  }
}
