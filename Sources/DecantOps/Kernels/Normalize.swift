internal import DecantIR

/// The mean of some elements, and of the squares of their distances to it.
///
/// Sums are carried in f64, so that they do not depend on how many there are.
struct Moments {
  let mean: Double
  let variance: Double

  /// Of elements that are not empty.
  init<T: KernelFloat>(_ values: some Sequence<T>, count: Int) {
    var sum = 0.0
    for value in values { sum += Double(value) }
    let mean = sum / Double(count)
    var squares = 0.0
    for value in values {
      let distance = Double(value) - mean
      squares += distance * distance
    }
    self.mean = mean
    variance = squares / Double(count)
  }
}

extension EvaluationContext {
  /// The attribute `epsilon`.
  fileprivate var epsilon: Double { Double(attributes.float("epsilon", default: 1e-5)) }

  /// Operand `index` repeated over the last axes of `shape`; its count divides the shape's.
  fileprivate func repeated<T: KernelFloat>(_ index: Int, over shape: [Int], _ type: T.Type) throws(OpError) -> [T]? {
    guard let tensor = try optionalOperand(index) else { return nil }
    guard Broadcast.fits(tensor.shape, into: shape) else {
      throw OpError("operand \(index): expected a shape that broadcasts to \(shape), got \(tensor.shape)")
    }
    let values = try numbers(index, as: T.self)
    let own = tensor.shape.drop { $0 == 1 }
    if own.elementsEqual(shape.suffix(own.count)) { return values }
    try checkSize(T.dataType, shape: shape)
    var result: [T] = []
    let plan = BroadcastPlan(shape: shape, strides: [BroadcastPlan.strides(of: tensor.shape, in: shape)])
    plan.forEachRun { _, sources in
      for step in 0..<plan.run { result.append(values[sources[0] + step * plan.runStrides[0]]) }
    }
    return result
  }

  /// Operand 0 with each run of `count` elements mapped by its moments: `(x - mean) / √(variance + ε)`.
  fileprivate func standardized<T: KernelFloat>(
    _ values: [T], runs count: Int, _ body: (_ run: Int, Moments, _ inverse: Double) -> Void = { _, _, _ in }
  ) -> [T] {
    guard count > 0 else { return values }
    var result = values
    for run in 0..<values.count / count {
      let range = run * count..<(run + 1) * count
      let moments = Moments(values[range], count: count)
      let inverse = 1 / (moments.variance + epsilon).squareRoot()
      for index in range { result[index] = T((Double(values[index]) - moments.mean) * inverse) }
      body(run, moments, inverse)
    }
    return result
  }
}

/// `BatchNormalization`, and its training mode with running statistics.
enum BatchNormalizationKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    guard x.rank >= 1 else { throw OpError("operand 0: expected rank 1 or more, got a scalar") }
    let channels = x.rank > 1 ? x.shape[1] : 1
    var parameters: [[T]] = []
    for index in 1...4 { parameters.append(try context.optionalNumbers(index, shape: [channels], as: T.self) ?? []) }
    guard parameters.allSatisfy({ $0.count == channels }) else { throw OpError("operands 1 to 4: one is missing") }
    var values = try context.numbers(0, as: T.self)
    let plane = x.rank > 2 ? x.shape[2...].reduce(1, *) : 1
    let isTraining = context.attributes.int("training_mode", default: 0) != 0
    var (means, variances) = (parameters[2], parameters[3])
    if isTraining, !values.isEmpty {
      for channel in 0..<channels {
        let starts = stride(from: channel * plane, to: values.count, by: channels * plane)
        let own = starts.lazy.flatMap { values[$0..<$0 + plane] }
        let moments = Moments(own, count: values.count / channels)
        (means[channel], variances[channel]) = (T(moments.mean), T(moments.variance))
      }
    }
    for channel in 0..<(values.isEmpty ? 0 : channels) {
      let scale = parameters[0][channel] / (variances[channel] + T(context.epsilon)).squareRoot()
      let (mean, shift) = (means[channel], parameters[1][channel])
      for start in stride(from: channel * plane, to: values.count, by: channels * plane) {
        for index in start..<start + plane { values[index] = (values[index] - mean) * scale + shift }
      }
    }
    let momentum = T(context.attributes.float("momentum", default: 0.9))
    var results = [try context.result(values, shape: x.shape, as: x.dataType)]
    for (index, (old, new)) in [(parameters[2], means), (parameters[3], variances)].enumerated() {
      let running = zip(old, new).map { isTraining ? $0 * momentum + $1 * (1 - momentum) : $0 }
      results.append(try context.result(running, shape: [channels], as: try context.operand(3 + index).dataType))
    }
    return results
  }
}

/// `InstanceNormalization`: each plane by its own moments.
enum InstanceNormalizationKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    guard x.rank >= 3 else { throw OpError("operand 0: expected rank 3 or more, got \(x.shape)") }
    let plane = x.shape[2...].reduce(1, *)
    return [try GroupNormalizationKernel.evaluate(T.self, context, run: plane)]
  }
}

/// `GroupNormalization`: each group of channels by its own moments.
enum GroupNormalizationKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let groups = context.attributes.int("num_groups", default: 0)
    guard x.rank >= 2, groups >= 1, x.shape[1] % groups == 0 else {
      throw OpError("'num_groups' expected a divisor of the channels of \(x.shape), got \(groups)")
    }
    return [try evaluate(T.self, context, run: x.shape[1] / groups * x.shape[2...].reduce(1, *))]
  }

  /// Standardizes runs of `run` elements, then scales and shifts each channel.
  static func evaluate<T: KernelFloat>(
    _ type: T.Type, _ context: EvaluationContext, run: Int
  ) throws(OpError) -> Tensor {
    let x = try context.operand(0)
    let (channels, plane) = (x.shape[1], x.shape[2...].reduce(1, *))
    guard let scale = try context.optionalNumbers(1, shape: [channels], as: T.self),
      let shift = try context.optionalNumbers(2, shape: [channels], as: T.self)
    else { throw OpError("expected a scale and a bias") }
    var values = context.standardized(try context.numbers(0, as: T.self), runs: run)
    for index in values.indices {
      let channel = index / plane % channels
      values[index] = values[index] * scale[channel] + shift[channel]
    }
    return try context.result(values, shape: x.shape, as: x.dataType)
  }
}

/// `LayerNormalization`: the last axes by their own moments, which are the other results.
enum LayerNormalizationKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let axis = try context.normalize(axis: context.attributes.int("axis", default: -1), rank: x.rank)
    guard let scale = try context.repeated(1, over: x.shape, T.self) else { throw OpError("operand 1 is missing") }
    let shift = try context.repeated(2, over: x.shape, T.self)
    let stash = try Normalization.stashType(context.attributes)
    let run = x.shape[axis...].reduce(1, *)
    var (means, inverses): ([T], [T]) = ([], [])
    var values = context.standardized(try context.numbers(0, as: T.self), runs: run) { _, moments, inverse in
      means.append(T(moments.mean))
      inverses.append(T(inverse))
    }
    for index in values.indices {
      let scaled = values[index] * scale[index % scale.count]
      values[index] = shift.map { scaled + $0[index % $0.count] } ?? scaled
    }
    let statistics = x.shape[..<axis] + Array(repeating: 1, count: x.rank - axis)
    let count = try Tensor.elementCount(shape: Array(statistics))
    if means.count != count {
      // Runs without elements have no moments.
      try context.checkSize(T.dataType, shape: Array(statistics))
      means = Array(repeating: .nan, count: count)
      inverses = means
    }
    return [
      try context.result(values, shape: x.shape, as: x.dataType),
      try context.result(means, shape: Array(statistics), as: stash),
      try context.result(inverses, shape: Array(statistics), as: stash),
    ]
  }
}

/// `RMSNormalization`: the last axes by the root of their mean square, whose inverse may be a second result.
enum RootMeanSquareKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let axis = try context.normalize(axis: context.attributes.int("axis", default: -1), rank: x.rank)
    guard let scale = try context.repeated(1, over: x.shape, T.self) else { throw OpError("operand 1 is missing") }
    let stash = try Normalization.stashType(context.attributes)
    let run = x.shape[axis...].reduce(1, *)
    var values = try context.numbers(0, as: T.self)
    var inverses: [T] = []
    for start in stride(from: 0, to: values.count, by: max(run, 1)) {
      let squares = values[start..<start + run].reduce(0.0) { $0 + Double($1) * Double($1) }
      let inverse = 1 / (squares / Double(run) + context.epsilon).squareRoot()
      for index in start..<start + run {
        values[index] = T(Double(values[index]) * inverse) * scale[index % scale.count]
      }
      inverses.append(T(inverse))
    }
    let result = try context.result(values, shape: x.shape, as: try context.operand(1).dataType)
    guard context.resultCount > 1 else { return [result] }
    let statistics = x.shape[..<axis] + Array(repeating: 1, count: x.rank - axis)
    if inverses.isEmpty {
      // Runs without elements have no moments.
      try context.checkSize(T.dataType, shape: Array(statistics))
      inverses = Array(repeating: .nan, count: try Tensor.elementCount(shape: Array(statistics)))
    }
    return [result, try context.result(inverses, shape: Array(statistics), as: stash)]
  }
}

/// `LpNormalization`: each line along an axis by its norm; a line of zeros stays.
enum LpNormalizationKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let axis = try context.normalize(axis: context.attributes.int("axis", default: -1), rank: x.rank)
    let norm = try Norm<T>(context.attributes)
    var values = try context.numbers(0, as: T.self)
    let (length, inner) = (x.shape[axis], x.shape[(axis + 1)...].reduce(1, *))
    for line in 0..<(values.isEmpty ? 0 : values.count / length) {
      let first = line / inner * inner * length + line % inner
      let places = stride(from: first, to: first + length * inner, by: inner)
      let size = norm.finish(places.reduce(0) { $0 + norm.term(values[$1]) })
      for place in places where size != 0 { values[place] /= size }
    }
    return [try context.result(values, shape: x.shape, as: x.dataType)]
  }
}

/// `MeanVarianceNormalization`: moments over some axes.
enum MeanVarianceKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let plan = try ReductionPlan(x.shape, axes: context.attributes.ints("axes") ?? [0, 2, 3], isNoop: false)
    var values = try context.numbers(0, as: T.self)
    plan.forEachGroup { places in
      let moments = Moments(places.lazy.map { values[$0] }, count: places.count)
      let deviation = moments.variance.squareRoot() + 1e-9
      for place in places { values[place] = T((Double(values[place]) - moments.mean) / deviation) }
    }
    return [try context.result(values, shape: x.shape, as: x.dataType)]
  }
}
