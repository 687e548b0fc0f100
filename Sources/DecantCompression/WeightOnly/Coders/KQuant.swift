internal import CKernels
internal import DecantForms
internal import DecantIR

/// The search of ggml's k-quants: scale and least value of each block fitted to its codes by weighted least squares, over twenty
/// ranges; a value counts by its size. To the bit what ONNX Runtime's `k_quant` gives.
struct KQuant: WeightCoder {
  func code(_ panel: WeightPanel, _ format: BlockFormat, _ scaleType: ScaleType) throws(OpError) -> BlockRows {
    guard !format.isSymmetric else {
      throw OpError("k-quant chooses zero points; symmetric blocks have none to choose")
    }
    var result = BlockRows(rows: panel.rows, columns: panel.columns, format: format)
    var scratch = [Float](repeating: 0, count: 4 * format.blockSize)
    unsafe scratch.withUnsafeMutableBufferPointer { scratch in
      guard let scratch = scratch.baseAddress else { return }
      unsafe result.fill(panel) { values, scales, zeroPoints, codes in
        unsafe decant_kquant_blocks_f32(
          values, panel.columns, format.blockSize, Int32(format.levels), scaleType.rawValue, scratch, scales,
          zeroPoints, codes)
      }
    }
    return result
  }
}
