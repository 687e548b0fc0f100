internal import CKernels
internal import DecantForms
internal import DecantIR

/// GPTQ: rounds input after input, and spreads the error of each over the inputs that follow, as far as they go together in
/// the data (Frantar et al., 2210.17323).
///
/// Inputs are taken in falling order of their energy, with the scales of their own blocks, which are chosen beforehand; so the
/// result needs no other order of the weights.
struct ErrorPropagation: WeightCoder {
  /// The share of the mean energy that is added to every input's.
  static let damping: Float = 0.01
  /// How many inputs are rounded before their errors are spread over those far behind.
  static let block = 128

  /// How often codes and scales are bettered one by one afterwards.
  private static let sweeps = 3

  /// The damped products, in the order of the weight's inputs.
  private let products: Matrix
  /// Upper triangular, of the damped inverse, in the order of the inputs.
  let factor: Matrix
  /// The input at each turn.
  let order: [Int]
  /// The energy of each input.
  private let importance: [Float]

  /// Prepares for products of inputs `sums` = Xᵀ X, inputs by inputs. O(inputs³).
  ///
  /// - Throws: ``OpError`` when no damping makes them invertible.
  init(_ sums: Matrix) throws(OpError) {
    let count = sums.rows
    let energies = sums.diagonal
    let mean = energies.reduce(0) { $0 + Double($1) } / Double(max(count, 1))
    guard mean > 0, mean.isFinite else { throw OpError("all inputs are zero in the samples") }
    importance = sums.importance
    order = (0..<count).sorted { (energies[$0], $1) > (energies[$1], $0) }
    var damped = Matrix(rows: count, columns: count)
    for row in 0..<count { for column in 0..<count { damped[row, column] = sums[order[row], order[column]] } }
    var (factor, damping): (Matrix?, Float) = (nil, 1)
    for _ in 0..<4 {
      var candidate = damped
      let added = ErrorPropagation.damping * damping * Float(mean)
      // An input that never is anything but zero rounds by itself.
      for index in 0..<count {
        candidate[index, index] = candidate[index, index] == 0 ? Float(mean) : candidate[index, index] + added
      }
      factor = Cholesky.inverseUpper(candidate)
      if factor != nil { break }
      damping *= 10
    }
    guard let factor else { throw OpError("the products of the inputs have no inverse, however damped") }
    self.factor = factor
    var products = sums
    for index in 0..<count { products[index, index] += ErrorPropagation.damping * damping * Float(mean) }
    self.products = products
  }

  func code(_ panel: WeightPanel, _ format: BlockFormat, _ scaleType: ScaleType) -> BlockRows {
    var result = BlockRows(rows: panel.rows, columns: panel.columns, format: format)
    result.fit(panel, scaleType)
    result.search(panel, importance: importance, steps: RangeSearch.steps, scaleType)
    let (rows, columns) = (panel.rows, panel.columns)
    var weights = Matrix(rows: rows, columns: columns)
    for row in 0..<rows {
      for (turn, input) in order.enumerated() { weights[row, turn] = panel.values[row * columns + input] }
    }
    let groups = order.map { UInt32($0 / format.blockSize) }
    var codes = [UInt8](repeating: 0, count: rows * columns)
    for start in stride(from: 0, to: columns, by: ErrorPropagation.block) {
      let range = start..<min(start + ErrorPropagation.block, columns)
      let errors = propagate(&weights, range, groups, result, &codes)
      guard range.upperBound < columns else { break }
      weights.add(
        -1, errors, errors.whole, factor, MatrixPart(rows: range, columns: range.upperBound..<columns), row: 0,
        column: range.upperBound)
    }
    for row in 0..<rows {
      for (turn, input) in order.enumerated() { result.codes[row * columns + input] = codes[row * columns + turn] }
    }
    polish(&result, panel, scaleType)
    return result
  }

  /// Coordinate descent from where propagation ends: it looks at all inputs at once, where propagation looks ahead only.
  private func polish(_ result: inout BlockRows, _ panel: WeightPanel, _ scaleType: ScaleType) {
    let (rows, columns, format) = (panel.rows, panel.columns, result.format)
    let errors = Matrix(rows: rows, columns: columns, elements: zip(panel.values, result.values).map { $0 - $1 })
    var gradients = Matrix(rows: rows, columns: columns)
    gradients.add(1, errors, errors.whole, products, products.whole)
    let zeroPoints = result.zeroPoints
    unsafe products.elements.withUnsafeBufferPointer { products in
      unsafe gradients.elements.withUnsafeMutableBufferPointer { gradients in
        unsafe result.scales.withUnsafeMutableBufferPointer { scales in
          unsafe zeroPoints.withUnsafeBufferPointer { zeroPoints in
            unsafe result.codes.withUnsafeMutableBufferPointer { codes in
              guard let products = products.baseAddress, let gradients = gradients.baseAddress,
                let scales = scales.baseAddress, let zeroPoints = zeroPoints.baseAddress, let codes = codes.baseAddress
              else { return }
              unsafe decant_polish_rows(
                rows, columns, products, format.blockSize, Int32(format.levels), scaleType.rawValue,
                Int32(ErrorPropagation.sweeps), scales, zeroPoints, codes, gradients)
            }
          }
        }
      }
    }
  }

  /// Rounds the inputs of `range`, in place, and gives what their errors add to the inputs after them.
  private func propagate(
    _ weights: inout Matrix, _ range: Range<Int>, _ groups: [UInt32], _ grid: BlockRows, _ codes: inout [UInt8]
  ) -> Matrix {
    let (rows, columns) = (weights.rows, weights.columns)
    var errors = Matrix(rows: rows, columns: range.count)
    unsafe weights.elements.withUnsafeMutableBufferPointer { weights in
      unsafe factor.elements.withUnsafeBufferPointer { factor in
        unsafe grid.scales.withUnsafeBufferPointer { scales in
          unsafe grid.zeroPoints.withUnsafeBufferPointer { zeroPoints in
            unsafe groups.withUnsafeBufferPointer { groups in
              unsafe codes.withUnsafeMutableBufferPointer { codes in
                unsafe errors.elements.withUnsafeMutableBufferPointer { errors in
                  guard let weights = weights.baseAddress, let factor = factor.baseAddress,
                    let scales = scales.baseAddress, let zeroPoints = zeroPoints.baseAddress,
                    let groups = groups.baseAddress, let codes = codes.baseAddress, let errors = errors.baseAddress
                  else { return }
                  unsafe decant_gptq_rows(
                    weights + range.lowerBound, columns, rows, range.count,
                    factor + range.lowerBound * columns + range.lowerBound, columns, scales, zeroPoints, grid.blocks,
                    groups + range.lowerBound, Int32(grid.format.levels), codes + range.lowerBound, columns, errors,
                    range.count)
                }
              }
            }
          }
        }
      }
    }
    return errors
  }
}
