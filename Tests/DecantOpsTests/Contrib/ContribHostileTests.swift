import DecantIR
import Testing

import DecantOps

/// Operands that fit each other, of which one is spoilt at a time: kernels and inference may refuse, but never trap.
@Suite struct ContribHostileTests {
  private static let one = ramp([2, 1, 4])
  private static func numbers(_ values: [Int32]) -> Tensor { Tensor(values) }

  private static let nodes: [(String, [Tensor?], Attributes)] = [
    (
      "Attention",
      [ramp([2, 3, 4]), ramp([4, 12]), ramp([12]), numbers([1, 2]), ramp([2, 2, 2, 1, 2]), ramp([2, 2, 3, 4])],
      ["num_heads": .int(2), "qkv_hidden_sizes": .ints([4, 4, 4]), "unidirectional": .int(1)]
    ),
    (
      "QAttention",
      [
        codes([2, 3, 4], UInt8.self), codes([4, 12], Int8.self), ramp([12]), ramp([]), ramp([12]),
        Tensor([1, 1, 0, 1, 1, 1, 1, 1] as [Int32], shape: [2, 4]), codes([], UInt8.self), codes([12], Int8.self),
        ramp([2, 2, 2, 1, 2]),
      ], ["num_heads": .int(2)]
    ),
    (
      "MultiHeadAttention",
      [
        ramp([2, 1, 4]), ramp([2, 1, 4]), ramp([2, 1, 4]), ramp([12]), numbers([1, 2, 0, 0]), ramp([1, 2, 1, 3]),
        ramp([2, 2, 5, 2]), ramp([2, 2, 5, 2]), numbers([2]),
        Tensor(Array(repeating: 0 as Int32, count: 10), shape: [1, 2, 5]),
      ], ["num_heads": .int(2), "unidirectional": .int(1), "scale": .float(0.5)]
    ),
    ("MultiHeadAttention", [ramp([2, 3, 2, 3, 2])], ["num_heads": .int(2)]),
    ("MultiHeadAttention", [ramp([2, 3, 4]), ramp([2, 3, 2, 2, 2])], ["num_heads": .int(2)]),
    (
      "DecoderMaskedMultiHeadAttention",
      [
        one, one, one, Tensor([1, 1, 0, 1, 1, 1] as [Int32], shape: [2, 3]), ramp([1, 2, 1, 3]), ramp([2, 2, 5, 2]),
        ramp([2, 2, 5, 2]), numbers([2]), numbers([2]),
        Tensor(Array(repeating: 1 as Int32, count: 10), shape: [1, 2, 5]),
        ramp([12]),
      ], ["num_heads": .int(2), "past_present_share_buffer": .int(1), "output_qk": .int(1)]
    ),
    (
      "GroupQueryAttention",
      [
        ramp([2, 1, 32]), ramp([2, 1, 16]), ramp([2, 1, 16]), ramp([2, 1, 4, 16]), ramp([2, 1, 4, 16]),
        numbers([2, 1]),
        numbers([3]), ramp([5, 8]), ramp([5, 8]), Tensor([2, 1] as [Int64], shape: [2, 1]), ramp([1, 2, 1, 3]),
        ramp([2]),
        nil, nil, ramp([16]), ramp([16]),
      ],
      [
        "num_heads": .int(2), "kv_num_heads": .int(1), "do_rotary": .int(1), "local_window_size": .int(2),
        "qk_output": .int(1),
      ]
    ),
  ]

  @Test(arguments: nodes.indices)
  func nothingTraps(_ index: Int) throws {
    let (op, operands, attributes) = Self.nodes[index]
    let definition = try #require(StandardOps().definition(of: OpName(op, domain: "com.microsoft")))
    let kernel = try #require(definition.evaluate)
    func run(_ operands: [Tensor?], _ attributes: Attributes) -> Bool {
      let count = definition.schema.results.count
      let context = EvaluationContext(
        op: definition.name, attributes: attributes, operands: operands,
        wanted: Array(repeating: true, count: count), byteLimit: 1 << 20)
      _ = try? definition.infer(
        InferenceContext(
          op: definition.name, attributes: attributes, types: operands.map { $0?.type }, resultCount: count,
          constants: operands))
      return (try? kernel(context)) != nil
    }
    #expect(run(operands, attributes))
    for place in operands.indices {
      for spoilt in operands[place].map(spoils) ?? [] {
        var changed = operands
        changed[place] = spoilt
        _ = run(changed, attributes)
      }
    }
    for (name, _) in attributes {
      for number in [Int64.min, -1, 0, 1, 3, 1 << 31, 1 << 62, .max] {
        var changed = attributes
        changed[name] = .int(number)
        _ = run(operands, changed)
        changed[name] = .ints([number, number, 4])
        _ = run(operands, changed)
      }
      changedFloats(attributes, name).forEach { _ = run(operands, $0) }
    }
  }

  private func changedFloats(_ attributes: Attributes, _ name: String) -> [Attributes] {
    [Float.nan, .infinity, 0, -1].map {
      var changed = attributes
      changed[name] = .float($0)
      return changed
    }
  }

  /// The tensor left out, of other shapes, and with other numbers.
  private func spoils(_ tensor: Tensor) -> [Tensor?] {
    var shapes: [[Int]] = [[], [0], tensor.shape + [1], tensor.shape.dropLast(), tensor.shape.reversed()]
    for axis in tensor.shape.indices {
      for extent in [0, 1, tensor.shape[axis] + 1, 2 * tensor.shape[axis]] {
        var shape = tensor.shape
        shape[axis] = extent
        shapes.append(shape)
      }
      // Nothing in it, and still too large to count.
      var shape = Array(repeating: 0, count: tensor.rank)
      shape[axis] = 1 << 62
      if tensor.rank > 1 { shapes.append(shape) }
    }
    let numbers = [Int32.min, -1, 7, Int32.max].map { value in
      tensor.dataType == .int32
        ? Tensor(Array(repeating: value, count: tensor.elementCount), shape: tensor.shape)
        : Tensor(Array(repeating: Int64(value) << 31, count: tensor.elementCount), shape: tensor.shape)
    }
    return [nil] + shapes.map { shaped(tensor, $0) } + numbers
  }

  private func shaped(_ tensor: Tensor, _ shape: [Int]) -> Tensor {
    switch tensor.dataType {
    case .int32: Tensor((0..<shape.reduce(1, *)).map { Int32($0 % 3) }, shape: shape)
    case .int64: Tensor((0..<shape.reduce(1, *)).map { Int64($0 % 3) }, shape: shape)
    case .int8: codes(shape, Int8.self)
    case .uint8: codes(shape, UInt8.self)
    default: ramp(shape)
    }
  }
}
