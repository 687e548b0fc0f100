internal import DecantForms
internal import DecantIR
internal import DecantRuntime

extension PackedWeight {
  /// How many outputs are coded at a time. Their packed codes fill whole bytes whatever the number of inputs.
  private static let band = 64

  /// Codes `weight` with `coder`, on `threads` threads.
  ///
  /// - Throws: what the coder throws, and ``OpError`` naming the first element that is not finite.
  init(
    _ weight: WeightMatrix, _ format: BlockFormat, _ layout: Layout, scaleType: DataType, threads: Int,
    coder: any WeightCoder
  ) throws(OpError) {
    let type = ScaleType(scaleType)
    if layout == .blocks, (coder as? RoundToNearest)?.addsAfter == false, DirectCodes.serve(weight, format) {
      let direct = try DirectCodes(weight, format, type, threads: threads)
      let piece = Piece(codes: direct.codes, scales: direct.scales, zeroPoints: direct.zeroPoints)
      try self.init([piece], rows: weight.rows, columns: weight.columns, format, layout, scaleType: scaleType)
      return
    }
    let bands = (weight.rows + PackedWeight.band - 1) / PackedWeight.band
    let pieces = try Parallel.map(count: bands, threads: threads) { (index) throws(OpError) -> Piece in
      let start = index * PackedWeight.band
      let panel = try weight.checkedPanel(start..<min(start + PackedWeight.band, weight.rows))
      return Piece(try coder.code(panel, format, type), layout)
    }
    try self.init(pieces, rows: weight.rows, columns: weight.columns, format, layout, scaleType: scaleType)
  }
}
