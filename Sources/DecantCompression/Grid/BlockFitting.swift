internal import CKernels
internal import DecantForms
internal import DecantIR

/// Choosing the grids of blocks for weights, and rounding onto them.
extension BlockRows {
  /// Chooses scale and zero point of each block from its extremes; scales are values of `scaleType`.
  mutating func fit(_ weights: WeightPanel, _ scaleType: ScaleType) {
    let (columns, format) = (columns, format)
    unsafe fill(weights) { values, scales, zeroPoints, _ in
      unsafe decant_fit_blocks_f32(
        values, columns, format.blockSize, Int32(format.levels), format.isSymmetric ? 1 : 0, scaleType.rawValue, scales,
        zeroPoints)
    }
  }

  /// Betters scales and zero points that fit the extremes: the least squared error, weighted by `importance` of each input.
  mutating func search(_ weights: WeightPanel, importance: [Float], steps: Int, _ scaleType: ScaleType) {
    precondition(importance.count == columns, "one importance for each input")
    let (columns, format) = (columns, format)
    unsafe importance.withUnsafeBufferPointer { importance in
      guard let importance = importance.baseAddress else { return }
      unsafe fill(weights) { values, scales, zeroPoints, _ in
        unsafe decant_search_blocks_f32(
          values, importance, columns, format.blockSize, Int32(format.levels), format.isSymmetric ? 1 : 0,
          scaleType.rawValue, Int32(steps), scales, zeroPoints)
      }
    }
  }

  /// Rounds the weights onto the codes of their blocks. With `addsAfter` the quotient is rounded before the zero point is
  /// added, as ONNX Runtime's QDQ form has it.
  mutating func round(_ weights: WeightPanel, addsAfter: Bool = false) {
    let (columns, format) = (columns, format)
    unsafe fill(weights) { values, scales, zeroPoints, codes in
      unsafe decant_code_blocks_f32(
        values, columns, format.blockSize, Int32(format.levels), addsAfter ? 1 : 0, scales, zeroPoints, codes)
    }
  }

  /// Calls `body` for each row with its weights, scales, zero points and codes.
  mutating func fill(
    _ weights: WeightPanel,
    _ body: (
      UnsafePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt8>
    ) ->
      Void
  ) {
    let columns = columns
    var codes = codes
    self.codes = []
    for row in 0..<rows {
      unsafe weights.withRow(row) { values in
        unsafe codes.withUnsafeMutableBufferPointer { codes in
          guard let code = codes.baseAddress else { return }
          unsafe withGrid(row) { scales, zeroPoints in unsafe body(values, scales, zeroPoints, code + row * columns) }
        }
      }
    }
    self.codes = codes
  }

  /// Calls `body` with the scales and zero points of one row.
  private mutating func withGrid(_ row: Int, _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<UInt8>) -> Void)
  {
    let start = row * blocks
    unsafe scales.withUnsafeMutableBufferPointer { scales in
      unsafe zeroPoints.withUnsafeMutableBufferPointer { zeroPoints in
        guard let scales = scales.baseAddress, let zeroPoints = zeroPoints.baseAddress else { return }
        unsafe body(scales + start, zeroPoints + start)
      }
    }
  }
}
