internal import DecantIR

/// `RNN`: `h = f(x · W + h · R + b)`.
enum RNNKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let layer = try RecurrentLayer<T>(context, gates: 1, activations: ["Tanh"])
    let initial = try layer.initialState(5)
    var (all, last): ([[T]], [[T]]) = ([], [])
    for index in 0..<layer.direction.count {
      let pass = layer.pass(index)
      let activation = layer.activations[index]
      let hidden = layer.hidden
      var state = layer.part(initial, index)
      var terms: [T] = []
      all.append(
        layer.walk(index, state: &state, prepare: { terms = layer.recurrent(pass, $0) }) { item, time, state in
          for unit in 0..<hidden {
            let bias = pass.inputBias[unit] + pass.stateBias[unit]
            let input = pass.projected[(time * layer.batch + item) * hidden + unit] + terms[item * hidden + unit]
            state[item * hidden + unit] = activation(input + bias)
          }
        })
      last.append(state)
    }
    return [try layer.allStates(all), try layer.lastStates(last)]
  }
}

/// `GRU`: gates in the order update, reset, hidden.
enum GRUKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let layer = try RecurrentLayer<T>(context, gates: 3, activations: ["Sigmoid", "Tanh"])
    let initial = try layer.initialState(5)
    let isLinear = context.attributes.int("linear_before_reset", default: 0) != 0
    var (all, last): ([[T]], [[T]]) = ([], [])
    for index in 0..<layer.direction.count {
      let pass = layer.pass(index)
      var state = layer.part(initial, index)
      var terms: [T] = []
      all.append(
        layer.walk(index, state: &state, prepare: { terms = layer.recurrent(pass, $0) }) { item, time, state in
          advance(layer, pass, terms, item: item, time: time, &state, isLinear: isLinear)
        })
      last.append(state)
    }
    return [try layer.allStates(all), try layer.lastStates(last)]
  }

  private static func advance<T: KernelFloat>(
    _ layer: RecurrentLayer<T>, _ pass: RecurrentLayer<T>.Pass, _ terms: [T], item: Int, time: Int, _ state: inout [T],
    isLinear: Bool
  ) {
    let hidden = layer.hidden
    let (gate, squash) = (layer.activations[pass.index * 2], layer.activations[pass.index * 2 + 1])
    let x = (time * layer.batch + item) * 3 * hidden
    let h = item * 3 * hidden
    var (update, reset) = ([T](repeating: 0, count: hidden), [T](repeating: 0, count: hidden))
    for unit in 0..<hidden {
      let (z, r) = (unit, hidden + unit)
      update[unit] = gate(pass.projected[x + z] + terms[h + z] + (pass.inputBias[z] + pass.stateBias[z]))
      reset[unit] = gate(pass.projected[x + r] + terms[h + r] + (pass.inputBias[r] + pass.stateBias[r]))
    }
    let kept = (0..<hidden).map { reset[$0] * state[item * hidden + $0] }
    for unit in 0..<hidden {
      let n = 2 * hidden + unit
      var inner: T = 0
      if isLinear {
        inner = reset[unit] * (terms[h + n] + pass.stateBias[n])
      } else {
        for (place, value) in kept.enumerated() { inner += value * pass.recurrence[place * 3 * hidden + n] }
        inner += pass.stateBias[n]
      }
      let candidate = squash(pass.projected[x + n] + inner + pass.inputBias[n])
      state[item * hidden + unit] = (1 - update[unit]) * candidate + update[unit] * state[item * hidden + unit]
    }
  }
}

/// `LSTM`: gates in the order input, output, forget, cell.
enum LSTMKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    try evaluate(type, context) { $0 }
  }

  /// With states that go through `rounding` before they are multiplied by the recurrence.
  static func evaluate<T: KernelFloat>(
    _ type: T.Type, _ context: EvaluationContext, rounding: ([T]) -> [T]
  ) throws(OpError) -> [Tensor] {
    let layer = try RecurrentLayer<T>(context, gates: 4, activations: ["Sigmoid", "Tanh", "Tanh"])
    let hidden = layer.hidden
    let (initial, initialCells) = (try layer.initialState(5), try layer.initialState(6))
    let peepholes = try context.optionalNumbers(7, shape: [layer.direction.count, 3 * hidden], as: T.self)
    let couples = context.attributes.int("input_forget", default: 0) != 0
    var (all, last, lastCells): ([[T]], [[T]], [[T]]) = ([], [], [])
    for index in 0..<layer.direction.count {
      let pass = layer.pass(index)
      let weights = peepholes.map { Array($0[index * 3 * hidden..<(index + 1) * 3 * hidden]) }
      var (state, cells) = (layer.part(initial, index), layer.part(initialCells, index))
      var terms: [T] = []
      all.append(
        layer.walk(index, state: &state, prepare: { terms = layer.recurrent(pass, rounding($0)) }) {
          item, time, state in
          advance(
            layer, pass, terms, item: item, time: time, &state, &cells, peepholes: weights, couples: couples)
        })
      last.append(state)
      lastCells.append(cells)
    }
    return [try layer.allStates(all), try layer.lastStates(last), try layer.lastStates(lastCells)]
  }

  private static func advance<T: KernelFloat>(
    _ layer: RecurrentLayer<T>, _ pass: RecurrentLayer<T>.Pass, _ terms: [T], item: Int, time: Int, _ state: inout [T],
    _ cells: inout [T], peepholes: [T]?, couples: Bool
  ) {
    let hidden = layer.hidden
    let functions = layer.activations[pass.index * 3..<pass.index * 3 + 3]
    let (gate, squash, shape) = (
      functions[functions.startIndex], functions[functions.startIndex + 1], functions[functions.startIndex + 2]
    )
    let (x, h) = ((time * layer.batch + item) * 4 * hidden, item * 4 * hidden)
    for unit in 0..<hidden {
      func preactivation(_ number: Int) -> T {
        let place = number * hidden + unit
        return pass.projected[x + place] + terms[h + place] + (pass.inputBias[place] + pass.stateBias[place])
      }
      let old = cells[item * hidden + unit]
      let input = gate(preactivation(0) + (peepholes.map { $0[unit] * old } ?? 0))
      let forget = couples ? 1 - input : gate(preactivation(2) + (peepholes.map { $0[2 * hidden + unit] * old } ?? 0))
      let cell = forget * old + input * squash(preactivation(3))
      let output = gate(preactivation(1) + (peepholes.map { $0[hidden + unit] * cell } ?? 0))
      cells[item * hidden + unit] = cell
      state[item * hidden + unit] = output * shape(cell)
    }
  }
}
