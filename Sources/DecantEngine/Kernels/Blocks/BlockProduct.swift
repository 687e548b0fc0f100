internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// `MatMulNBits` of f32 rows and 4- or 8-bit weights.
///
/// With `accuracy_level` 4 the rows become codes of 8 bits, block by block, and sums over a block are exact; at other levels all
/// is computed in f32, from weights that are unpacked a panel at a time.
struct BlockProduct: Kernel {
  let absorbed: Set<Int> = [1, 2, 3, 5]
  private let matrix: PackedBlocks
  private let shape: [Int]
  private let codesRows: Bool
  private let threads: Int

  static let make: NativeBackend.Maker = { request throws(OpError) in
    let matrix = try request.forms.form { () throws(OpError) in try PackedBlocks(request) }
    guard let matrix, let a = request.operand(0), a.dataType == .float32, a.shape.allSatisfy({ $0 > 0 }),
      a.shape.last == matrix.depth
    else { return nil }
    return BlockProduct(
      matrix: matrix, shape: a.shape.dropLast() + [matrix.columns],
      codesRows: request.attributes.int("accuracy_level", default: 0) == 4, threads: max(1, min(request.threads, 256)))
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let a = try call.operand(0).plain().aligned
    let rows = a.elementCount / matrix.depth
    let result = try unsafe CodeLoops.map(a, as: .float32, shape, call.byteLimit) { a, result in
      let (values, result) = unsafe (CodeLoops.floats(a), CodeLoops.floats(result))
      if codesRows { unsafe multiplyCodes(values, rows, result) } else { unsafe multiplyFloats(values, rows, result) }
    }
    return [.plain(result)]
  }

  private func multiplyCodes(
    _ values: UnsafePointer<Float>, _ rows: Int, _ result: UnsafeMutablePointer<Float>
  ) {
    let blocks = rows * matrix.blocks
    unsafe withUnsafeTemporaryAllocation(of: Int8.self, capacity: blocks * matrix.block) { codes in
      unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * blocks) { parameters in
        guard let codes = codes.baseAddress, let scales = parameters.baseAddress else { return }
        let sums = unsafe scales + blocks
        unsafe decant_code_rows_i8(values, rows, matrix.depth, matrix.block, codes, scales, sums)
        unsafe matrix.withMatrix { matrix in
          unsafe decant_multiply_blocks_i8(matrix, rows, codes, scales, sums, result, Int32(threads))
        }
      }
    }
  }

  private func multiplyFloats(
    _ values: UnsafePointer<Float>, _ rows: Int, _ result: UnsafeMutablePointer<Float>
  ) {
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: threads * matrix.blocks * matrix.block * 64, alignment: 64)
    defer { unsafe scratch.deallocate() }
    unsafe matrix.withMatrix { matrix in
      unsafe decant_multiply_blocks_f32(
        matrix, rows, values, result, Int32(threads), scratch.assumingMemoryBound(to: Float.self))
    }
  }
}
