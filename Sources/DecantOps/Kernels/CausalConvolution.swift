internal import DecantIR

/// `CausalConvWithState`: every channel by its own kernel, over what came before and the new elements.
enum CausalConvolution: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, w) = (try context.operand(0), try context.operand(1))
    guard x.rank == 3 else { throw OpError("operand 0: expected rank 3, got \(x.shape)") }
    let (batch, channels, length) = (x.shape[0], x.shape[1], x.shape[2])
    guard w.rank == 3, w.shape[0] == channels, w.shape[1] == 1, w.shape[2] >= 1 else {
      throw OpError("operand 1: expected shape [\(channels),1,k], got \(w.shape)")
    }
    let taps = w.shape[2]
    let (values, weights) = (try context.numbers(0, as: T.self), try context.numbers(1, as: T.self))
    let bias = try context.optionalNumbers(2, shape: [channels], as: T.self)
    let stateShape = [batch, channels, taps - 1]
    let past = try context.optionalNumbers(3, shape: stateShape, as: T.self)
    let isGated = try context.attributes.choice("activation", of: ["none", "silu", "swish"]) != "none"
    try context.checkSize(T.dataType, shape: stateShape)
    var (result, state): ([T], [T]) = ([], [])
    result.reserveCapacity(values.count)
    let isEmpty = values.isEmpty && taps == 1
    for row in 0..<(isEmpty ? 0 : try product(batch, channels)) {
      var line =
        past.map { Array($0[row * (taps - 1)..<(row + 1) * (taps - 1)]) } ?? Array(repeating: 0, count: taps - 1)
      line += values[row * length..<(row + 1) * length]
      let kernel = weights[row % channels * taps..<(row % channels + 1) * taps]
      for place in 0..<length {
        var sum: T = 0
        for (tap, weight) in kernel.enumerated() { sum += line[place + tap] * weight }
        if let bias { sum += bias[row % channels] }
        result.append(isGated ? SwishFunction(alpha: 1).apply(sum) : sum)
      }
      state += line.suffix(taps - 1)
    }
    return [
      try context.result(result, shape: x.shape, as: x.dataType),
      try context.result(state, shape: stateShape, as: x.dataType),
    ]
  }
}
