/// Tells from a small sample whether bytes are so evenly spread that a Huffman code cannot shorten them.
enum EntropySampler {
  private static let runCount = 16
  private static let runLength = 256

  /// Whether the sample leaves no hope for a gain of 0.5 %: its collision entropy, which is never above Shannon's, is at
  /// least 7.96 bits a byte.
  ///
  /// The sample is 16 runs of 256 bytes at fixed places. All arithmetic is in integers.
  static func isIncompressible(_ bytes: RawSpan) -> Bool {
    let count = runCount * runLength
    guard bytes.byteCount >= count else { return false }
    let pairs = unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 256) { counters in
      unsafe counters.initialize(repeating: 0)
      unsafe bytes.withUnsafeBytes { all in
        for run in 0..<runCount {
          let start = run * (all.count - runLength) / (runCount - 1)
          for index in start..<start + runLength { unsafe counters[Int(all[index])] += 1 }
        }
      }
      return unsafe counters.reduce(0) { $0 + Int($1) * (Int($1) - 1) }
    }
    // The chance that two bytes are equal is 1/256 for even bytes; 2^-7.96 is 2.8 % more.
    return pairs * 256 * 1000 < count * (count - 1) * 1028
  }
}
