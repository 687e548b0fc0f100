/// Some rows of a weight as codes in blocks: what every block algorithm gives.
package struct BlockRows: Sendable {
  /// How many outputs.
  package let rows: Int
  /// How many inputs.
  package let columns: Int
  /// How a row is cut into blocks, and how many codes there are.
  package let format: BlockFormat
  /// One byte a code, row by row.
  package var codes: [UInt8]
  /// One for each block, row by row.
  package var scales: [Float]
  /// One for each block, row by row.
  package var zeroPoints: [UInt8]

  /// Zeros.
  package init(rows: Int, columns: Int, format: BlockFormat) {
    self.rows = rows
    self.columns = columns
    self.format = format
    let blocks = rows * format.blocks(columns)
    codes = [UInt8](repeating: 0, count: rows * columns)
    scales = [Float](repeating: 0, count: blocks)
    zeroPoints = [UInt8](repeating: UInt8(format.levels / 2), count: blocks)
  }

  /// How many blocks a row has.
  package var blocks: Int { format.blocks(columns) }

  /// The values that the codes stand for, row by row.
  package var values: [Float] {
    var result = [Float](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let block = row * blocks + column / format.blockSize
        result[row * columns + column] =
          Float(Int(codes[row * columns + column]) - Int(zeroPoints[block])) * scales[block]
      }
    }
    return result
  }
}
