internal import DecantIR

/// The operands of a recurrent layer, checked and in one layout, and the walk over its steps.
struct RecurrentLayer<T: KernelFloat> {
  let steps: Int
  let batch: Int
  let inputs: Int
  let hidden: Int
  /// Gates of one cell.
  let gates: Int
  let direction: RecurrentDirection
  let activations: [RecurrentActivation<T>]
  private let lengths: [Int]
  private let isBatchFirst: Bool
  /// `[steps, batch, inputs]`
  private let x: [T]
  private let w: [T]
  private let r: [T]
  private let bias: [T]?
  private let context: EvaluationContext

  /// One pass over the steps of all sequences.
  struct Pass {
    let index: Int
    /// `[gates · hidden]`, to be added to what the inputs give.
    let inputBias: [T]
    /// `[gates · hidden]`, to be added to what the state gives.
    let stateBias: [T]
    /// `[steps, batch, gates · hidden]`: what the inputs give.
    let projected: [T]
    /// `[hidden, gates · hidden]`
    let recurrence: [T]
  }

  init(_ context: EvaluationContext, gates: Int, activations: [String]) throws(OpError) {
    let (x, w, r) = (try context.operand(0), try context.operand(1), try context.operand(2))
    guard x.rank == 3, w.rank == 3, r.rank == 3 else {
      throw OpError("expected operands 0 to 2 of rank 3, got \(x.shape), \(w.shape) and \(r.shape)")
    }
    direction = try RecurrentDirection(context.attributes)
    let passes = direction.count
    hidden = r.shape[2]
    inputs = x.shape[2]
    self.gates = gates
    isBatchFirst = context.attributes.int("layout", default: 0) != 0
    (steps, batch) = isBatchFirst ? (x.shape[1], x.shape[0]) : (x.shape[0], x.shape[1])
    let width = try product(gates, hidden)
    if let size = context.attributes.int("hidden_size"), size != hidden {
      throw OpError("'hidden_size' expected \(hidden) as operand 2 has it, got \(size)")
    }
    guard w.shape == [passes, width, inputs], r.shape == [passes, width, hidden] else {
      throw OpError(
        "expected weights \([passes, width, inputs]) and \([passes, width, hidden]), got \(w.shape) and \(r.shape)")
    }
    self.activations = try RecurrentActivation.all(context.attributes, defaults: activations, passes: passes)
    for shape in [
      [steps, batch, width], [batch, width], [batch, passes, hidden], [steps, batch, passes, hidden], [batch],
    ] {
      try context.checkSize(.float64, shape: shape)
    }
    self.w = try context.numbers(1, as: T.self)
    self.r = try context.numbers(2, as: T.self)
    bias = try context.optionalNumbers(3, shape: [passes, try product(2, width)], as: T.self)
    lengths = try RecurrentLayer.lengths(context, steps: steps, batch: batch)
    let values = try context.numbers(0, as: T.self)
    self.x = isBatchFirst ? RecurrentLayer.swapped(values, steps: batch, batch: steps, width: inputs) : values
    self.context = context
  }

  private static func lengths(_ context: EvaluationContext, steps: Int, batch: Int) throws(OpError) -> [Int] {
    guard try context.optionalOperand(4) != nil else { return Array(repeating: steps, count: batch) }
    let lengths = try context.integers(4)
    guard lengths.count == batch, lengths.allSatisfy({ $0 >= 0 && $0 <= steps }) else {
      throw OpError("operand 4: expected \(batch) lengths in 0...\(steps), got \(lengths)")
    }
    return lengths
  }

  /// `[a, b, width]` as `[b, a, width]`.
  private static func swapped(_ values: [T], steps a: Int, batch b: Int, width: Int) -> [T] {
    var result: [T] = []
    result.reserveCapacity(values.count)
    for second in 0..<(values.isEmpty ? 0 : b) {
      for first in 0..<a { result += values[((first * b + second) * width)..<((first * b + second + 1) * width)] }
    }
    return result
  }

  /// The initial state in operand `index` as `[directions, batch, hidden]`; zeros where it is left out.
  func initialState(_ index: Int) throws(OpError) -> [T] {
    let passes = direction.count
    let shape = isBatchFirst ? [batch, passes, hidden] : [passes, batch, hidden]
    guard let values = try context.optionalNumbers(index, shape: shape, as: T.self) else {
      return Array(repeating: 0, count: passes * batch * hidden)
    }
    return isBatchFirst ? RecurrentLayer.swapped(values, steps: batch, batch: passes, width: hidden) : values
  }

  /// What pass `index` needs: the inputs are multiplied by their weights for all steps at once.
  func pass(_ index: Int) -> Pass {
    let width = gates * hidden
    var projected = [T](repeating: 0, count: steps * batch * width)
    let weights = Array(w[index * width * inputs..<(index + 1) * width * inputs])
    RecurrentLayer.accumulate(
      x, weights, isTransposed: true, into: &projected, rows: steps * batch, inner: inputs, columns: width)
    var recurrence = [T](repeating: 0, count: hidden * width)
    for row in 0..<width {
      for column in 0..<hidden {
        recurrence[column * width + row] = r[(index * width + row) * hidden + column]
      }
    }
    let zeros = [T](repeating: 0, count: width)
    let first = index * 2 * width
    return Pass(
      index: index, inputBias: bias.map { Array($0[first..<first + width]) } ?? zeros,
      stateBias: bias.map { Array($0[first + width..<first + 2 * width]) } ?? zeros, projected: projected,
      recurrence: recurrence)
  }

  /// The product of the states `[batch, hidden]` and the recurrence, over all gates.
  func recurrent(_ pass: Pass, _ state: [T]) -> [T] {
    var result = [T](repeating: 0, count: batch * gates * hidden)
    RecurrentLayer.accumulate(
      state, pass.recurrence, isTransposed: false, into: &result, rows: batch, inner: hidden, columns: gates * hidden)
    return result
  }

  private static func accumulate(
    _ a: [T], _ b: [T], isTransposed: Bool, into c: inout [T], rows: Int, inner: Int, columns: Int
  ) {
    unsafe c.withUnsafeMutableBufferPointer { c in
      unsafe a.withUnsafeBufferPointer { a in
        unsafe b.withUnsafeBufferPointer { b in
          guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
          let right = unsafe MatrixView(b, rowStride: isTransposed ? inner : columns)
          unsafe MatrixProduct.accumulate(
            MatrixView(a, rowStride: inner), isTransposed ? right.transposed : right, into: c, pitch: columns,
            rows: rows, inner: inner, columns: columns)
        }
      }
    }
  }

  /// Walks the steps of pass `index`: `body` advances the state of sequence `item`, which is at `time`.
  ///
  /// `prepare` runs before each step for all sequences. Returns all states as `[steps, batch, hidden]`, zeros past the end
  /// of a sequence.
  func walk(
    _ index: Int, state: inout [T], prepare: (_ state: [T]) -> Void,
    body: (_ item: Int, _ time: Int, _ state: inout [T]) -> Void
  ) -> [T] {
    var result = [T](repeating: 0, count: steps * batch * hidden)
    for step in 0..<(lengths.max() ?? 0) {
      prepare(state)
      for item in 0..<batch where step < lengths[item] {
        let time = direction.isReverse(index) ? lengths[item] - 1 - step : step
        body(item, time, &state)
        for unit in 0..<hidden { result[(time * batch + item) * hidden + unit] = state[item * hidden + unit] }
      }
    }
    return result
  }

  /// All states of all passes, each `[steps, batch, hidden]`, as the first result.
  func allStates(_ passes: [[T]]) throws(OpError) -> Tensor {
    let count = direction.count
    var values: [T] = []
    values.reserveCapacity(steps * count * batch * hidden)
    if isBatchFirst {
      for item in 0..<batch {
        for step in 0..<steps {
          for pass in passes { values += pass[(step * batch + item) * hidden..<(step * batch + item + 1) * hidden] }
        }
      }
    } else {
      for step in 0..<steps {
        for pass in passes { values += pass[step * batch * hidden..<(step + 1) * batch * hidden] }
      }
    }
    let shape = isBatchFirst ? [batch, steps, count, hidden] : [steps, count, batch, hidden]
    return try context.result(values, shape: shape, as: try context.operand(0).dataType)
  }

  /// The last states of all passes, each `[batch, hidden]`, as a result.
  func lastStates(_ passes: [[T]]) throws(OpError) -> Tensor {
    let values = passes.flatMap { $0 }
    let ordered =
      isBatchFirst
      ? RecurrentLayer.swapped(values, steps: direction.count, batch: batch, width: hidden) : values
    let shape = isBatchFirst ? [batch, direction.count, hidden] : [direction.count, batch, hidden]
    return try context.result(ordered, shape: shape, as: try context.operand(0).dataType)
  }

  /// The part of `[directions, batch, hidden]` that belongs to pass `index`.
  func part(_ states: [T], _ index: Int) -> [T] { Array(states[index * batch * hidden..<(index + 1) * batch * hidden]) }
}
