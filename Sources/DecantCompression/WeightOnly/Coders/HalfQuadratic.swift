internal import CKernels
internal import DecantForms
internal import DecantIR

/// HQQ: half-quadratic splitting over the zero point of each block, for errors whose sizes count with the power 0.7, so that few
/// large ones count less (Badri and Shaji, 2023).
///
/// The zero point is rounded, for runtimes are slow with others, and the scale fitted again; a block that came out worse than by
/// rounding, in mean size of its errors, stays as rounding left it.
struct HalfQuadratic: WeightCoder {
  func code(_ panel: WeightPanel, _ format: BlockFormat, _ scaleType: ScaleType) throws(OpError) -> BlockRows {
    guard !format.isSymmetric else { throw OpError("hqq chooses zero points; symmetric blocks have none to choose") }
    var result = BlockRows(rows: panel.rows, columns: panel.columns, format: format)
    result.fit(panel, scaleType)
    unsafe result.fill(panel) { values, scales, zeroPoints, _ in
      unsafe decant_halve_blocks_f32(
        values, panel.columns, format.blockSize, Int32(format.levels), scaleType.rawValue, scales, zeroPoints)
    }
    result.round(panel)
    return result
  }
}
