package import DecantBytes

/// Compresses chunks one after the other into one buffer.
///
/// The choice of the codec and every byte depend on the chunk alone.
package final class ChunkEncoder {
  /// What became of a chunk: its bytes are `range` of ``bytes``.
  package struct Result {
    var codec: ChunkCodec
    var frames: [Int]
    package var range: Range<Int>
  }

  /// The stored bytes of the chunks since the last ``reset()``; only the first ``count`` are used.
  package let output = ScratchBuffer()
  package private(set) var count = 0
  private let entropy: ZstdCompressor
  private let matches: ZstdCompressor
  private let planes = ScratchBuffer(count: 4 * BytePlanes.blockCount)

  /// An encoder without chunks.
  package init() throws(DecantError) {
    entropy = try ZstdCompressor(level: -1000, entropyOnly: true)
    matches = try ZstdCompressor(level: 6)
  }

  /// Forgets all chunks.
  package func reset() { count = 0 }

  /// Compresses `chunk`, choosing the codec.
  package func encode(_ chunk: RawSpan, as content: ChunkContent) -> Result {
    reserve(chunk.byteCount)
    if case .numbers(let width) = content, chunk.byteCount % width == 0, !MatchSampler.findsMatches(in: chunk) {
      return encodePlanes(chunk, width: width)
    }
    let general = encodeWhole(chunk)
    guard case .numbers(let width) = content, chunk.byteCount % width == 0 else { return general }
    // The sample promised matches: keep what is smaller.
    let planar = encodePlanes(chunk, width: width)
    if planar.range.count < general.range.count {
      move(planar.range, to: general.range.lowerBound)
      count = general.range.lowerBound + planar.range.count
      return Result(codec: planar.codec, frames: planar.frames, range: general.range.lowerBound..<count)
    }
    count = general.range.upperBound
    return general
  }

  private func encodePlanes(_ chunk: RawSpan, width: Int) -> Result {
    reserve(chunk.byteCount)
    let start = count
    var frames: [Int] = []
    var isSmaller = false
    let planes = planes
    for first in stride(from: 0, to: chunk.byteCount, by: BytePlanes.blockCount * width) {
      let block = chunk.extracting(first..<min(first + BytePlanes.blockCount * width, chunk.byteCount))
      let size = block.byteCount / width
      var scratch = planes.mutableBytes
      BytePlanes.split(block, width: width, into: &scratch)
      for plane in 0..<width {
        let written = append(planes.bytes.extracting(plane * size..<(plane + 1) * size))
        isSmaller = isSmaller || written < size
        frames.append(written)
      }
    }
    guard isSmaller else {
      count = start
      return store(chunk)
    }
    return Result(codec: .planes(width: width), frames: frames, range: start..<count)
  }

  /// Appends one plane, compressed where that gains at least 0.5 %, and returns how many bytes it takes.
  private func append(_ plane: RawSpan) -> Int {
    let output = output
    var target = output.mutableBytes
    if !EntropySampler.isIncompressible(plane),
      let size = entropy.compress(plane, into: &target, at: count), size + plane.byteCount / 200 < plane.byteCount
    {
      count += size
      return size
    }
    copy(plane)
    return plane.byteCount
  }

  private func encodeWhole(_ chunk: RawSpan) -> Result {
    let start = count
    let output = output
    var target = output.mutableBytes
    guard let size = matches.compress(chunk, into: &target, at: start), size < chunk.byteCount else {
      return store(chunk)
    }
    count += size
    return Result(codec: .zstd, frames: [size], range: start..<count)
  }

  private func store(_ chunk: RawSpan) -> Result {
    let start = count
    copy(chunk)
    return Result(codec: .stored, frames: [], range: start..<count)
  }

  private func copy(_ source: RawSpan) {
    let output = output
    var target = output.mutableBytes
    unsafe target.withUnsafeMutableBytes { target in
      unsafe source.withUnsafeBytes { source in
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[count...]).copyMemory(from: source)
      }
    }
    count += source.byteCount
  }

  private func move(_ range: Range<Int>, to start: Int) {
    let output = output
    var target = output.mutableBytes
    unsafe target.withUnsafeMutableBytes { all in
      let source = unsafe UnsafeRawBufferPointer(rebasing: all[range])
      unsafe UnsafeMutableRawBufferPointer(rebasing: all[start...]).copyMemory(from: source)
    }
  }

  /// Makes room for a chunk of `size` bytes, and for a frame that turns out larger than what it holds.
  private func reserve(_ size: Int) {
    output.reserve(count + ZstdCompressor.bound(size) + ZstdCompressor.bound(BytePlanes.blockCount))
  }
}
