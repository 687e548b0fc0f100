import DecantBytes
import DecantCompression
import DecantForms
import DecantIR
#if canImport(Glibc)
  import Glibc
#endif
import Testing

@Suite struct CalibrationTests {
  /// Unit Gaussian numbers from a fixed seed (Box-Muller).
  private static func gaussian(_ count: Int) -> [Float] {
    var state: UInt64 = 42
    func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (Double(state >> 11) + 0.5) / Double(1 << 53)
    }
    return (0..<count).map { _ in Float((-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform())) }
  }

  private func statistics(_ batches: [[Float]]) throws -> TensorStatistics {
    var statistics = TensorStatistics()
    for batch in batches { try statistics.observe(Tensor(batch), withHistogram: true) }
    return statistics
  }

  @Test func anOutlierStretchesMinMaxOnly() throws {
    let statistics = try statistics([Self.gaussian(100_000) + [100]])
    #expect(try CalibrationMethod.minMax.range(of: statistics)?.high == 100)
    for method in [CalibrationMethod.entropy, .percentile(99.99)] {
      let range = try #require(try method.range(of: statistics))
      #expect(range.high > 2 && range.high < 7, "\(method): \(range)")
    }
  }

  /// The optimum for a unit Gaussian and 8 bits lies near four standard deviations (`algorithms.md` section 1.2).
  @Test func leastErrorClipsAGaussian() throws {
    let statistics = try statistics([Self.gaussian(400_000).map { $0 * 10 }])
    let range = try #require(try CalibrationMethod.meanSquaredError.range(of: statistics))
    #expect(range.high > 37 && range.high < 43, "\(range)")
  }

  @Test func batchesDoNotMatter() throws {
    let data = Self.gaussian(10_000)
    let whole = try statistics([data])
    let parts = try statistics([Array(data[5000...]), Array(data[..<100]), Array(data[100..<5000])])
    #expect(whole == parts)
    var merged = try statistics([Array(data[..<3000])])
    merged.merge(try statistics([Array(data[3000...])]))
    #expect(whole == merged)
  }

  @Test func maskSentinelsAreCountedApart() throws {
    let statistics = try statistics([[0, 1, -3.4028235e38, -.infinity]])
    #expect(statistics.sentinels == 2)
    #expect(statistics.range == TensorRange(0, 1))
  }

  @Test func signedHistogramsOfShardsAddUp() throws {
    let data = Self.gaussian(10_000)
    var (whole, first, second) = (SignedHistogram(), SignedHistogram(), SignedHistogram())
    try whole.observe(Tensor(data + [.infinity]))
    try first.observe(Tensor(Array(data[..<100])))
    try second.observe(Tensor(Array(data[100...]) + [.infinity]))
    first.merge(second)
    #expect(first.counts(bins: 16) == whole.counts(bins: 16) && first.range == whole.range)
    #expect(whole.counts(bins: 16).reduce(0, +) == 10_000 && whole.leftOut == 1)
    #expect(whole.counts(bins: 2)[0] > 3000 && whole.counts(bins: 2)[1] > 3000)
  }

  @Test func notANumberIsRefused() {
    #expect(throws: OpError("1 of 2 elements are not a number, the first at 1")) { try statistics([[0, .nan]]) }
  }

  @Test func statisticsSurviveTheFile() throws {
    let statistics = CalibrationStatistics(
      samples: 3, tensors: ["a": try statistics([Self.gaussian(1000)]), "b \"q\"": TensorStatistics()])
    let text = ByteSlice(copying: StatisticsFile.text(statistics).utf8)
    guard case .statistics(let read) = try StatisticsFile.parse(text, path: "a.json") else {
      Issue.record("another kind of file")
      return
    }
    #expect(read == statistics)
  }
}
