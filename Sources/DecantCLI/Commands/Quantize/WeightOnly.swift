internal import ArgumentParser
internal import Decant

/// How weights alone become codes.
struct WeightOnlyArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      For w8 to w2: \(WeightAlgorithm.all.map { "\($0.name) (\($0.summary))" }.joined(separator: "; ")). For nf4 and fp4: \
      rtn (the default) or gptq.
      """, valueName: "name"))
  var algorithm: String?
  @Flag(
    help: """
      For w8 to w2, nf4 and fp4 where the algorithm learns from samples: weights learn one after the other, each from what the \
      codes of those before it give. Gains little (MiniLM, 3 bits: a cosine of 0.968 for 0.966), and runs the samples once \
      more for each activation, up to it.
      """)
  var trueSequential = false
  @Option(
    help: ArgumentHelp("For w8 to w2, nf4 and fp4: how many weights share a scale; 64 by default.", valueName: "count"))
  var block: Int?
  @Option(
    help: ArgumentHelp(
      """
      For w8 to w2: matmulnbits (ONNX Runtime's operators; the default) or qdq (DequantizeLinear in blocks). For int8: qdq \
      (float operators between pairs; the default) or qoperator (operators on codes).
      """, valueName: "form"))
  var form: String?
  @Flag(help: "For nf4 and fp4: the largest magnitudes of blocks become codes of 8 bits, too.") var double = false
  @Flag(inversion: .prefixedNo, help: "For w8 and w4: tables that are looked up become codes too; the default.")
  var tables: Bool?
  @Option(
    help: ArgumentHelp(
      "For w8 to w2: how exact ONNX Runtime has to be with activations, 0 (float32) to 4 (int8, the default).",
      valueName: "level"))
  var accuracyLevel: Int?

  func options(bits: Int, style: StyleArguments) throws(DecantError) -> WeightOnlyOptions {
    let name = algorithm ?? WeightAlgorithm.all[0].name
    let names = WeightAlgorithm.all.map(\.name).joined(separator: ", ")
    guard let algorithm = WeightAlgorithm.named(name) else {
      throw DecantError(.usage, "'--algorithm' expected one of \(names), got '\(name)'")
    }
    let forms = WeightOnlyOptions.Form.allCases.map(\.rawValue).joined(separator: ", ")
    guard let form = WeightOnlyOptions.Form(rawValue: form ?? WeightOnlyOptions.Form.blocks.rawValue) else {
      throw DecantError(.usage, "'--form' expected one of \(forms), got '\(form ?? "")'")
    }
    guard form != .blocks || (block ?? 64) <= 256 else {
      throw DecantError(
        .usage, "'--block' expected 16 to 256 with '--form matmulnbits', got \(block ?? 0)",
        note: "ONNX Runtime has no kernel for larger blocks; '--form qdq' takes them")
    }
    let level = accuracyLevel ?? 4
    guard (0...4).contains(level) else { throw DecantError(.usage, "'--accuracy-level' expected 0 to 4, got \(level)") }
    let chosen = try style.chosenStyle()
    guard chosen == .decant || (["rtn", "k-quant"].contains(name) && form == .blocks) else {
      throw DecantError(
        .usage, "'--compat ort' goes with '--algorithm rtn' or 'k-quant' and '--form matmulnbits', got '\(name)'")
    }
    let isSymmetric = style.fixed.symmetricWeights ?? (bits == 8 && !algorithm.choosesZeroPoints)
    guard !isSymmetric || !algorithm.choosesZeroPoints else {
      throw DecantError(.usage, "'--algorithm \(name)' chooses zero points; drop '--symmetric-weights'")
    }
    do throws(OpError) {
      let format = try BlockFormat(bits: bits, blockSize: block ?? 64, isSymmetric: isSymmetric)
      var options = WeightOnlyOptions(
        format, algorithm: algorithm, form: form, quantizesTables: tables ?? (chosen == .decant), accuracyLevel: level,
        include: style.include.map(NodeSelector.init), exclude: style.exclude.map(NodeSelector.init))
      options.style = chosen
      return options
    } catch {
      throw DecantError(.usage, error.message)
    }
  }
}

/// `--scheme w8`, `w4`, `w3` and `w2`.
extension QuantizeCommand {
  func validateWeightOnly() throws {
    let needsSamples = weightOnly.algorithm.flatMap(WeightAlgorithm.named).map(\.needsSamples) ?? false
    guard needsSamples == !samples.data.isEmpty || (!needsSamples && measurement.isGiven) else {
      throw ValidationError(
        needsSamples
          ? "'--algorithm \(weightOnly.algorithm ?? "")' learns from samples: expected '--data'"
          : "'--data' is not used by this algorithm; these learn from samples: \(WeightAlgorithm.learning)")
    }
    try checkSequence(needsSamples)
  }

  /// Checks that there is something to learn in sequence.
  func checkSequence(_ learns: Bool) throws {
    guard learns || !weightOnly.trueSequential else {
      throw ValidationError("'--true-sequential' goes with algorithms that learn from samples")
    }
  }

  func blockWorkflow() throws -> WeightOnlyWorkflow {
    let options = try weightOnly.options(bits: scheme.weightBits ?? 4, style: style)
    return try WeightOnlyWorkflow(try common.read(model), options.scheme(), reporter: common.reporter)
  }

  /// Quantizes weights alone, whatever kind of codes they become.
  func runWeights(_ prepared: WeightOnlyWorkflow) throws -> QuantizationResult {
    var workflow = prepared
    if workflow.scheme.needsSamples {
      // One at a time: what pads short texts can be left out then.
      let set = try samples.samples(for: workflow.model.inputPorts, batch: 1)
      try workflow.learn(
        from: set, inSequence: weightOnly.trueSequential, backends: try BackendCatalog.backends(engine.backend),
        execution: engine.executorOptions)
    }
    let trials = workflow.trials(threads: engine.executorOptions.threads)
    let report = try workflow.quantize(threads: engine.executorOptions.threads)
    return QuantizationResult(workflow.model, report, trials)
  }
}
