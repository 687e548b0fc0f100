internal import DecantIR

/// `Det`: the product of the pivots of Gauss's elimination, in double.
enum Determinant {
  @Sendable static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let x = context.shape(0) else { return [.tensor(.init(context.dataType(0), nil))] }
    guard x.rank >= 2 else { throw OpError("operand 0: expected rank 2 or more, got \(x)") }
    let (rows, columns) = (x[x.rank - 2], x[x.rank - 1])
    if let rows = rows.fixed, let columns = columns.fixed, rows != columns {
      throw OpError("operand 0: expected square matrices, got \(x)")
    }
    return [.tensor(.init(context.dataType(0), Shape(Array(x.dimensions[..<(x.rank - 2)]))))]
  }

  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    guard x.dataType.isFloat else { throw context.expected("floats", x) }
    guard x.rank >= 2, x.shape[x.rank - 1] == x.shape[x.rank - 2] else {
      throw OpError("operand 0: expected square matrices, got \(x.shape)")
    }
    let size = x.shape[x.rank - 1]
    let values = try context.numbers(0, as: Double.self)
    let area = values.isEmpty ? 0 : size * size
    let result = try context.make(Double.self, shape: Array(x.shape[..<(x.rank - 2)])) { target in
      // That of a matrix without elements is 1, as of every empty product.
      for index in 0..<target.count {
        target[index] = determinant(Array(values[index * area..<(index + 1) * area]), area == 0 ? 0 : size)
      }
    }
    return [try context.convert(result, Conversion(target: x.dataType))]
  }

  private static func determinant(_ matrix: [Double], _ size: Int) -> Double {
    var (rows, result) = (matrix, 1.0)
    for step in 0..<size {
      var pivot = step
      for row in step..<size where rows[row * size + step].magnitude > rows[pivot * size + step].magnitude {
        pivot = row
      }
      let top = rows[pivot * size + step]
      result *= pivot == step ? top : -top
      guard top != 0 else { return 0 }
      for column in step..<size where pivot != step { rows.swapAt(step * size + column, pivot * size + column) }
      for row in step + 1..<max(size, step + 1) {
        let factor = rows[row * size + step] / top
        for column in step..<size { rows[row * size + column] -= factor * rows[step * size + column] }
      }
    }
    return result
  }
}
