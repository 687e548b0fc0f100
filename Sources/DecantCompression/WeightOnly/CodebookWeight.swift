internal import DecantBytes
internal import DecantIR
internal import DecantRuntime

/// A weight as codes of a ``Codebook``, in blocks over all of its outputs one after another.
struct CodebookWeight {
  /// Two codes to a byte, the first in the high half.
  let codes: Tensor
  /// The largest magnitude of each block, in the type of the weight.
  let magnitudes: Tensor

  /// How many blocks are coded at a time.
  private static let band = 1024

  /// Codes `weight`.
  init(
    _ weight: WeightMatrix, _ codebook: Codebook, blockSize: Int, type: DataType, threads: Int
  ) throws(OpError) {
    let values = weight.panel(0..<weight.rows).values
    let blocks = (values.count + blockSize - 1) / blockSize
    let bands = (blocks + CodebookWeight.band - 1) / CodebookWeight.band
    let pieces = Parallel.map(count: bands, threads: threads) { band -> (codes: [UInt8], magnitudes: [Float]) in
      let start = band * CodebookWeight.band * blockSize
      let end = min(start + CodebookWeight.band * blockSize, values.count)
      return CodebookWeight.code(values[start..<end], codebook, blockSize)
    }
    let bytes = pieces.flatMap(\.codes)
    codes = Tensor(bytes, shape: [bytes.count])
    magnitudes = Tensor(floats: pieces.flatMap(\.magnitudes), shape: [blocks], as: type)
  }

  private static func code(
    _ values: ArraySlice<Float>, _ codebook: Codebook, _ blockSize: Int
  ) -> (codes: [UInt8], magnitudes: [Float]) {
    var bytes = [UInt8](repeating: 0, count: (values.count + 1) / 2)
    var magnitudes: [Float] = []
    for start in stride(from: values.startIndex, to: values.endIndex, by: blockSize) {
      let block = start..<min(start + blockSize, values.endIndex)
      let magnitude = values[block].reduce(0) { max($0, abs($1)) }
      let factor = magnitude == 0 ? 0 : 1 / magnitude
      magnitudes.append(magnitude)
      for index in block {
        let (place, code) = (index - values.startIndex, codebook.code(of: values[index] * factor))
        bytes[place / 2] |= place % 2 == 0 ? code << 4 : code
      }
    }
    // What is missing of the last byte is the code of zero.
    if values.count % 2 == 1 { bytes[bytes.count - 1] |= codebook.code(of: 0) }
    return (bytes, magnitudes)
  }

  /// The weight of a MatMulBnb4, inputs by outputs.
  ///
  /// - Throws: ``OpError`` for attributes and operands that do not go together.
  static func floats(of node: Node, _ graph: Graph) throws(OpError) -> Tensor {
    let (inputs, outputs) = (node.attributes.int("K", default: 0), node.attributes.int("N", default: 0))
    let (blockSize, kind) = (
      node.attributes.int("block_size", default: 0), node.attributes.int("quant_type", default: 0)
    )
    guard inputs > 0, outputs > 0, blockSize > 0, kind == 0 || kind == 1 else {
      throw OpError("its attributes are out of range")
    }
    guard node.attributes.int("transB", default: 1) != 0 else { throw OpError("its weight is not transposed") }
    let codebook: Codebook = kind == 0 ? .float : .normalFloat
    let count = try Tensor.elementCount(shape: [inputs, outputs])
    guard let codes = node.operand(1).flatMap({ graph[$0].constant?.array(of: UInt8.self) }),
      codes.count == (count + 1) / 2,
      let scales = node.operand(2)
    else { throw OpError("its weight is computed, or has other extents than K and N say") }
    let data = try magnitudes(scales, graph)
    guard let magnitudes = data.floats, magnitudes.count == (count - 1) / blockSize + 1 else {
      throw OpError("its magnitudes have other extents than its blocks")
    }
    let values = codebook.values
    let rows = (0..<count).map { index in
      values[Int(index % 2 == 0 ? codes[index / 2] >> 4 : codes[index / 2] & 15)] * magnitudes[index / blockSize]
    }
    let columns = CodeBytes.transposed(rows, rows: outputs, columns: inputs)
    return Tensor(floats: columns, shape: [inputs, outputs], as: data.dataType)
  }

  /// The largest magnitudes: a constant, or one in codes itself.
  private static func magnitudes(_ value: ValueID, _ graph: Graph) throws(OpError) -> Tensor {
    if let data = graph[value].constant { return data }
    guard let affine = AffineNode.dequantize(behind: value, graph) else { throw OpError("its magnitudes are computed") }
    return try affine.constant(graph)
  }
}
