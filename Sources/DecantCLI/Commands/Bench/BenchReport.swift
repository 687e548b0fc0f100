internal import Decant

/// What `bench` found, as text and as JSON.
struct BenchReport {
  let latency: Benchmark
  let peakBytes: Int
  /// How many samples one run took.
  let batch: Int
  /// Nil where runs went one after the other.
  let throughput: Throughput?
  let profile: ModelProfile?
  let listsNodes: Bool

  private var samplesPerSecond: Double {
    throughput?.samplesPerSecond ?? Double(batch) * 1e3 / max(latency.medianMilliseconds, 1e-6)
  }

  var text: String {
    let rate = samplesPerSecond
    let median = Format.decimals(latency.medianMilliseconds, 3)
    var text = "median \(median) ms, p90 \(Format.decimals(latency.p90Milliseconds, 3)) ms, \(latency.runs) runs\n"
    text += "throughput \(Format.decimals(rate, rate < 100 ? 1 : 0)) samples/s, \(throughput?.threads ?? 1) at once\n"
    text += "peak memory \(Format.bytes(peakBytes)), of which activations \(Format.bytes(latency.peakBytes))\n"
    guard let profile else { return text }
    text += "\n" + BenchReport.describe(profile.ceilings) + "\n" + table(profile, profile.operators, "operators")
    if listsNodes { text += "\n" + table(profile, profile.nodes, "nodes") }
    return text
  }

  private static func describe(_ ceilings: MachineCeilings) -> String {
    let bytes = ceilings.byteOperations > 0 ? ", \(giga(ceilings.byteOperations)) GOP/s on bytes" : ""
    return "ceilings: \(giga(ceilings.floatOperations)) GFLOP/s\(bytes), \(giga(ceilings.bytes)) GB/s of memory\n"
  }

  private static func giga(_ rate: Double) -> String { rate > 0 ? Format.decimals(rate / 1e9, 1) : "" }

  private func table(_ profile: ModelProfile, _ entries: [ModelProfile.Entry], _ what: String) -> String {
    let total = max(profile.milliseconds, 1e-9)
    func percent(_ share: Double) -> String { Format.decimals(share * 100, 1) + " %" }
    var table = Table([what, "calls", "ms", "share", "GOP/s", "GB/s", "of ceiling"])
    for entry in entries {
      table.add(
        entry.name.map { "\($0) (\(entry.operators))" } ?? entry.operators, "\(entry.calls)",
        Format.decimals(entry.milliseconds, 3), percent(entry.milliseconds / total),
        BenchReport.giga(entry.operationRate),
        BenchReport.giga(entry.byteRate), percent(entry.shareOfCeiling))
    }
    table.add(
      "outside kernels", "", Format.decimals(profile.otherMilliseconds, 3), percent(profile.otherMilliseconds / total))
    return table.text
  }

  var document: JSON {
    var document: JSONObject = [
      "median_ms": .number(latency.medianMilliseconds), "p90_ms": .number(latency.p90Milliseconds),
      "runs": .integer(latency.runs), "peak_bytes": .integer(peakBytes),
      "activation_bytes": .integer(latency.peakBytes),
      "batch": .integer(batch), "samples_per_s": .number(samplesPerSecond),
      "at_once": .integer(throughput?.threads ?? 1),
    ]
    guard let profile else { return .object(document) }
    document["ceilings"] = [
      "float_operations_per_s": .number(profile.ceilings.floatOperations),
      "byte_operations_per_s": .number(profile.ceilings.byteOperations), "bytes_per_s": .number(profile.ceilings.bytes),
    ]
    document["profiled_ms"] = .number(profile.milliseconds)
    document["operators"] = .array(profile.operators.map(BenchReport.document))
    document["nodes"] = .array(profile.nodes.map(BenchReport.document))
    document["other_ms"] = .number(profile.otherMilliseconds)
    return .object(document)
  }

  private static func document(_ entry: ModelProfile.Entry) -> JSON {
    var document: JSONObject = [:]
    if let name = entry.name { document["name"] = .string(name) }
    document["operators"] = .string(entry.operators)
    document["kernels"] = .array(entry.kernels.map { .string($0) })
    document["calls"] = .integer(entry.calls)
    document["ms"] = .number(entry.milliseconds)
    document["operations"] = .number(entry.operations)
    document["bytes"] = .number(entry.bytes)
    document["share_of_ceiling"] = .number(entry.shareOfCeiling)
    return .object(document)
  }
}
