internal import CKernels
internal import DecantBytes
internal import DecantIR

/// A constant matrix of signed codes as the products of codes read it.
final class PackedColumns: Sendable {
  let depth: Int
  let columns: Int
  private let packed: ByteSlice
  private let sums: [Int32]

  /// Deeper sums might not fit in 32 bits.
  private static let deepest = 1 << 16

  /// From a matrix whose element (p, j) is `codes[p * step + j * stride]`; nil when there are no elements, or too many to a
  /// column. Precondition: all of them are there.
  init?(_ codes: ByteSlice, depth: Int, columns: Int, step: Int, stride: Int) {
    guard depth > 0, columns > 0, depth < PackedColumns.deepest, columns < 1 << 24 else { return nil }
    precondition((depth - 1) * step + (columns - 1) * stride < codes.count, "elements are missing")
    self.depth = depth
    self.columns = columns
    var sums = [Int32](repeating: 0, count: columns)
    let size = decant_packed_columns_size(depth, columns)
    packed = ByteSlice(count: size, zeroed: false) { (raw: inout MutableRawSpan) in
      unsafe raw.withUnsafeMutableBytes { target in
        unsafe codes.bytes.withUnsafeBytes { codes in
          guard let from = unsafe codes.baseAddress?.assumingMemoryBound(to: Int8.self),
            let to = unsafe target.baseAddress?.assumingMemoryBound(to: Int8.self)
          else { return }
          unsafe decant_pack_columns(from, depth, columns, step, stride, to, &sums)
        }
      }
    }
    self.sums = sums
  }

  /// Multiplies `rows`, and writes sums (i32), floats or codes, as `type` says, to `result`.
  func multiply(
    _ rows: decant_rows, _ outcome: CodeOutcome, as type: DataType, threads: Int, into result: UnsafeMutableRawPointer
  ) {
    var rows = unsafe rows
    let threads = max(1, min(threads, 256))
    let scratch = unsafe UnsafeMutableRawPointer.allocate(
      byteCount: decant_product_scratch(&rows) * threads, alignment: 64)
    defer { unsafe scratch.deallocate() }
    let packed = packed
    unsafe packed.bytes.withUnsafeBytes { packed in
      unsafe outcome.withC(sums: sums) { outcome in
        unsafe decant_multiply_codes(
          &rows, columns, packed.baseAddress?.assumingMemoryBound(to: Int8.self), outcome,
          CodeOutcome.kind(of: type), result, Int32(threads), scratch)
      }
    }
  }

  /// How many sums of two neighbouring products of `rows` do not fit in 16 bits.
  func saturated(_ rows: decant_rows) -> Int {
    var rows = unsafe rows
    let scratch = unsafe UnsafeMutableRawPointer.allocate(byteCount: decant_product_scratch(&rows), alignment: 64)
    defer { unsafe scratch.deallocate() }
    let packed = packed
    return unsafe packed.bytes.withUnsafeBytes { packed in
      Int(
        clamping: unsafe decant_count_saturated(
          &rows, columns, packed.baseAddress?.assumingMemoryBound(to: Int8.self), scratch))
    }
  }
}
