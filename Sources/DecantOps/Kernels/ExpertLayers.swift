internal import DecantIR

/// One layer of all experts: a matrix `[rows, inner]` for each, and perhaps a bias.
protocol ExpertLayer {
  var count: Int { get }
  var rows: Int { get }
  var inner: Int { get }
  /// The layer of one expert.
  func dense(_ expert: Int) throws(OpError) -> DenseExpert
}

/// The layer of one expert, in numbers.
struct DenseExpert {
  let weight: [Float]
  let bias: ArraySlice<Float>?
  let rows: Int

  /// `weight · x + bias`.
  func apply(_ x: ArraySlice<Float>) -> [Float] {
    (0..<rows).map { row in
      var sum: Float = 0
      for (w, value) in zip(weight[row * x.count..<(row + 1) * x.count], x) { sum += w * value }
      return sum + (bias.map { $0[$0.startIndex + row] } ?? 0)
    }
  }
}

/// Experts whose weights are floats.
struct FloatExperts: ExpertLayer {
  let count: Int
  let rows: Int
  let inner: Int
  private let weights: [Float]
  private let biases: [Float]?

  init(_ context: EvaluationContext, weight: Int, bias: Int) throws(OpError) {
    let tensor = try context.operand(weight)
    guard tensor.rank == 3, !tensor.shape.contains(0) else {
      throw OpError("operand \(weight): expected rank 3 with elements, got \(tensor.shape)")
    }
    (count, rows, inner) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
    weights = try context.numbers(weight, as: Float.self)
    biases = try context.optionalNumbers(bias, shape: [count, rows], as: Float.self)
  }

  func dense(_ expert: Int) throws(OpError) -> DenseExpert {
    DenseExpert(
      weight: Array(weights[expert * rows * inner..<(expert + 1) * rows * inner]),
      bias: biases.map { $0[expert * rows..<(expert + 1) * rows] }, rows: rows)
  }
}

/// Experts whose weights are codes of 2, 4 or 8 bits, with a scale for each row or for each block of it.
struct CodeExperts: ExpertLayer {
  let count: Int
  let rows: Int
  let inner: Int
  /// Codes that share a scale.
  private let size: Int
  private let bits: Int
  private let bytes: [UInt8]
  private let scales: [Float]
  private let points: [UInt8]?
  private let biases: [Float]?
  private let context: EvaluationContext

  /// The layer `number`, whose scales and biases stand behind its weights.
  init(_ context: EvaluationContext, number: Int, weight: Int, zeroPoint: Int) throws(OpError) {
    self.context = context
    let common = context.attributes.int("expert_weight_bits", default: 4)
    bits = context.attributes.int("fc\(number)_expert_weight_bits", default: common)
    guard [2, 4, 8].contains(bits) else {
      throw OpError("'expert_weight_bits' expected 2, 4 or 8, got \(bits)", kind: .unsupported)
    }
    let tensor = try context.operand(weight)
    guard tensor.rank == 3, !tensor.shape.contains(0), let codes = tensor.array(of: UInt8.self) else {
      throw OpError("operand \(weight): expected u8 of rank 3 with elements, got \(tensor.dataType)\(tensor.shape)")
    }
    (count, rows, inner) = (tensor.shape[0], tensor.shape[1], try product(tensor.shape[2], 8 / bits))
    bytes = codes
    let given = context.attributes.int("block_size", default: 0)
    size = given > 0 ? given : inner
    guard inner % size == 0 else { throw OpError("'block_size' expected a divisor of \(inner), got \(size)") }
    let blocks = inner / size
    let shape = given > 0 ? [count, rows, blocks] : [count, rows]
    guard let scales = try context.optionalNumbers(weight + 1, shape: shape, as: Float.self) else {
      throw OpError("operand \(weight + 1) is missing")
    }
    self.scales = scales
    biases = try context.optionalNumbers(weight + 2, shape: [count, rows], as: Float.self)
    guard let zeros = try context.optionalOperand(zeroPoint) else {
      points = nil
      return
    }
    let width = (try product(given > 0 ? blocks : rows, bits) + 7) / 8
    guard zeros.shape == (given > 0 ? [count, rows, width] : [count, width]), let values = zeros.array(of: UInt8.self)
    else {
      throw OpError("operand \(zeroPoint): expected u8 zero points for scales \(shape), got \(zeros.type)")
    }
    points = values
  }

  func dense(_ expert: Int) throws(OpError) -> DenseExpert {
    try context.checkSize(.float32, shape: [rows, inner])
    let (blocks, perByte) = (inner / size, 8 / bits)
    let isBlocked = context.attributes.int("block_size", default: 0) > 0
    let width = ((isBlocked ? blocks : rows) * bits + 7) / 8
    var weight: [Float] = []
    weight.reserveCapacity(rows * inner)
    for row in 0..<rows {
      for block in 0..<blocks {
        let scale = scales[(expert * rows + row) * blocks + block]
        let start = isBlocked ? (expert * rows + row) * width : expert * width
        let zero = points.map { Float(code($0, start, isBlocked ? block : row)) } ?? Float(1 << (bits - 1))
        for place in block * size..<(block + 1) * size {
          let value = code(bytes, (expert * rows + row) * (inner / perByte), place)
          weight.append((Float(value) - zero) * scale)
        }
      }
    }
    return DenseExpert(weight: weight, bias: biases.map { $0[expert * rows..<(expert + 1) * rows] }, rows: rows)
  }

  /// Code `place` of those that begin at byte `start`, the first in the low bits.
  private func code(_ bytes: [UInt8], _ start: Int, _ place: Int) -> UInt8 {
    let perByte = 8 / bits
    return bytes[start + place / perByte] >> UInt8(place % perByte * bits) & UInt8((1 << bits) - 1)
  }
}
