internal import DecantIR

extension EvaluationContext {
  /// A tensor of float type `type` with as many numbers as `shape` holds, each from `draw`, rounded once.
  fileprivate func draw(
    _ type: DataType, shape: [Int], _ draw: (inout RandomSource) -> Double
  ) throws(OpError) -> Tensor {
    switch type {
    case .float16, .bfloat16, .float32, .float64: break
    default: throw OpError("'dtype' expected a float type of 16 bits or more, got \(type)")
    }
    var source = RandomSource(self)
    let wide = try make(Double.self, shape: shape) { target in
      for index in 0..<target.count { target[index] = draw(&source) }
    }
    return try convert(wide, Conversion(target: type))
  }
}

/// `RandomNormal`, `RandomUniform`, and both in the shape of an operand.
enum RandomFill {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (type, shape) = try form(context)
    let attributes = context.attributes
    switch context.op.type {
    case "RandomNormal", "RandomNormalLike":
      let (mean, scale) = (attributes.float("mean", default: 0), attributes.float("scale", default: 1))
      return [try context.draw(type, shape: shape) { $0.normal() * Double(scale) + Double(mean) }]
    default:
      let (low, high) = (attributes.float("low", default: 0), attributes.float("high", default: 1))
      let range = Double(high) - Double(low)
      return [try context.draw(type, shape: shape) { $0.uniform() * range + Double(low) }]
    }
  }

  private static func form(_ context: EvaluationContext) throws(OpError) -> (DataType, [Int]) {
    let type = try context.attributes.dataType("dtype")
    guard !context.operands.isEmpty else { return (type ?? .float32, try Random.extents(context.attributes)) }
    let like = try context.operand(0)
    return (type ?? like.dataType, like.shape)
  }
}

/// `Bernoulli`: 1 with the probability that each element gives, and else 0.
enum BernoulliKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    guard x.dataType.isFloat else { throw OpError("operand 0: expected a float type, got \(x.dataType)") }
    let shares = try context.numbers(0, as: Double.self)
    guard shares.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
      throw OpError("operand 0: expected probabilities in 0...1")
    }
    var source = RandomSource(context)
    let drawn = try context.make(UInt8.self, shape: x.shape) { target in
      for index in 0..<target.count { target[index] = source.uniform() < shares[index] ? 1 : 0 }
    }
    return [try context.convert(drawn, Conversion(target: try context.attributes.dataType("dtype") ?? x.dataType))]
  }
}

/// `Multinomial`: indices of outcomes, drawn by the logarithms of their shares.
enum MultinomialKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let count = try Random.sampleCount(context.attributes)
    let type = try context.attributes.dataType("dtype") ?? .int32
    guard type == .int32 || type == .int64 else { throw OpError("'dtype' expected i32 or i64, got \(type)") }
    guard x.rank == 2 else { throw OpError("operand 0: expected rank 2, got \(x.shape)") }
    let (rows, outcomes) = (x.shape[0], x.shape[1])
    guard outcomes > 0 || rows == 0 || count == 0 else { throw OpError("operand 0: expected outcomes, got \(x.shape)") }
    let logarithms = try context.numbers(0, as: Double.self)
    var source = RandomSource(context)
    let drawn = try context.make(Int64.self, shape: [rows, count]) { (target) throws(OpError) in
      for row in 0..<(target.count == 0 ? 0 : rows) {
        let limits = try cumulated(logarithms[row * outcomes..<(row + 1) * outcomes])
        for index in 0..<count {
          target[row * count + index] = Int64(outcome(source.uniform() * limits[outcomes - 1], limits))
        }
      }
    }
    return [try context.convert(drawn, Conversion(target: type))]
  }

  /// The running sums of the outcomes' shares.
  private static func cumulated(_ logarithms: ArraySlice<Double>) throws(OpError) -> [Double] {
    let top = logarithms.reduce(-Double.infinity) { $1 > $0 ? $1 : $0 }
    guard top.isFinite, !logarithms.contains(where: \.isNaN) else {
      throw OpError("operand 0: expected a row with a finite largest number")
    }
    var sum = 0.0
    return logarithms.map { logarithm in
      sum += Double.exp(logarithm - top)
      return sum
    }
  }

  /// The first outcome whose running sum lies above `place`.
  private static func outcome(_ place: Double, _ limits: [Double]) -> Int {
    var (low, high) = (0, limits.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if limits[middle] > place { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
