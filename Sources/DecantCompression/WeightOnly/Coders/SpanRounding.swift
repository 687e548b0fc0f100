internal import CKernels
internal import DecantForms
internal import DecantIR

/// Scales from the span of each block, whether zero is in it or not, codes by division in double precision: to the bit what ONNX
/// Runtime's `RTN` gives.
struct SpanRounding: WeightCoder {
  func code(_ panel: WeightPanel, _ format: BlockFormat, _ scaleType: ScaleType) -> BlockRows {
    var result = BlockRows(rows: panel.rows, columns: panel.columns, format: format)
    unsafe result.fill(panel) { values, scales, zeroPoints, codes in
      unsafe decant_span_blocks_f32(
        values, panel.columns, format.blockSize, Int32(format.levels), format.isSymmetric ? 1 : 0, scaleType.rawValue,
        scales, zeroPoints, codes)
    }
    return result
  }
}
