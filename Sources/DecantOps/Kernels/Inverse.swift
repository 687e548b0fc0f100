internal import DecantIR

/// `Inverse`: of each matrix, by elimination with the largest pivot of each column.
enum InverseKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    guard x.rank >= 2, x.shape[x.rank - 1] == x.shape[x.rank - 2] else {
      throw OpError("operand 0: expected square matrices, got \(x.shape)")
    }
    let size = x.shape[x.rank - 1]
    var values = try context.numbers(0, as: T.self)
    try context.checkSize(.float64, shape: [size, size])
    for start in stride(from: 0, to: values.count, by: max(size * size, 1)) {
      let range = start..<start + size * size
      let inverse = inverse(of: values[range].map { Double($0) }, size)
      for (place, value) in zip(range, inverse) { values[place] = T(value) }
    }
    return [try context.result(values, shape: x.shape, as: x.dataType)]
  }

  /// A singular matrix leaves infinities or NaN.
  private static func inverse(of matrix: [Double], _ size: Int) -> [Double] {
    var left = matrix
    var right = [Double](repeating: 0, count: matrix.count)
    for row in 0..<size { right[row * size + row] = 1 }
    for column in 0..<size {
      var pivot = column
      for row in column..<size where left[row * size + column].magnitude > left[pivot * size + column].magnitude {
        pivot = row
      }
      for place in 0..<size where pivot != column {
        left.swapAt(pivot * size + place, column * size + place)
        right.swapAt(pivot * size + place, column * size + place)
      }
      let divisor = left[column * size + column]
      for place in 0..<size {
        left[column * size + place] /= divisor
        right[column * size + place] /= divisor
      }
      for row in 0..<size where row != column {
        let factor = left[row * size + column]
        guard factor != 0 else { continue }
        for place in 0..<size {
          left[row * size + place] -= factor * left[column * size + place]
          right[row * size + place] -= factor * right[column * size + place]
        }
      }
    }
    return right
  }
}
