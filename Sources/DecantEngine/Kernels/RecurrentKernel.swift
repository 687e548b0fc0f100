internal import CKernels
internal import DecantBytes
internal import DecantIR
internal import DecantRuntime

/// `LSTM`, and `GRU` that multiplies before it resets, with constant weights and the standard activations, on sequences that are
/// all as long as the tensor.
struct RecurrentKernel: Kernel {
  /// Which cell advances the state.
  private enum Cell {
    case lstm
    case gru

    var gates: Int { self == .lstm ? 4 : 3 }
  }

  /// The weights of one direction, with the gates side by side.
  private struct Pass: Sendable {
    let isReverse: Bool
    /// `[inputs, gates · hidden]`
    let inputWeights: Tensor
    /// `[hidden, gates · hidden]`
    let stateWeights: Tensor
    /// `[gates · hidden]`, added to what the inputs give.
    let inputBias: [Float]
    /// The same for what the state gives; of an LSTM, zeros: all of it is in `inputBias`.
    let stateBias: [Float]
  }

  let absorbed: Set<Int> = [1, 2, 3]
  private let cell: Cell
  private let passes: [Pass]
  private let steps: Int
  private let batch: Int
  private let inputs: Int
  private let hidden: Int

  static let lstm: NativeBackend.Maker = { request throws(OpError) in try make(request, .lstm) }
  static let gru: NativeBackend.Maker = { request throws(OpError) in try make(request, .gru) }

  private static func make(_ request: KernelRequest, _ cell: Cell) throws(OpError) -> (any Kernel)? {
    let attributes = request.attributes
    guard let x = request.operand(0, of: .float32), x.rank == 3, let w = request.constant(1),
      let r = request.constant(2),
      w.dataType == .float32, r.dataType == .float32, w.rank == 3, r.rank == 3, request.operand(4) == nil,
      request.operand(7) == nil, attributes.int("layout", default: 0) == 0,
      attributes.int("input_forget", default: 0) == 0,
      attributes["activations"] == nil, attributes["clip"] == nil,
      cell == .lstm || attributes.int("linear_before_reset", default: 0) != 0
    else { return nil }
    let hidden = r.shape[2]
    guard let directions = RecurrentKernel.directions(attributes.string("direction")), hidden > 0,
      attributes.int("hidden_size", default: hidden) == hidden
    else { return nil }
    let (count, width, inputs) = (directions.count, cell.gates * hidden, x.shape[2])
    guard w.shape == [count, width, inputs], r.shape == [count, width, hidden] else { return nil }
    for index in [5, 6] where !request.isAbsent(index, orOf: [count, x.shape[1], hidden]) { return nil }
    var bias: [Float]?
    if request.operand(3) != nil {
      guard let constant = request.constant(3), constant.shape == [count, 2 * width], let floats = constant.floats
      else {
        return nil
      }
      bias = floats
    }
    guard let inputRows = w.floats, let stateRows = r.floats else { return nil }
    let passes = directions.enumerated().map { index, isReverse in
      var (inputBias, stateBias) = ([Float](repeating: 0, count: width), [Float](repeating: 0, count: width))
      if let bias {
        inputBias = Array(bias[index * 2 * width..<(index * 2 + 1) * width])
        stateBias = Array(bias[(index * 2 + 1) * width..<(index + 1) * 2 * width])
      }
      if cell == .lstm {
        for unit in 0..<width { inputBias[unit] += stateBias[unit] }
        stateBias = [Float](repeating: 0, count: width)
      }
      return Pass(
        isReverse: isReverse, inputWeights: sideBySide(inputRows, index, rows: width, columns: inputs),
        stateWeights: sideBySide(stateRows, index, rows: width, columns: hidden), inputBias: inputBias,
        stateBias: stateBias)
    }
    return RecurrentKernel(
      cell: cell, passes: passes, steps: x.shape[0], batch: x.shape[1], inputs: inputs, hidden: hidden)
  }

  /// For each direction whether it starts from the end; nil for a word that is none.
  private static func directions(_ word: String?) -> [Bool]? {
    switch word ?? "forward" {
    case "forward": [false]
    case "reverse": [true]
    case "bidirectional": [false, true]
    default: nil
    }
  }

  /// Matrix `index` of `[…, rows, columns]`, transposed.
  private static func sideBySide(_ all: [Float], _ index: Int, rows: Int, columns: Int) -> Tensor {
    Tensor(of: Float.self, shape: [columns, rows], zeroed: false) { span in
      for row in 0..<rows {
        for column in 0..<columns { span[column * rows + row] = all[(index * rows + row) * columns + column] }
      }
    }
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let x = try call.source(0)
    let initial = try call.optionalSource(5)
    let initialCells = cell == .lstm ? try call.optionalSource(6) : nil
    let (count, states) = (passes.count, batch * hidden)
    let all = ConcreteType(.float32, [steps, count, batch, hidden])
    let last = ConcreteType(.float32, [count, batch, hidden])
    let width = cell.gates * hidden
    let results: [ConcreteType?] = [all, last] + (cell == .lstm ? [last] : [])
    return try call.make(results, from: [x] + [initial, initialCells].compactMap { $0 }) { (targets) throws(OpError) in
      guard let all = targets[0], let last = targets[1] else { return }
      // Of a GRU the cells are not used.
      var spare = [Float](repeating: 0, count: cell == .lstm ? 0 : count * states)
      var projected = [Float](repeating: 0, count: steps * batch * width)
      var terms = [Float](repeating: 0, count: batch * width)
      for (index, pass) in passes.enumerated() {
        let weights = (try Source(pass.inputWeights), try Source(pass.stateWeights))
        unsafe spare.withUnsafeMutableBufferPointer { spare in
          unsafe projected.withUnsafeMutableBufferPointer { projected in
            unsafe terms.withUnsafeMutableBufferPointer { terms in
              guard let projected = projected.baseAddress, let terms = terms.baseAddress else { return }
              let state = unsafe last.floats(at: index * states)
              let cells =
                unsafe cell == .lstm
                ? targets[2]?.floats(at: index * states) : spare.baseAddress.map { unsafe $0 + index * states }
              guard let cells = unsafe cells else { return }
              unsafe start(state, from: initial, index)
              unsafe start(cells, from: initialCells, index)
              unsafe fill(projected, steps * batch, pass.inputBias)
              unsafe decant_add_product_f32(
                x.floats(), steps * batch, inputs, weights.0.floats(), width, projected)
              for step in 0..<steps {
                let time = pass.isReverse ? steps - 1 - step : step
                unsafe advance(pass, projected + time * batch * width, terms, weights.1, cells, state)
                unsafe all.floats(at: (time * count + index) * states).update(from: state, count: states)
              }
            }
          }
        }
      }
      withExtendedLifetime(passes) {}
    }
  }

  /// Advances all sequences by one step.
  private func advance(
    _ pass: Pass, _ projected: UnsafeMutablePointer<Float>, _ terms: UnsafeMutablePointer<Float>, _ weights: Source,
    _ cells: UnsafeMutablePointer<Float>, _ state: UnsafeMutablePointer<Float>
  ) {
    let width = cell.gates * hidden
    switch cell {
    case .lstm:
      unsafe decant_add_product_f32(state, batch, hidden, weights.floats(), width, projected)
      for item in 0..<batch {
        unsafe decant_lstm_cell_f32(projected + item * width, hidden, cells + item * hidden, state + item * hidden)
      }
    case .gru:
      unsafe fill(terms, batch, pass.stateBias)
      unsafe decant_add_product_f32(state, batch, hidden, weights.floats(), width, terms)
      for item in 0..<batch {
        unsafe decant_gru_cell_f32(projected + item * width, terms + item * width, hidden, state + item * hidden)
      }
    }
  }

  /// Puts part `index` of `source` into `state`; zeros without one.
  private func start(_ state: UnsafeMutablePointer<Float>, from source: Source?, _ index: Int) {
    let count = batch * hidden
    if let source {
      unsafe state.update(from: source.floats(at: index * count), count: count)
    } else {
      unsafe state.update(repeating: 0, count: count)
    }
  }

  /// Fills `rows` rows with `row`.
  private func fill(_ rows: UnsafeMutablePointer<Float>, _ count: Int, _ row: [Float]) {
    unsafe row.withUnsafeBufferPointer { row in
      guard let start = row.baseAddress else { return }
      for index in 0..<count { unsafe (rows + index * row.count).update(from: start, count: row.count) }
    }
  }
}
