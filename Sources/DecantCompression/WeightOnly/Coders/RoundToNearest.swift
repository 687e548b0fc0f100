internal import DecantForms
internal import DecantIR

/// Scales from the extremes of each block, codes by rounding.
struct RoundToNearest: WeightCoder {
  /// Whether the quotient is rounded before the zero point is added, as in ONNX Runtime's QDQ form.
  var addsAfter = false

  func code(_ panel: WeightPanel, _ format: BlockFormat, _ scaleType: ScaleType) -> BlockRows {
    var result = BlockRows(rows: panel.rows, columns: panel.columns, format: format)
    result.fit(panel, scaleType)
    result.round(panel, addsAfter: addsAfter)
    return result
  }
}
