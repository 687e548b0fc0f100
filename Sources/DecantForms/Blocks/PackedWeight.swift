internal import CKernels
package import DecantBytes
package import DecantIR

/// A weight in codes, as the tensors of a file.
package struct PackedWeight {
  /// How a file holds codes in blocks.
  package enum Layout: Hashable, Sendable {
    /// As MatMulNBits reads them: bytes of outputs by blocks by packed codes.
    case blocks
    /// As a tensor of a few-bit type, outputs by inputs.
    case outputsFirst
    /// The same for a table that is looked up, whose 8-bit codes have no sign.
    case table
    /// As a tensor of a few-bit type, inputs by outputs.
    case inputsFirst
  }

  /// The codes.
  package let codes: Tensor
  /// One for each block.
  package let scales: Tensor
  /// Nil where all blocks have the zero point that the layout takes for granted.
  package let zeroPoints: Tensor?

  /// Packs `weight`, which is in codes already.
  ///
  /// - Throws: ``OpError`` for scales that `scaleType` cannot hold.
  package init(_ weight: BlockRows, _ layout: Layout, scaleType: DataType) throws(OpError) {
    try self.init(
      [Piece(weight, layout)], rows: weight.rows, columns: weight.columns, weight.format, layout, scaleType: scaleType)
  }

  /// Joins pieces, which hold some outputs each, one after another.
  ///
  /// - Throws: ``OpError`` for scales that `scaleType` cannot hold.
  package init(
    _ pieces: [Piece], rows: Int, columns: Int, _ format: BlockFormat, _ layout: Layout, scaleType: DataType
  ) throws(OpError) {
    let blocks = format.blocks(columns)
    let integer = layout == .table && format.storedBits == 8 ? .uint8 : PackedWeight.integerType(format)
    let middle = UInt8(1 << (format.storedBits - 1))
    var scales = pieces.count == 1 ? pieces[0].scales : pieces.flatMap(\.scales)
    guard scales.allSatisfy(\.isFinite) else {
      throw OpError("a block reaches further than a scale of \(scaleType) can say", kind: .unsupported)
    }
    var zeroPoints = pieces.flatMap(\.zeroPoints)
    switch layout {
    case .blocks:
      let blob = format.blockSize * format.storedBits / 8
      codes = try Tensor(
        .uint8, shape: [rows, blocks, blob],
        bytes: pieces.count == 1 ? pieces[0].codes : ByteSlice(joining: pieces.map(\.codes)))
      let packed = PackedWeight.packRows(zeroPoints, columns: blocks, bits: format.storedBits, filler: middle)
      self.zeroPoints = format.isSymmetric ? nil : Tensor(packed, shape: [rows, packed.count / max(rows, 1)])
      self.scales = try PackedWeight.scales(scales, shape: [rows, blocks], type: scaleType)
      return
    case .outputsFirst, .table:
      codes = try Tensor(integer, shape: [rows, columns], bytes: ByteSlice(joining: pieces.map(\.codes)))
    case .inputsFirst:
      codes = try Tensor(
        integer, shape: [columns, rows], bytes: PackedWeight.interleave(pieces, rows: columns, columns: rows, format))
      scales = PackedWeight.transposed(scales, rows: rows, columns: blocks)
      zeroPoints = PackedWeight.transposed(zeroPoints, rows: rows, columns: blocks)
    }
    let shape = layout == .inputsFirst ? [blocks, rows] : [rows, blocks]
    self.scales = try PackedWeight.scales(scales, shape: shape, type: scaleType)
    let packed = PackedWeight.pack(zeroPoints, bits: format.storedBits)
    self.zeroPoints =
      format.isSymmetric ? nil : try Tensor(integer, shape: shape, bytes: ByteSlice(copying: packed))
  }

  /// The type of codes in a tensor: with a sign where zero is in the middle.
  private static func integerType(_ format: BlockFormat) -> DataType {
    switch format.storedBits {
    case 2: format.isSymmetric ? .int2 : .uint2
    case 4: format.isSymmetric ? .int4 : .uint4
    default: format.isSymmetric ? .int8 : .uint8
    }
  }

  private static func scales(_ values: [Float], shape: [Int], type: DataType) throws(OpError) -> Tensor {
    switch type {
    case .float16: return Tensor(values.map { Float16($0) }, shape: shape)
    case .bfloat16: return Tensor(values.map { BFloat16($0) }, shape: shape)
    default: return Tensor(values, shape: shape)
    }
  }

  /// Codes packed from the first to the last, the first in the lowest bits.
  fileprivate static func pack(_ codes: [UInt8], bits: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (codes.count * bits + 7) / 8)
    unsafe codes.withUnsafeBufferPointer { codes in
      unsafe bytes.withUnsafeMutableBufferPointer { bytes in
        guard let from = codes.baseAddress, let to = bytes.baseAddress else { return }
        unsafe decant_pack_codes(from, codes.count, Int32(bits), to)
      }
    }
    return bytes
  }

  /// Codes packed so that each row of `columns` starts a byte, the rest of its last byte with `filler`.
  fileprivate static func packRows(_ codes: [UInt8], columns: Int, bits: Int, filler: UInt8 = 0) -> [UInt8] {
    let missing = (8 - columns * bits % 8) % 8 / bits
    guard missing > 0 else { return pack(codes, bits: bits) }
    let fill = [UInt8](repeating: filler, count: missing)
    return stride(from: 0, to: codes.count, by: columns).flatMap { start in
      pack(Array(codes[start..<start + columns]) + fill, bits: bits)
    }
  }

  fileprivate static func transposed<Element>(_ values: [Element], rows: Int, columns: Int) -> [Element] {
    (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } }
  }

  /// Bands of a few columns side by side.
  private static func interleave(_ pieces: [Piece], rows: Int, columns: Int, _ format: BlockFormat) -> ByteSlice {
    let bits = format.storedBits
    let wide = pieces.map(\.columnCodes)
    guard columns * bits % 8 == 0 else {
      let flat = (0..<rows).flatMap { row in
        wide.flatMap { codes in
          let width = codes.count / rows
          return Array(codes[row * width..<(row + 1) * width])
        }
      }
      return ByteSlice(copying: pack(flat, bits: bits))
    }
    let packed = wide.map { packRows($0, columns: $0.count / rows, bits: bits) }
    let slices = packed.map { ByteSlice(copying: $0) }
    return ByteSlice(
      joining: (0..<rows).flatMap { row in
        slices.map { slice in
          let width = slice.count / rows
          return slice[row * width..<(row + 1) * width]
        }
      })
  }
}

extension PackedWeight {
  /// The packed codes of some outputs.
  package struct Piece: Sendable {
    let codes: ByteSlice
    /// Unpacked, inputs by outputs, for the layout that has inputs first; empty for the others.
    let columnCodes: [UInt8]
    let scales: [Float]
    let zeroPoints: [UInt8]

    /// Codes that are packed as MatMulNBits reads them, with scales and zero points output by output.
    package init(codes: ByteSlice, scales: [Float], zeroPoints: [UInt8]) {
      (self.codes, columnCodes, self.scales, self.zeroPoints) = (codes, [], scales, zeroPoints)
    }

    /// Packs `rows` for a layout.
    package init(_ rows: BlockRows, _ layout: PackedWeight.Layout) {
      let format = rows.format
      scales = rows.scales
      zeroPoints = rows.zeroPoints
      var values = rows.codes
      // Three bits in the middle of four have the zero point that four have.
      if format.isSymmetric, format.bits == 3 { values = values.map { $0 + 4 } }
      if layout != .blocks, format.isSymmetric, layout != .table || format.storedBits < 8 {
        let (middle, mask) = (
          UInt8(1 << (format.storedBits - 1)), UInt8(truncatingIfNeeded: 1 << format.storedBits - 1)
        )
        values = values.map { ($0 &- middle) & mask }
      }
      switch layout {
      case .blocks:
        columnCodes = []
        let padding = rows.blocks * format.blockSize - rows.columns
        if padding == 0 {
          codes = ByteSlice(copying: PackedWeight.pack(values, bits: format.storedBits))
        } else {
          let zeros = [UInt8](repeating: 0, count: padding)
          let padded = (0..<rows.rows).flatMap { values[$0 * rows.columns..<($0 + 1) * rows.columns] + zeros }
          codes = ByteSlice(copying: PackedWeight.pack(padded, bits: format.storedBits))
        }
      case .outputsFirst, .table:
        columnCodes = []
        codes = ByteSlice(copying: PackedWeight.pack(values, bits: format.storedBits))
      case .inputsFirst:
        columnCodes = PackedWeight.transposed(values, rows: rows.rows, columns: rows.columns)
        codes = ByteSlice()
      }
    }
  }
}
