internal import CKernels
internal import DecantBytes
internal import DecantIR
internal import DecantRuntime

/// Constant float32 weights as the products read them: blocks of columns, each of which makes one result of a row or a window.
@safe final class PackedWeights: Sendable {
  let depth: Int
  let columns: Int
  private let packed: ByteSlice

  /// How many elements a thread packs at a time.
  private static let grain = 1 << 17

  /// Columns cut into parts of about `size`, each of which can be packed and used by itself.
  static func parts(_ columns: Int, _ size: Int) -> [Range<Int>] {
    let (block, step) = (Int(DECANT_BLOCK), Int(DECANT_BLOCK) * Int(DECANT_BLOCKS))
    let size = (max(1, size) + step - 1) / step * step
    var starts = Array(stride(from: 0, to: columns, by: size))
    if starts.count > 1, let last = starts.last, columns - last <= block { starts.removeLast() }
    return zip(starts, starts.dropFirst() + [columns]).map { $0..<$1 }
  }

  private init(
    depth: Int, columns: Int, threads: Int, _ pack: @Sendable (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) {
    self.depth = depth
    self.columns = columns
    let block = Int(DECANT_BLOCK)
    let parts = PackedWeights.parts(columns, PackedWeights.grain / depth)
    let count = decant_packed_weights_size(depth, columns) * MemoryLayout<Float>.size
    packed = ByteSlice(count: count, zeroed: false) { (raw: inout MutableRawSpan) in
      unsafe raw.withUnsafeMutableBytes { target in
        guard let target = target.baseAddress else { return }
        let address = unsafe PackedAddress(target.assumingMemoryBound(to: Float.self))
        Parallel.forEach(count: parts.count, threads: threads) { range in
          for columns in parts[range] {
            unsafe pack(columns.lowerBound / block..<(columns.upperBound + block - 1) / block, address.start)
          }
        }
      }
    }
  }

  /// From filters `[columns, depth, …places…]`, of which those from column `first` on are taken; a column has the places one after
  /// another, each with its depth.
  convenience init(filters: Source, first: Int, places: Int, depth: Int, columns: Int, threads: Int) {
    let stride = depth * places
    unsafe self.init(depth: stride, columns: columns, threads: threads) { blocks, packed in
      unsafe decant_pack_filters(
        filters.floats(at: first * stride), places, depth, columns, stride, blocks.lowerBound, blocks.upperBound, packed
      )
    }
  }

  /// From a matrix `[depth, columns]`.
  convenience init(matrix: Source, depth: Int, columns: Int, threads: Int) {
    unsafe self.init(depth: depth, columns: columns, threads: threads) { blocks, packed in
      unsafe decant_pack_matrix(
        matrix.floats(), depth, columns, columns, blocks.lowerBound, blocks.upperBound, packed)
    }
  }

  /// Calls `body` with the address of the column at `first`, which begins a block.
  func withColumns(from first: Int, _ body: (UnsafePointer<Float>) -> Void) {
    let packed = packed
    unsafe packed.bytes.withUnsafeBytes { raw in
      guard let start = raw.baseAddress else { return }
      unsafe body(start.assumingMemoryBound(to: Float.self) + first * depth)
    }
  }
}

/// Where several threads write, each its own blocks.
@safe private struct PackedAddress: @unchecked Sendable {
  let start: UnsafeMutablePointer<Float>

  init(_ start: UnsafeMutablePointer<Float>) { unsafe self.start = start }
}
