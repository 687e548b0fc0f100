internal import DecantIR

/// `CDist`: the distance of each row of one matrix to each row of another.
enum DistanceKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (a, b) = (try context.operand(0), try context.operand(1))
    guard a.rank == 2, b.rank == 2, a.shape[1] == b.shape[1] else {
      throw OpError("expected matrices with rows of one length, got \(a.shape) and \(b.shape)")
    }
    let metric = try context.attributes.choice("metric", of: ["sqeuclidean", "euclidean"])
    let (left, right) = (try context.numbers(0, as: T.self), try context.numbers(1, as: T.self))
    let (columns, width) = (b.shape[0], a.shape[1])
    let distances = try context.make(T.self, shape: [a.shape[0], columns]) { span in
      for place in 0..<span.count {
        var sum: T = 0
        for index in 0..<width {
          let distance = left[place / columns * width + index] - right[place % columns * width + index]
          sum += distance * distance
        }
        span[place] = metric == "euclidean" ? sum.squareRoot() : sum
      }
    }
    return [try distances.rounded(to: a.dataType, from: T.self)]
  }
}
