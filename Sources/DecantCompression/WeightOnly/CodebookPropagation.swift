internal import CKernels
internal import DecantForms
internal import DecantIR

/// GPTQ onto the values of a ``Codebook``: rounds input after input, and spreads the error of each over those that follow.
struct CodebookPropagation {
  private let spread: ErrorPropagation
  /// How many weights share a magnitude, over all outputs one after another.
  private let blockSize: Int
  /// The values, ascending.
  private let values: [Float]
  /// The code of each.
  private let codes: [UInt8]
  /// Between each value and the next.
  private let bounds: [Float]

  /// Prepares for the products of a weight's inputs.
  ///
  /// - Throws: ``OpError`` when no damping makes them invertible.
  init(_ products: InputProducts, _ codebook: Codebook, blockSize: Int) throws(OpError) {
    spread = try ErrorPropagation(products.matrix)
    self.blockSize = blockSize
    var ordered = codebook.values.enumerated().sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }
    // Minus zero has a code of its own in FP4, which nothing needs; it stands where no bound lets a number reach it.
    if let negative = ordered.firstIndex(where: { $0.element == 0 && codebook.code(of: 0) != $0.offset }) {
      ordered.append(ordered.remove(at: negative))
    }
    values = ordered.map(\.element)
    codes = ordered.map { UInt8($0.offset) }
    bounds = zip(values, values.dropFirst()).map { $0 < $1 ? ($0 + $1) / 2 : .infinity }
  }

  /// The codes of the outputs in `panel`, one to a byte.
  ///
  /// - Parameters:
  ///   - first: which output of the weight is the first of the panel.
  ///   - magnitudes: of every block of the weight.
  func code(_ panel: WeightPanel, first: Int, magnitudes: [Float]) -> [UInt8] {
    let (rows, columns) = (panel.rows, panel.columns)
    var weights = Matrix(rows: rows, columns: columns)
    for row in 0..<rows {
      for (turn, input) in spread.order.enumerated() { weights[row, turn] = panel.values[row * columns + input] }
    }
    var result = [UInt8](repeating: 0, count: rows * columns)
    for start in stride(from: 0, to: columns, by: ErrorPropagation.block) {
      let range = start..<min(start + ErrorPropagation.block, columns)
      let places = (0..<rows).flatMap { row in range.map { row * columns + spread.order[$0] } }
      let (ranks, errors) = propagate(&weights, range, places.map { magnitudes[(first * columns + $0) / blockSize] })
      for (place, rank) in zip(places, ranks) { result[place] = codes[Int(rank)] }
      guard range.upperBound < columns else { break }
      weights.add(
        -1, errors, errors.whole, spread.factor, MatrixPart(rows: range, columns: range.upperBound..<columns), row: 0,
        column: range.upperBound)
    }
    return result
  }

  /// Rounds the inputs of `range`, in place, and gives what their errors add to the inputs after them.
  private func propagate(
    _ weights: inout Matrix, _ range: Range<Int>, _ magnitudes: [Float]
  ) -> (ranks: [UInt8], errors: Matrix) {
    let (rows, columns) = (weights.rows, weights.columns)
    var errors = Matrix(rows: rows, columns: range.count)
    var ranks = [UInt8](repeating: 0, count: rows * range.count)
    unsafe weights.elements.withUnsafeMutableBufferPointer { weights in
      unsafe spread.factor.elements.withUnsafeBufferPointer { factor in
        unsafe ranks.withUnsafeMutableBufferPointer { ranks in
          unsafe errors.elements.withUnsafeMutableBufferPointer { errors in
            guard let weights = weights.baseAddress, let factor = factor.baseAddress, let ranks = ranks.baseAddress,
              let errors = errors.baseAddress
            else { return }
            unsafe decant_gptq_codebook_rows(
              weights + range.lowerBound, columns, rows, range.count,
              factor + range.lowerBound * columns + range.lowerBound, columns, magnitudes, values, bounds, ranks, errors
            )
          }
        }
      }
    }
    return (ranks, errors)
  }
}
