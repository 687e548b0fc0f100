import ArgumentParser
import DecantBundle
import DecantBytes

/// What compressing, hashing and restoring the tensors of a bundle costs on one core, in memory, without the disk.
struct CodecCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "codec", abstract: "Compress, hash and restore the tensors of a bundle in memory")

  @Argument(help: "A bundle.") var bundle: String
  @Option(help: "How often; the fastest counts.") var repeats = 9

  func run() throws {
    let reader = try BundleReader(bundle)
    let tensors = reader.manifest.entries.compactMap { entry -> (BundleEntry, ChunkContent)? in
      guard case .tensor(let type, _) = entry.kind else { return nil }
      return (entry, type.chunkContent)
    }
    let plain = try reader.read(tensors.map(\.0))
    let bytes = plain.reduce(0) { $0 + $1.count }
    let encoder = try ChunkEncoder()
    let output = encoder.output
    var (stored, hashing) = (0, Duration.zero)
    let clock = ContinuousClock()
    func rate(_ what: String, _ work: () throws -> Void) rethrows {
      let best = try (0..<repeats).map { _ in try clock.measure(work) }.min() ?? .zero
      let seconds = best / .seconds(1)
      print("\(what): \((Double(bytes) / seconds / 1e7).rounded() / 100) GB/s of \(bytes) bytes")
    }
    rate("compress and hash") {
      stored = 0
      hashing = .zero
      var ranges: [Range<Int>] = []
      func finish() {
        hashing += clock.measure { _ = SHA256.digests(of: ranges, in: output.bytes) }
        stored += encoder.count
        encoder.reset()
        ranges.removeAll(keepingCapacity: true)
      }
      for (slice, (_, content)) in zip(plain, tensors) {
        for start in stride(from: 0, to: slice.count, by: content.chunkLimit) {
          let chunk = slice[start..<min(start + content.chunkLimit, slice.count)]
          if encoder.count + chunk.count > BundleWriter.batchSize || ranges.count == BundleWriter.batchCount {
            finish()
          }
          ranges.append(encoder.encode(chunk.bytes, as: content).range)
        }
      }
      finish()
    }
    print("  of which hashing: \(hashing), \(stored) bytes stored")
    try rate("check and restore") { try reader.verify() }
  }
}
