internal import DecantBytes

/// Restores the plain bytes of chunks.
final class ChunkDecoder {
  private let zstd: ZstdDecompressor
  private let scratch = ScratchBuffer(count: 4 * BytePlanes.blockCount)

  init() throws(DecantError) { zstd = try ZstdDecompressor() }

  /// Fills `range` of `target` with the plain bytes of a chunk.
  ///
  /// `stored` are its stored bytes, which begin at `offset` of the bundle; `frames` are their sizes, checked by the manifest:
  /// as many as the codec asks for, none larger than what it holds, and together the size of `stored`.
  func decode(
    _ stored: RawSpan, codec: ChunkCodec, frames: [Int], at offset: Int, into target: inout MutableRawSpan,
    _ range: Range<Int>
  ) throws(WireError) {
    switch codec {
    case .stored:
      unsafe target.withUnsafeMutableBytes { target in
        unsafe stored.withUnsafeBytes { stored in
          unsafe UnsafeMutableRawBufferPointer(rebasing: target[range]).copyMemory(from: stored)
        }
      }
    case .zstd: try zstd.decompress(stored, into: &target, range, at: offset)
    case .planes(let width): try merge(stored, width: width, frames: frames, at: offset, into: &target, range)
    }
  }

  private func merge(
    _ stored: RawSpan, width: Int, frames: [Int], at offset: Int, into target: inout MutableRawSpan, _ range: Range<Int>
  ) throws(WireError) {
    let sizes = ChunkCodec.planes(width: width).frameSizes(ofChunk: range.count)
    var (from, to) = (0, range.lowerBound)
    let scratch = scratch
    for first in stride(from: 0, to: sizes.count, by: width) {
      let size = sizes[first]
      var planes: [BytePlanes.Plane] = []
      for plane in 0..<width {
        let frame = from..<from + frames[first + plane]
        from = frame.upperBound
        guard frame.count < size else {
          planes.append(BytePlanes.Plane(isRaw: true, range: frame))
          continue
        }
        let place = plane * size..<(plane + 1) * size
        var buffer = scratch.mutableBytes
        try zstd.decompress(stored.extracting(frame), into: &buffer, place, at: offset + frame.lowerBound)
        planes.append(BytePlanes.Plane(isRaw: false, range: place))
      }
      let end = to + size * width
      BytePlanes.merge(planes, stored: stored, scratch: scratch.bytes, into: &target, to..<end)
      to = end
    }
  }
}
