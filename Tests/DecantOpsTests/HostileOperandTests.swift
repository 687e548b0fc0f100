import DecantBytes
import DecantIR
import Testing

import DecantOps

/// Operands and attributes at random, most of them wrong: kernels and inference may refuse them, but never trap.
@Suite struct HostileOperandTests {
  private static let names = StandardOps().definitions.filter { definition in
    definition.evaluate != nil && !definition.schema.attributes.contains { $0.kind == .graph }
  }.map(\.name)

  @Test(arguments: names)
  func nothingTraps(_ op: OpName) throws {
    let definition = try #require(StandardOps().definition(of: op))
    let kernel = try #require(definition.evaluate)
    var random = RandomCase(seed: op.description.utf8.reduce(2166) { $0 &* 31 &+ UInt64($1) })
    for _ in 0..<400 {
      let operands = random.operands(definition.schema)
      let attributes = random.attributes(definition.schema)
      let count = definition.schema.results.count
      _ = try? definition.infer(
        InferenceContext(
          op: op, attributes: attributes, types: operands.map { random.type(of: $0) }, resultCount: count,
          constants: operands.map { random.chance(0.5) ? $0 : nil }))
      _ = try? kernel(
        EvaluationContext(
          op: op, attributes: attributes, operands: operands, wanted: Array(repeating: true, count: count),
          byteLimit: 1 << 16))
    }
  }
}

/// A source of cases, the same for the same seed.
private struct RandomCase {
  private var state: UInt64
  private var shape: [Int] = []

  init(seed: UInt64) { state = seed }

  private mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }

  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
  mutating func chance(_ share: Double) -> Bool { Double(next() >> 11) / Double(1 << 53) < share }
  mutating func pick<Element>(_ values: [Element]) -> Element { values[below(values.count)] }

  mutating func type(of tensor: Tensor?) -> ValueType? {
    guard let tensor, chance(0.9) else { return tensor.map { _ in .unknown } }
    guard chance(0.5) else { return tensor.type }
    let unknown = Shape(
      tensor.shape.map { chance(0.3) ? pick([.unknown, .symbol("N"), .symbol("M") * 2 - 1]) : .fixed($0) })
    return .tensor(tensor.dataType, chance(0.9) ? unknown : nil)
  }

  mutating func operands(_ schema: OpSchema) -> [Tensor?] {
    shape = (0..<below(6)).map { _ in pick([1, 2, 2, 3, 4]) }
    var operands: [Tensor?] = []
    for parameter in schema.operands {
      switch parameter.arity {
      case .single: operands.append(tensor())
      case .optional: operands.append(chance(0.6) ? tensor() : nil)
      case .variadic: for _ in 0..<1 + below(3) { operands.append(tensor()) }
      }
    }
    return operands
  }

  private mutating func tensor() -> Tensor {
    var extents = shape
    if chance(0.4), !extents.isEmpty { extents[below(extents.count)] = pick([0, 1, 2, 3, 5]) }
    if chance(0.3) { extents = (0..<below(5)).map { _ in pick([0, 1, 2, 3, 4]) } }
    if chance(0.1), let last = shape.last { extents = [last] }
    if chance(0.03) { extents = pick([[0, 1 << 40], [1 << 40, 0], [1 << 31, 0, 1 << 31], [0, .max]]) }
    let count = extents.reduce(1, *)
    let whole = (0..<count).map { _ in pick([0, 1, -1, 2, 3, 7, Int(Int64.min), Int(Int64.max), 100, -100]) }
    switch below(10) {
    case 0: return Tensor(whole.map { Int64($0) }, shape: extents)
    case 1: return Tensor(whole.map { Int32(truncatingIfNeeded: $0) }, shape: extents)
    case 2: return Tensor(whole.map { UInt8(truncatingIfNeeded: $0) }, shape: extents)
    case 3: return Tensor(whole.map { Int8(truncatingIfNeeded: $0) }, shape: extents)
    case 4: return Tensor(whole.map { Boolean($0 > 0) }, shape: extents)
    case 5: return Tensor(whole.map { Float16($0) }, shape: extents)
    case 6 where count < 100:
      return (try? Tensor(strings: whole.map { _ in text() }, shape: extents)) ?? Tensor([Int8]())
    case 7 where count < 100: return Tensor(whole.map { Double($0) }, shape: extents)
    default:
      return Tensor(
        whole.map { _ in pick([0, 1, -2.5, 0.5, .nan, .infinity, -.infinity, 3e38, .leastNonzeroMagnitude]) as Float },
        shape: extents)
    }
  }

  private mutating func integer() -> Int64 {
    pick([0, 0, 1, 1, 1, 2, 2, 3, -1, -2, 4, 16, 22, 1 << 31 - 1, 1 << 31, 1 << 62, .max, .min])
  }

  private mutating func text() -> ByteString {
    pick([
      "", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", "reverse", "bidirectional", "ij,jk->ik", "...i,...i->...",
      "ab",
      "Sigmoid", "Tanh", "constant", "edge", "reflect", "nearest", "linear", "cubic", "add", "x",
    ])
  }

  mutating func attributes(_ schema: OpSchema) -> Attributes {
    var attributes: Attributes = [:]
    for rule in schema.attributes where rule.isRequired || chance(0.4) {
      switch rule.kind {
      case .int: attributes[rule.name] = .int(integer())
      case .float: attributes[rule.name] = .float(pick([0, 1, -1, 0.5, .nan, .infinity, 1e-5, -3e38]))
      case .string: attributes[rule.name] = .string(text())
      case .ints:
        attributes[rule.name] = .ints((0..<below(6)).map { _ in chance(0.7) ? Int64(1 + below(3)) : integer() })
      case .floats: attributes[rule.name] = .floats((0..<below(4)).map { _ in pick([0, 1, -1, .nan, 1e38]) })
      case .strings: attributes[rule.name] = .strings((0..<below(4)).map { _ in text() })
      case .tensor: attributes[rule.name] = .tensor(tensor())
      default: break
      }
    }
    return attributes
  }
}
