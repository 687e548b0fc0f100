internal import DecantIR

/// Weights in codes of a ``Codebook`` as files hold them, read back as floats.
enum CodebookReading {
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
