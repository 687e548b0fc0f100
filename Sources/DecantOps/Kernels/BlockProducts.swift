internal import DecantIR

/// The extents of a matrix of `inner` rows and `columns` columns whose codes have a scale for each block.
struct BlockExtents {
  let inner: Int
  let columns: Int
  /// Codes to a block.
  let size: Int

  /// From the attributes `K`, `N` and `block_size`.
  ///
  /// - Throws: ``OpError`` for numbers below 1, and sizes beyond memory.
  init(_ attributes: Attributes) throws(OpError) {
    (inner, columns) = (attributes.int("K", default: 0), attributes.int("N", default: 0))
    size = attributes.int("block_size", default: 0)
    guard inner >= 1, columns >= 1, size >= 1, size <= 1 << 30 else {
      throw OpError("'K', 'N' and 'block_size' expected 1 or more, got \(inner), \(columns) and \(size)")
    }
    _ = try product(inner, columns, 8)
  }

  /// Blocks that cover `count` codes.
  func blocks(_ count: Int) -> Int { (count - 1) / size + 1 }

  /// `a · weight`, where `weight` has its columns one after another unless `isFlipped`, and a bias.
  func multiply(
    _ context: EvaluationContext, weight: [Float], isFlipped: Bool = false, bias: Tensor? = nil
  ) throws(OpError) -> [Tensor] {
    let a = try context.operand(0)
    let stored = Tensor(weight, shape: [columns, inner])
    let right = isFlipped ? stored : try TransposeOps.permute(context, stored, [1, 0])
    guard a.shape.last == right.shape[0] else {
      throw OpError("operand 0: expected a last extent of \(right.shape[0]), got \(a.shape)")
    }
    var result = try MatMulKernel.evaluateNumbers(
      context.with([try a.converted(to: Float.self, what: "operand 0"), right]))[0]
    if let bias {
      guard bias.shape == [columns] else { throw OpError("expected a bias [\(columns)], got \(bias.shape)") }
      result = try context.pairwise(result, try context.widened(bias), Addition())
    }
    return [try context.convert(result, Conversion(target: a.dataType))]
  }
}

/// Codes of 2, 4 and 8 bits in bytes, the first in the low bits.
enum CodePacking {
  /// The codes of a tensor of u8, `count` to an element, one to an element along the last axis.
  static func unpack(_ tensor: Tensor, _ count: Int, _ context: EvaluationContext) throws(OpError) -> Tensor {
    guard tensor.dataType == .uint8, let last = tensor.shape.last, let bytes = tensor.bytes else {
      throw OpError("expected codes in u8 of rank 1 or more, got \(tensor.dataType)\(tensor.shape)")
    }
    guard count > 1 else { return tensor }
    let shape = tensor.shape.dropLast() + [try product(last, count)]
    try context.checkSize(.uint8, shape: Array(shape))
    return PackedElements.unpack(try Tensor(count == 2 ? .uint4 : .uint2, shape: Array(shape), bytes: bytes))
  }

  /// The first codes of each row, as many as `shape` has; the others fill the last byte.
  static func prefix(_ tensor: Tensor, shape: [Int]) throws(OpError) -> Tensor {
    guard let own = tensor.shape.last, let last = shape.last, own >= last, tensor.shape.dropLast() == shape.dropLast(),
      let codes = tensor.array(of: UInt8.self)
    else { throw OpError("expected zero points for scales of shape \(shape), got \(tensor.shape)") }
    if own == last { return tensor }
    let rows = shape.dropLast().reduce(1, *)
    return Tensor((0..<rows).flatMap { codes[$0 * own..<$0 * own + last] }, shape: shape)
  }

  /// The middle of the codes of `bits` bits, everywhere.
  static func middle(_ bits: Int, shape: [Int], _ context: EvaluationContext) throws(OpError) -> Tensor {
    try context.make(UInt8.self, shape: shape) { span in
      for index in 0..<span.count { span[index] = 1 << UInt8(bits - 1) }
    }
  }
}

/// `MatMulNBits`: a product with a matrix of codes of 2, 4 or 8 bits.
enum BlockProduct {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let extents = try BlockExtents(context.attributes)
    let bits = context.attributes.int("bits", default: 4)
    guard [2, 4, 8].contains(bits) else { throw OpError("'bits' expected 2, 4 or 8, got \(bits)", kind: .unsupported) }
    guard extents.size * bits % 8 == 0 else {
      throw OpError("'block_size' expected blocks of whole bytes, got \(extents.size)")
    }
    guard context.attributes.int("weight_prepacked", default: 0) == 0 else {
      throw OpError("weights that a device has packed ahead are not supported", kind: .unsupported)
    }
    let blocks = extents.blocks(extents.inner)
    let packed = try context.operand(1)
    guard packed.shape == [extents.columns, blocks, extents.size * bits / 8] else {
      throw OpError(
        "operand 1: expected shape \([extents.columns, blocks, extents.size * bits / 8]), got \(packed.shape)")
    }
    try context.checkSize(.float32, shape: [extents.columns, extents.inner])
    let codes = try CodePacking.unpack(packed, 8 / bits, context).array(of: UInt8.self) ?? []
    let parameters = try Parameters(context, extents, bits: bits)
    let groups = try groups(context, extents)
    let padded = blocks * extents.size
    var weight: [Float] = []
    weight.reserveCapacity(extents.columns * extents.inner)
    for column in 0..<extents.columns {
      for place in 0..<extents.inner {
        let block = column * blocks + (groups?[place] ?? place / extents.size)
        let code = Float(codes[column * padded + place])
        weight.append((code - parameters.zeros[block]) * parameters.scales[block])
      }
    }
    return try extents.multiply(context, weight: weight, bias: try context.optionalOperand(5))
  }

  /// The block of each row, where they are not in order.
  private static func groups(_ context: EvaluationContext, _ extents: BlockExtents) throws(OpError) -> [Int]? {
    guard try context.optionalOperand(4) != nil else { return nil }
    let groups = try context.integers(4)
    let blocks = extents.blocks(extents.inner)
    guard groups.count >= extents.inner, groups.allSatisfy({ $0 >= 0 && $0 < blocks }) else {
      throw OpError("operand 4: expected \(extents.inner) blocks in 0..<\(blocks), got \(groups.count)")
    }
    return groups
  }

  /// Scale and zero point of every block of every column.
  private struct Parameters {
    let scales: [Float]
    let zeros: [Float]

    init(_ context: EvaluationContext, _ extents: BlockExtents, bits: Int) throws(OpError) {
      let blocks = extents.blocks(extents.inner)
      let count = try product(extents.columns, blocks)
      scales = try context.numbers(2, as: Float.self)
      guard scales.count == count else { throw OpError("operand 2: expected \(count) scales, got \(scales.count)") }
      guard let points = try context.optionalOperand(3) else {
        zeros = Array(repeating: Float(1 << (bits - 1)), count: count)
        return
      }
      if points.dataType.isFloat {
        zeros = try context.numbers(3, as: Float.self)
        guard zeros.count == count else { throw OpError("operand 3: expected \(count) numbers, got \(zeros.count)") }
        return
      }
      let width = (blocks * bits - 1) / 8 + 1
      guard points.dataType == .uint8, points.elementCount == extents.columns * width else {
        throw OpError("operand 3: expected u8[\(extents.columns),\(width)], got \(points.dataType)\(points.shape)")
      }
      let rows = try CodePacking.unpack(points.reshaped([extents.columns, width]), 8 / bits, context)
      zeros = try CodePacking.prefix(rows, shape: [extents.columns, blocks]).floats ?? []
    }
  }
}

/// `MatMulBnb4`: a product with a matrix of 4-bit floats, each block of which has its largest magnitude.
enum BitsAndBytesProduct {
  /// The quantiles of a normal distribution.
  private static let normal: [Float] = [
    -1, -0.6961928, -0.52507305, -0.39491749, -0.28444138, -0.18477343, -0.091050036, 0, 0.0795803, 0.1609302,
    0.2461123, 0.33791524, 0.44070983, 0.562617, 0.72295684, 1,
  ]
  /// A sign, an exponent and a fraction.
  private static let float: [Float] = [
    0, 0.0052083333, 0.6666667, 1, 0.33333334, 0.5, 0.16666667, 0.25, 0, -0.0052083333, -0.6666667, -1, -0.33333334,
    -0.5, -0.16666667, -0.25,
  ]

  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let extents = try BlockExtents(context.attributes)
    let kind = context.attributes.int("quant_type", default: 0)
    guard kind == 0 || kind == 1 else { throw OpError("'quant_type' expected 0 (FP4) or 1 (NF4), got \(kind)") }
    let values = kind == 0 ? float : normal
    let count = try product(extents.inner, extents.columns)
    try context.checkSize(.float32, shape: [count])
    let (packed, largest) = (try context.operand(1), try context.numbers(2, as: Float.self))
    guard let bytes = packed.array(of: UInt8.self), bytes.count == (count + 1) / 2 else {
      throw OpError("operand 1: expected u8[\((count + 1) / 2)], got \(packed.dataType)\(packed.shape)")
    }
    guard largest.count == extents.blocks(count) else {
      throw OpError("operand 2: expected \(extents.blocks(count)) numbers, got \(largest.count)")
    }
    // The first of two codes is in the high bits.
    let weight = (0..<count).map { place in
      values[Int(place % 2 == 0 ? bytes[place / 2] >> 4 : bytes[place / 2] & 15)] * largest[place / extents.size]
    }
    let isFlipped = context.attributes.int("transB", default: 1) == 0
    return try extents.multiply(context, weight: weight, isFlipped: isFlipped)
  }
}
