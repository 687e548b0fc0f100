internal import CKernels
internal import DecantBytes

/// The bytes of equal weight of many elements, side by side: signs and exponents compress, low mantissa bytes do not.
enum BytePlanes {
  /// Elements in a block, and so bytes in each plane of it; the last block of a chunk may be shorter.
  static let blockCount = 64 << 10

  /// Writes the planes of the elements in `source` to the start of `planes`.
  ///
  /// Elements of 2 and 4 bytes are rotated left by one bit first. Precondition: `source` holds whole elements.
  static func split(_ source: RawSpan, width: Int, into planes: inout MutableRawSpan) {
    unsafe source.withUnsafeBytes { source in
      unsafe planes.withUnsafeMutableBytes { planes in
        guard let from = source.baseAddress, let to = planes.baseAddress else { return }
        precondition(source.count % width == 0 && source.count <= planes.count, "planes do not fit")
        let target = unsafe to.assumingMemoryBound(to: UInt8.self)
        switch width {
        case 2: unsafe decant_split_planes_2(from, source.count / 2, target)
        case 4: unsafe decant_split_planes_4(from, source.count / 4, target)
        default: unsafe to.copyMemory(from: from, byteCount: source.count)
        }
      }
    }
  }

  /// Writes the elements whose `planes` these are to `range` of `target`.
  ///
  /// Precondition: `planes` has 1, 2 or 4 planes of equal size, which together have the size of `range`.
  static func merge(
    _ planes: [Plane], stored: RawSpan, scratch: RawSpan, into target: inout MutableRawSpan, _ range: Range<Int>
  ) {
    unsafe stored.withUnsafeBytes { stored in
      unsafe scratch.withUnsafeBytes { scratch in
        unsafe target.withUnsafeMutableBytes { target in
          let part = unsafe UnsafeMutableRawBufferPointer(rebasing: target[range])
          let sources = unsafe planes.map { plane in
            unsafe UnsafeRawBufferPointer(rebasing: plane.isRaw ? stored[plane.range] : scratch[plane.range])
          }
          unsafe merge(sources, into: part)
        }
      }
    }
  }

  private static func merge(_ sources: [UnsafeRawBufferPointer], into target: UnsafeMutableRawBufferPointer) {
    let count = unsafe sources.first?.count ?? 0
    precondition(
      unsafe target.count == count * sources.count && sources.allSatisfy { $0.count == count },
      "planes do not fit")
    let bytes = unsafe sources.compactMap { unsafe $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
    guard let to = target.baseAddress, unsafe bytes.count == sources.count else { return }
    switch unsafe bytes.count {
    case 1: unsafe to.copyMemory(from: bytes[0], byteCount: count)
    case 2: unsafe decant_merge_planes_2(bytes[0], bytes[1], count, to)
    case 4: unsafe decant_merge_planes_4(bytes[0], bytes[1], bytes[2], bytes[3], count, to)
    default: preconditionFailure("elements have 1, 2 or 4 planes")
    }
  }

  /// Where one plane of a block is: as it is in the stored bytes, or decompressed in the scratch.
  struct Plane {
    var isRaw: Bool
    var range: Range<Int>
  }
}
