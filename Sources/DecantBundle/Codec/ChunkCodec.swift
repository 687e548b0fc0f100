/// How the bytes of a chunk are stored.
package enum ChunkCodec: Hashable, Sendable {
  /// As they are.
  case stored
  /// As one zstd frame.
  case zstd
  /// As frames of up to 64 KiB of one byte plane each, of elements of 1, 2 or 4 bytes; where zstd gains less than 0.5 %, the
  /// bytes of the plane themselves.
  case planes(width: Int)

  /// The number in the manifest: 0 stored, 1 zstd, 2, 3 and 4 planes of elements of 1, 2 and 4 bytes.
  var number: Int32 {
    switch self {
    case .stored: 0
    case .zstd: 1
    case .planes(let width): width == 1 ? 2 : width == 2 ? 3 : 4
    }
  }

  /// The codec of that number in the manifest.
  init?(number: Int32) {
    switch number {
    case 0: self = .stored
    case 1: self = .zstd
    case 2: self = .planes(width: 1)
    case 3: self = .planes(width: 2)
    case 4: self = .planes(width: 4)
    default: return nil
    }
  }

  /// The plain sizes of the frames of a chunk of `size` bytes, in the order in which they are stored.
  ///
  /// Block after block of 65,536 elements, and in each block plane after plane, the lowest bytes first.
  func frameSizes(ofChunk size: Int) -> [Int] {
    switch self {
    case .stored: return []
    case .zstd: return [size]
    case .planes(let width):
      let count = size / width
      return stride(from: 0, to: count, by: BytePlanes.blockCount).flatMap { first in
        [Int](repeating: min(BytePlanes.blockCount, count - first), count: width)
      }
    }
  }
}

/// How the bytes of an entry are best compressed.
package enum ChunkContent: Hashable, Sendable {
  /// Numbers of 1, 2 or 4 bytes each, whose bytes have skewed frequencies and which rarely repeat.
  case numbers(width: Int)
  /// Text, tables and whatever repeats.
  case general

  /// The largest chunk that is made of such content.
  package var chunkLimit: Int {
    switch self {
    case .numbers: 256 << 10
    case .general: 8 << 20
    }
  }
}
