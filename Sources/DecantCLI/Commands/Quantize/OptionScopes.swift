internal import ArgumentParser
internal import Decant

/// Which options go with which schemes: one that a scheme would not look at is refused, not ignored.
extension QuantizeCommand {
  func checkScopes() throws {
    for (option, isGiven, schemes) in scopes where isGiven && !schemes.contains(scheme) {
      let names = schemes.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("'\(option)' does not go with '--scheme \(scheme.rawValue)'; it is for \(names)")
    }
  }

  private var scopes: [(option: String, isGiven: Bool, schemes: [QuantizationScheme])] {
    let blocks = QuantizationScheme.allCases.filter { $0.weightBits != nil } + [.mixed]
    let codebooks = QuantizationScheme.allCases.filter { $0.codebook != nil }
    let integers: [QuantizationScheme] = [.int8, .int8Dynamic]
    let halves: [QuantizationScheme] = [.fp16, .bf16]
    let smallFloats: [QuantizationScheme] = [.fp8E4M3, .fp8E5M2]
    let fixed = style.fixed
    return [
      ("--data", !samples.data.isEmpty && !measurement.isGiven, integers + blocks + codebooks + halves + smallFloats),
      ("--target", planning.target != nil, QuantizationScheme.allCases),
      ("--dry-run", planning.dryRun, QuantizationScheme.allCases.filter { $0 != .mixed }),
      ("--stats", stats != nil, [.int8] + halves + smallFloats),
      ("--method", calibration.isExplicit, [.int8] + smallFloats),
      ("--compat", style.compat != nil, integers + [.weights8, .weights4]),
      ("--activation-type", style.activationType != nil, [.int8]),
      ("--weight-type", style.weightType != "int8", integers),
      ("--per-channel", style.perChannel != nil, integers + smallFloats),
      ("--reduce-range", style.reduceRange, integers),
      ("--no-optimize", !style.optimize, integers + halves + smallFloats),
      ("--computed-factors", style.computedFactors, integers),
      ("--smooth", style.smooth != nil, integers),
      ("--outliers", style.outliers != nil, integers),
      ("--no-equalize", !fixed.equalize, [.int8]),
      ("--no-bias-correction", !fixed.biasCorrection, [.int8]),
      ("--symmetric", fixed.symmetric, [.int8]),
      ("--symmetric-weights", fixed.symmetricWeights != nil, [.int8] + blocks),
      ("--keep-activations", fixed.keepActivations, [.int8]),
      ("--keep-float-weights", fixed.keepFloatWeights, [.int8]),
      ("--dedicated-pairs", fixed.dedicatedPairs, [.int8]),
      ("--no-quantize-bias", !fixed.quantizeBias, [.int8]),
      ("--no-adjust-weights", !fixed.adjustWeights, [.int8]),
      ("--channel-axis", !fixed.channelAxis.isEmpty, [.int8]),
      ("--overrides", fixed.overrides != nil, [.int8]),
      ("--bits", mixed.bits != nil, [.mixed]),
      ("--max-size", mixed.maxSize != nil, [.mixed]),
      ("--max-drop", mixed.maxDrop != nil, [.mixed]),
      ("--choices", mixed.choices != nil, [.mixed]),
      ("--measure-runs", mixed.measureRuns != nil, [.mixed]),
      ("--rounds", mixed.rounds != nil, [.mixed]),
      ("--algorithm", weightOnly.algorithm != nil, blocks + codebooks),
      ("--block", weightOnly.block != nil, blocks + codebooks),
      ("--true-sequential", weightOnly.trueSequential, blocks.filter { $0 != .mixed } + codebooks),
      ("--double", weightOnly.double, codebooks),
      ("--form", weightOnly.form != nil, [.int8] + blocks),
      ("--tables", weightOnly.tables != nil, blocks),
      ("--accuracy-level", weightOnly.accuracyLevel != nil, blocks),
      ("--keep", !half.keep.isEmpty, halves),
      ("--no-keep-io", !half.keepIo, halves),
      ("--opset", half.opset != nil, halves),
      ("--sensitivity", measurement.sensitivity, integers + blocks + codebooks + smallFloats),
      ("--activations", float8.activations, smallFloats),
    ]
  }
}
