internal import DecantBytes
internal import DecantIR

/// Weights in codes as files hold them, read back as rows of codes in blocks. Nothing is rounded on the way.
extension BlockRows {
  /// The weight of a MatMulNBits.
  ///
  /// - Throws: ``OpError`` for attributes and operands that do not go together, and for zero points that are floats.
  init(product node: Node, _ graph: Graph) throws(OpError) {
    guard node.operand(4) == nil else { throw OpError("its inputs are in another order") }
    guard node.attributes.int("weight_prepacked", default: 0) == 0 else {
      throw OpError("a device has packed its weight ahead")
    }
    let (columns, rows) = (node.attributes.int("K", default: 0), node.attributes.int("N", default: 0))
    let format = try BlockRows.format(
      node.attributes, defaultBits: 4, blockSize: 0, isSymmetric: node.operand(3) == nil)
    guard columns > 0, rows > 0, columns <= 1 << 40 else { throw OpError("its extents are not positive") }
    let blocks = format.blocks(columns)
    let codes = try BlockRows.constant(node.operand(1), graph, "weight")
    let scales = try BlockRows.constant(node.operand(2), graph, "scales")
    let padded = try Tensor.elementCount(shape: [blocks, format.blockSize])
    guard codes.dataType == .uint8,
      codes.elementCount == (try Tensor.elementCount(shape: [rows, padded / 8, format.bits])),
      scales.elementCount == (try Tensor.elementCount(shape: [rows, blocks])), let numbers = scales.floats
    else { throw OpError("its weight or its scales have other extents than K and N say") }
    let all = CodeBytes.unsigned(codes, bits: format.bits, count: rows * padded)
    self.init(rows: rows, columns: columns, format: format)
    if padded == columns {
      self.codes = all
    } else {
      for row in 0..<rows {
        self.codes.replaceSubrange(
          row * columns..<(row + 1) * columns, with: all[row * padded..<row * padded + columns])
      }
    }
    self.scales = numbers
    guard node.operand(3) != nil else { return }
    let points = try BlockRows.constant(node.operand(3), graph, "zero points")
    zeroPoints = try BlockRows.points(points, rows: rows, columns: blocks, bits: format.bits)
  }

  /// The table of a GatherBlockQuantized whose rows are looked up.
  ///
  /// - Throws: ``OpError`` as ``init(product:_:)``.
  init(table node: Node, _ graph: Graph) throws(OpError) {
    let codes = try BlockRows.constant(node.operand(0), graph, "table")
    let scales = try BlockRows.constant(node.operand(2), graph, "scales")
    guard codes.rank == 2, scales.rank == 2, [0, -2].contains(node.attributes.int("gather_axis", default: 0)),
      [1, -1].contains(node.attributes.int("quantize_axis", default: 1))
    else { throw OpError("only rows of matrices with blocks along them are converted") }
    let isPacked = codes.dataType == .uint8
    let bits = isPacked ? node.attributes.int("bits", default: 4) : codes.dataType.bitWidth
    let columns = isPacked && [2, 4, 8].contains(bits) ? codes.shape[1] * (8 / bits) : codes.shape[1]
    let middle = isPacked || codes.dataType.isSignedInteger
    let format = try BlockRows.format(
      node.attributes, defaultBits: bits, blockSize: 128, isSymmetric: node.operand(3) == nil && middle, bits: bits)
    guard isPacked || codes.dataType.isInteger, scales.shape == [codes.shape[0], format.blocks(columns)],
      let numbers = scales.floats
    else { throw OpError("its scales have other extents than its table has blocks") }
    self.init(rows: codes.shape[0], columns: columns, format: format)
    self.codes = CodeBytes.unsigned(codes, bits: bits, count: rows * columns)
    self.scales = numbers
    guard node.operand(3) != nil else {
      if !middle { zeroPoints = [UInt8](repeating: 0, count: zeroPoints.count) }
      return
    }
    let points = try BlockRows.constant(node.operand(3), graph, "zero points")
    zeroPoints =
      isPacked
      ? try BlockRows.points(points, rows: rows, columns: blocks, bits: bits)
      : try BlockRows.points(points, count: rows * blocks, like: codes.dataType)
  }

  /// The matrix behind a DequantizeLinear, outputs by inputs.
  ///
  /// One scale for all codes, or one for each output, becomes one for each block.
  ///
  /// - Parameter isInputsFirst: whether the codes have the inputs as their first axis.
  /// - Throws: ``OpError`` for codes that no blocks along the inputs hold.
  init(_ affine: AffineNode, isInputsFirst: Bool, _ graph: Graph) throws(OpError) {
    let codes = try BlockRows.constant(affine.source, graph, "codes")
    let scales = try BlockRows.constant(affine.scale, graph, "scales")
    guard codes.rank == 2 else { throw OpError("its weight has \(codes.rank) axes, and blocks are made of two") }
    guard codes.dataType.isInteger, codes.dataType.bitWidth <= 8, codes.elementCount > 0, let numbers = scales.floats
    else {
      throw OpError("its weight is not integer codes of at most 8 bits")
    }
    let (rows, columns) = isInputsFirst ? (codes.shape[1], codes.shape[0]) : (codes.shape[0], codes.shape[1])
    let inputAxis = isInputsFirst ? 0 : 1
    let axis = affine.axis < 0 ? affine.axis + 2 : affine.axis
    var blockSize = affine.blockSize
    let isBlocked = blockSize > 0
    if !isBlocked { blockSize = columns >= 128 ? 128 : max(16, columns.roundedUpToPowerOf2) }
    guard !isBlocked || axis == inputAxis else { throw OpError("its blocks lie along the outputs") }
    guard isBlocked || scales.elementCount == 1 || axis != inputAxis else {
      throw OpError("it has a scale for each input")
    }
    let middle = affine.zeroPoint == nil && codes.dataType.isSignedInteger
    let format = try BlockFormat(bits: codes.dataType.bitWidth, blockSize: blockSize, isSymmetric: middle)
    let blocks = format.blocks(columns)
    let wanted = isBlocked ? rows * blocks : scales.elementCount == 1 ? 1 : rows
    guard scales.elementCount == wanted else { throw OpError("its scales have other extents than its blocks") }
    self.init(rows: rows, columns: columns, format: format)
    let bytes = CodeBytes.unsigned(codes, bits: format.bits, count: rows * columns)
    self.codes = isInputsFirst ? CodeBytes.transposed(bytes, rows: columns, columns: rows) : bytes
    /// One for each block, outputs by blocks.
    func spread<Element>(_ values: [Element]) -> [Element] {
      if isBlocked { return isInputsFirst ? CodeBytes.transposed(values, rows: blocks, columns: rows) : values }
      return (0..<rows).flatMap { [Element](repeating: values[values.count == 1 ? 0 : $0], count: blocks) }
    }
    self.scales = spread(numbers)
    if let zeroPoint = affine.zeroPoint {
      let points = try BlockRows.constant(zeroPoint, graph, "zero points")
      zeroPoints = spread(try BlockRows.points(points, count: wanted, like: codes.dataType))
    } else if !middle {
      zeroPoints = [UInt8](repeating: 0, count: zeroPoints.count)
    }
  }

  // MARK: Parts

  private static func constant(_ value: ValueID?, _ graph: Graph, _ what: String) throws(OpError) -> Tensor {
    guard let data = value.flatMap({ graph[$0].constant }), data.bytes != nil else {
      throw OpError("its \(what) is computed")
    }
    return data.aligned
  }

  private static func format(
    _ attributes: Attributes, defaultBits: Int, blockSize: Int, isSymmetric: Bool, bits: Int? = nil
  ) throws(OpError) -> BlockFormat {
    let bits = bits ?? attributes.int("bits", default: defaultBits)
    guard [2, 4, 8].contains(bits) else { throw OpError("its codes have \(bits) bits") }
    return try BlockFormat(
      bits: bits, blockSize: attributes.int("block_size", default: blockSize), isSymmetric: isSymmetric)
  }

  /// Zero points packed row by row, each row from a byte on.
  private static func points(_ tensor: Tensor, rows: Int, columns: Int, bits: Int) throws(OpError) -> [UInt8] {
    guard tensor.dataType == .uint8 else { throw OpError("its zero points are \(tensor.dataType), not codes") }
    let width = (columns * bits + 7) / 8
    guard tensor.elementCount == rows * width else {
      throw OpError("its zero points have other extents than its blocks")
    }
    let all = CodeBytes.unsigned(tensor, bits: bits, count: tensor.elementCount * 8 / bits)
    let padded = width * 8 / bits
    return (0..<rows).flatMap { all[$0 * padded..<$0 * padded + columns] }
  }

  private static func points(_ tensor: Tensor, count: Int, like type: DataType) throws(OpError) -> [UInt8] {
    guard tensor.dataType == type, tensor.elementCount == count else {
      throw OpError("its zero points have another type or other extents than its codes")
    }
    return CodeBytes.unsigned(tensor, bits: type.bitWidth, count: count)
  }
}

/// Codes of at most 8 bits, one to a byte.
enum CodeBytes {
  /// The first `count` codes of a tensor of packed or whole codes of `bits` bits. Codes with a sign are moved up by half of
  /// their range, so that the least is zero.
  static func unsigned(_ tensor: Tensor, bits: Int, count: Int) -> [UInt8] {
    guard let slice = tensor.bytes else { return [] }
    let (perByte, mask) = (8 / bits, UInt8(truncatingIfNeeded: 1 << bits - 1))
    let flip: UInt8 = tensor.dataType.isSignedInteger ? 1 << UInt8(bits - 1) : 0
    return unsafe slice.bytes.withUnsafeBytes { bytes in
      unsafe [UInt8](unsafeUninitializedCapacity: count) { codes, filled in
        for index in 0..<min(count, bytes.count * perByte) {
          let byte = unsafe bytes[index / perByte]
          unsafe codes[index] = (byte >> UInt8(index % perByte * bits)) & mask ^ flip
        }
        filled = min(count, bytes.count * perByte)
      }
    }
  }

  /// Rows as columns.
  static func transposed<Element>(_ values: [Element], rows: Int, columns: Int) -> [Element] {
    (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } }
  }
}

extension Int {
  /// The least power of two that is not smaller. Precondition: from 1 to 2^62.
  fileprivate var roundedUpToPowerOf2: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
