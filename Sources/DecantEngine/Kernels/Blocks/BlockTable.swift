internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// `GatherBlockQuantized` of the rows of a constant matrix: only those that are asked for become floats.
struct BlockTable: Kernel {
  let absorbed: Set<Int> = [3]
  private let type: ConcreteType
  private let indices: ConcreteType
  private let rows: Int
  private let columns: Int
  private let block: Int
  private let bits: Int
  /// Makes codes with a sign codes from zero on.
  private let flip: UInt8
  /// From zero on, for each block of each row; empty where ``middle`` is that of all.
  private let zeros: [UInt8]
  private let middle: UInt8
  private let threads: Int

  static let make: NativeBackend.Maker = { (request) throws(OpError) in BlockTable(request) }

  /// From a node's operands; nil for other axes and types than those of tables of embeddings.
  private init?(_ request: KernelRequest) {
    guard let codes = request.constant(0), codes.rank == 2, let scales = request.operand(2, of: .float32),
      request.constant(2) != nil, request.operand(3) == nil || request.constant(3) != nil,
      let indices = request.operand(1), indices.dataType == .int64 || indices.dataType == .int32,
      !indices.shape.contains(0), [0, -2].contains(request.attributes.int("gather_axis", default: 0)),
      [1, -1].contains(request.attributes.int("quantize_axis", default: 1))
    else { return nil }
    let isPacked = codes.dataType == .uint8
    let bits = isPacked ? request.attributes.int("bits", default: 4) : codes.dataType.bitWidth
    guard bits == 4 || bits == 8, isPacked || codes.dataType.isInteger, codes.elementCount > 0 else { return nil }
    let columns = isPacked ? codes.shape[1] * (8 / bits) : codes.shape[1]
    let given = request.attributes.int("block_size", default: 128)
    let block = given == 0 ? columns : given
    guard block > 0, bits == 8 || block % 2 == 0 && columns % 2 == 0,
      scales.shape == [codes.shape[0], (columns - 1) / block + 1]
    else { return nil }
    let isSigned = codes.dataType.isSignedInteger
    flip = isSigned ? bits == 8 ? 0x80 : 0x88 : 0
    middle = isPacked || isSigned ? 1 << UInt8(bits - 1) : 0
    if let points = request.constant(3) {
      guard points.dataType == codes.dataType,
        let zeros = BlockTable.zeros(points, scales.shape, bits: bits, isPacked: isPacked)
      else { return nil }
      self.zeros = zeros
    } else {
      zeros = []
    }
    (rows, self.columns, self.block, self.bits, self.indices) = (codes.shape[0], columns, block, bits, indices)
    type = ConcreteType(.float32, indices.shape + [columns])
    threads = request.threads
  }

  /// The zero point of every block, from zero on; nil for other extents than there are blocks.
  private static func zeros(_ points: Tensor, _ shape: [Int], bits: Int, isPacked: Bool) -> [UInt8]? {
    guard isPacked else {
      guard points.shape == shape, let values = points.integers else { return nil }
      let lowest = points.dataType.isSignedInteger ? 1 << (bits - 1) : 0
      return values.map { UInt8(truncatingIfNeeded: $0 + lowest) }
    }
    guard points.rank == 2, points.shape[0] == shape[0], points.shape[1] == (shape[1] * bits - 1) / 8 + 1,
      let bytes = points.array(of: UInt8.self)
    else { return nil }
    if bits == 8 { return bytes }
    let width = points.shape[1]
    return (0..<shape[0]).flatMap { row in
      (0..<shape[1]).map { bytes[row * width + $0 / 2] >> UInt8($0 % 2 * 4) & 15 }
    }
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let (codes, places, scales) = (try call.source(0), try call.source(1), try call.source(2))
    let isWide = indices.dataType == .int64
    return try call.make([type], from: [codes, places, scales]) { (targets) throws(OpError) in
      guard let target = targets[0] else { return }
      try Shares.forEach(indices.shape.reduce(1, *), cost: 2 * columns, threads: threads) { (range) throws(OpError) in
        let done = unsafe zeros.withUnsafeBufferPointer { zeros in
          let table = unsafe decant_table(
            rows: rows, columns: columns, block: block, bits: Int32(bits), flip: flip,
            codes: CodeLoops.unsigned(codes.bytes()), scales: scales.floats(),
            zeros: zeros.isEmpty ? nil : zeros.baseAddress, middle: middle)
          return unsafe withUnsafePointer(to: table) { table in
            unsafe decant_look_up_rows(
              table, places.bytes(at: range.lowerBound * (isWide ? 8 : 4)), isWide ? 1 : 0, range.count,
              target.floats(at: range.lowerBound * columns))
          }
        }
        guard done == range.count else {
          let wrong = places.tensor.integers?[range.lowerBound + done] ?? 0
          throw OpError("operand 1: expected indices in \(-rows)..<\(rows) along axis 0, got \(wrong)")
        }
      }
    }
  }
}
