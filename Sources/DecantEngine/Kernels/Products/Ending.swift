internal import CKernels
internal import DecantBytes
internal import DecantIR
internal import DecantRuntime

/// What becomes of the sums of a product, from the nodes that follow it: a bias, a tensor of the same shape that is added, and bounds
/// while the sums are in registers; other functions while they are in the cache.
struct Ending: Sendable {
  /// One addend for each column.
  private(set) var bias: Source?
  /// The operand of the call that is added.
  private(set) var addend: Int?
  private(set) var low = -Float.infinity
  private(set) var high = Float.infinity
  private(set) var steps: [Step] = []

  /// A pass over the results.
  enum Step: Sendable {
    case function(decant_function, Float)
    /// With the operand of the call at this place, which stands first or second.
    case pair(decant_arithmetic, operand: Int, isFirst: Bool)
  }

  /// Whether results are gone through again.
  var isLong: Bool { !steps.isEmpty }

  /// Nothing but a bias.
  init(bias: Source? = nil) { self.bias = bias }

  /// The operators that it may consist of.
  static let operators: Set<OpName> = [
    "Add", "Clip", "Div", "Gelu", "HardSwish", "Mul", "Relu", "Sigmoid", "Sub", "Swish", "Tanh",
  ]

  /// All steps of `request` for results of `shape`, with `columns` along the axis that the bias is for; nil where one is something
  /// else. Constant vectors are seen along `columnAxis`.
  init?(_ request: FusedRequest, bias: Source?, shape: [Int], columnAxis: Int) throws(OpError) {
    self.bias = bias
    for step in request.steps {
      guard try append(step, request, shape, columnAxis) else { return nil }
    }
  }

  private mutating func append(
    _ step: EpilogueStep, _ request: FusedRequest, _ shape: [Int], _ columnAxis: Int
  ) throws(OpError) -> Bool {
    if let operation = Ending.pairs[step.op] {
      guard step.operands.count == 2, let position = step.operands.firstIndex(of: .result),
        case .extra(let extra) = step.operands[1 - position], request.extras[extra].dataType == .float32
      else { return false }
      let type = request.extras[extra]
      if type.shape == shape {
        pair(operation, operand: request.place(ofExtra: extra), isFirst: position == 1)
        return true
      }
      // A vector of addends is a bias as long as nothing came before it.
      guard operation == DECANT_ADD, isOnlySum, bias == nil, let constant = request.extraConstants[extra],
        constant.elementCount == shape[columnAxis], type.rank <= shape.count,
        type.rank > shape.count - 1 - columnAxis,
        type.shape[columnAxis - (shape.count - type.rank)] == shape[columnAxis]
      else { return false }
      bias = try Source(constant)
      return true
    }
    guard step.operands.first == .result else { return false }
    switch step.op {
    case "Relu": bound(0, .infinity)
    case "Clip":
      guard let low = Ending.bound(step, 1, request, -.infinity), let high = Ending.bound(step, 2, request, .infinity)
      else { return false }
      bound(low, high)
    case "Gelu":
      let isByTanh = step.attributes.string("approximate") == "tanh"
      steps.append(.function(isByTanh ? DECANT_GELU_BY_TANH : DECANT_GELU, 1))
    case "HardSwish": steps.append(.function(DECANT_HARD_SWISH, 1))
    case "Sigmoid": steps.append(.function(DECANT_SIGMOID, 1))
    case "Swish": steps.append(.function(DECANT_SWISH, step.attributes.float("alpha", default: 1)))
    case "Tanh": steps.append(.function(DECANT_TANH, 1))
    default: return false
    }
    return true
  }

  private static let pairs: [OpName: decant_arithmetic] = [
    "Add": DECANT_ADD, "Div": DECANT_DIVIDE, "Mul": DECANT_MULTIPLY, "Sub": DECANT_SUBTRACT,
  ]

  /// Whether results are still the sums.
  private var isOnlySum: Bool { addend == nil && isUnbounded && steps.isEmpty }
  private var isUnbounded: Bool { low == -.infinity && high == .infinity }

  private mutating func pair(_ operation: decant_arithmetic, operand: Int, isFirst: Bool) {
    if operation == DECANT_ADD, isOnlySum {
      addend = operand
    } else {
      steps.append(.pair(operation, operand: operand, isFirst: isFirst))
    }
  }

  private mutating func bound(_ low: Float, _ high: Float) {
    if isUnbounded, steps.isEmpty {
      (self.low, self.high) = (low, high)
    } else {
      steps.append(.function(DECANT_AT_LEAST, low))
      steps.append(.function(DECANT_AT_MOST, high))
    }
  }

  /// A bound of `Clip`; nil where it is computed.
  private static func bound(
    _ step: EpilogueStep, _ index: Int, _ request: FusedRequest, _ fallback: Float
  ) -> Float? {
    guard index < step.operands.count, step.operands[index] != .absent else { return fallback }
    guard case .extra(let extra) = step.operands[index], let tensor = request.extraConstants[extra],
      tensor.elementCount == 1
    else { return nil }
    return tensor.floats?.first
  }
}

/// An ending with the operands of one call.
struct BoundEnding: Sendable {
  private let ending: Ending
  private let target: Target
  private let columns: Int
  /// The operands by their places in the call.
  private let operands: [Int: Source]

  /// Results and operands have `columns` elements to a row. `operand` gives an operand of the call, laid out as the results.
  init(
    _ ending: Ending, into target: Target, columns: Int, operand: (Int) throws(OpError) -> Source
  ) throws(OpError) {
    self.ending = ending
    self.target = target
    self.columns = columns
    var operands: [Int: Source] = [:]
    if let addend = ending.addend { operands[addend] = try operand(addend) }
    for case .pair(_, let place, _) in ending.steps { operands[place] = try operand(place) }
    self.operands = operands
  }

  /// Calls `body` with what becomes of the sums of the columns from `column` on.
  func withColumns(from column: Int, _ body: (UnsafePointer<decant_ending>) -> Void) {
    let addends = ending.addend.flatMap { operands[$0] }
    var bounds = unsafe decant_ending(
      bias: ending.bias.map { unsafe $0.floats(at: column) }, addends: addends.map { unsafe $0.floats(at: column) },
      low: ending.low, high: ending.high, results: target.floats(at: column), stride: columns)
    unsafe body(&bounds)
  }

  /// Does what is left to do with rows of which all columns are there.
  func finish(_ rows: Range<Int>) {
    for step in ending.steps { perform(step, rows: rows) }
  }

  private func perform(_ step: Ending.Step, rows: Range<Int>) {
    let (start, count) = (rows.lowerBound * columns, rows.count * columns)
    let results = unsafe target.floats(at: start)
    switch step {
    case .function(let function, let parameter):
      unsafe decant_map_f32(function, parameter, results, nil, 1, count, results)
    case .pair(let operation, let place, let isFirst):
      guard let operand = operands[place] else { return }
      let other = unsafe operand.floats(at: start)
      unsafe decant_arithmetic_f32(
        operation, 1, [count], isFirst ? other : UnsafePointer(results), [1], isFirst ? UnsafePointer(results) : other,
        [1],
        results)
    }
  }
}
