internal import CKernels
internal import DecantBytes
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// A constant matrix of 4- or 8-bit codes with a scale for each block, as products with it read it.
final class PackedBlocks: Sendable {
  let depth: Int
  let columns: Int
  let block: Int
  /// Blocks to a column.
  let blocks: Int
  private let bits: Int
  private let packed: ByteSlice
  private let scales: [Float]
  private let offsets: [Float]
  private let addends: [Float]?

  private static let panel = 16

  /// From the operands of a `MatMulNBits`; nil where one is computed, and for forms that the definition alone computes.
  init?(_ request: KernelRequest) throws(OpError) {
    let attributes = request.attributes
    let (depth, columns) = (attributes.int("K", default: 0), attributes.int("N", default: 0))
    let (block, bits) = (attributes.int("block_size", default: 0), attributes.int("bits", default: 4))
    guard bits == 4 || bits == 8, (8...1 << 12).contains(block), block % 8 == 0, (1...1 << 24).contains(depth),
      (1...1 << 24).contains(columns), attributes.int("weight_prepacked", default: 0) == 0,
      request.operand(4) == nil, let codes = request.constant(1), let scale = request.constant(2)?.floats,
      request.operand(3) == nil || request.constant(3) != nil, request.operand(5) == nil || request.constant(5) != nil
    else { return nil }
    let blocks = (depth - 1) / block + 1
    guard codes.dataType == .uint8, codes.elementCount == columns * blocks * block * bits / 8,
      scale.count == columns * blocks,
      let zeros = PackedBlocks.zeros(request.constant(3), columns: columns, blocks: blocks, bits: bits)
    else { return nil }
    if let bias = request.constant(5) {
      guard bias.shape == [columns], let values = bias.floats else { return nil }
      addends = values
    } else {
      addends = nil
    }
    (self.depth, self.columns, self.block, self.blocks, self.bits) = (depth, columns, block, blocks, bits)
    let panels = (columns - 1) / PackedBlocks.panel + 1
    var scales = [Float](repeating: 0, count: panels * blocks * PackedBlocks.panel)
    var offsets = scales
    for column in 0..<columns {
      for index in 0..<blocks {
        let place = (column / PackedBlocks.panel * blocks + index) * PackedBlocks.panel + column % PackedBlocks.panel
        scales[place] = scale[column * blocks + index]
        offsets[place] = scale[column * blocks + index] * zeros[column * blocks + index]
      }
    }
    (self.scales, self.offsets) = (scales, offsets)
    packed =
      try unsafe CodeLoops.map(
        codes, as: .uint8, [decant_packed_blocks_size(depth, columns, block, Int32(bits))], .max
      ) { codes, packed in
        unsafe decant_pack_blocks(
          CodeLoops.unsigned(codes), depth, columns, block, Int32(bits), CodeLoops.unsigned(packed))
      }.bytes ?? ByteSlice()
  }

  /// The zero point of every block of every column.
  private static func zeros(_ points: Tensor?, columns: Int, blocks: Int, bits: Int) -> [Float]? {
    guard let points else { return Array(repeating: Float(1 << (bits - 1)), count: columns * blocks) }
    if points.dataType.isFloat { return points.elementCount == columns * blocks ? points.floats : nil }
    let width = (blocks * bits - 1) / 8 + 1
    guard let bytes = points.array(of: UInt8.self), bytes.count == columns * width else { return nil }
    var zeros: [Float] = []
    zeros.reserveCapacity(columns * blocks)
    for column in 0..<columns {
      for index in 0..<blocks {
        let byte = bytes[column * width + index * bits / 8]
        zeros.append(Float(bits == 8 ? byte : byte >> UInt8(index % 2 * 4) & 15))
      }
    }
    return zeros
  }

  /// Calls `body` with the matrix as the loops in C take it.
  func withMatrix(_ body: (UnsafePointer<decant_blocks>) -> Void) {
    let packed = packed
    unsafe packed.bytes.withUnsafeBytes { packed in
      unsafe scales.withUnsafeBufferPointer { scales in
        unsafe offsets.withUnsafeBufferPointer { offsets in
          unsafe (addends ?? []).withUnsafeBufferPointer { added in
            let matrix = unsafe decant_blocks(
              depth: depth, columns: columns, block: block, bits: Int32(bits),
              packed: packed.baseAddress?.assumingMemoryBound(to: UInt8.self), scales: scales.baseAddress,
              offsets: offsets.baseAddress, addends: addends == nil ? nil : added.baseAddress)
            unsafe withUnsafePointer(to: matrix) { unsafe body($0) }
          }
        }
      }
    }
  }
}
