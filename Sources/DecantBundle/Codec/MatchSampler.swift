/// Guesses from a small sample whether numbers repeat: equal rows, zeros, padding.
enum MatchSampler {
  private static let windowSize = 8 << 10
  private static let windowDistance = 256 << 10
  private static let tableSize = 4096

  /// Whether at least 1 in 16 of the sampled 8-byte words was seen before in the sample.
  ///
  /// The sample is 8 KiB of every 256 KiB, at fixed places. Independent floats have next to no equal words.
  static func findsMatches(in chunk: RawSpan) -> Bool {
    var table = [UInt64](repeating: 0, count: tableSize)
    var (words, hits) = (0, 0)
    unsafe chunk.withUnsafeBytes { all in
      for start in stride(from: 0, to: all.count, by: windowDistance) {
        var position = start
        let end = min(start + windowSize, all.count) - 8
        while position <= end {
          let word = unsafe all.loadUnaligned(fromByteOffset: position, as: UInt64.self)
          let slot = Int(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> 52)
          if table[slot] == word { hits += 1 }
          table[slot] = word
          words += 1
          position += 8
        }
      }
    }
    return words > 0 && hits * 16 >= words
  }
}
