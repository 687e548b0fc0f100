internal import ArgumentParser
internal import Decant

/// Where the model is going to run, and whether to plan only.
struct PlanningArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Where the model will run: \(DeploymentTarget.names). Chooses types that suit it, leaves in float what would be slower \
      there, and says what is gained.
      """, valueName: "name"))
  var target: String?
  @Flag(
    help: """
      Plan only: nodes, size, speed on the target, pairs that its fusions leave; nothing is written, and no samples are \
      needed.
      """)
  var dryRun = false

  /// The target; nil when the user named none.
  func chosen() throws -> DeploymentTarget? {
    guard let target else { return nil }
    guard let known = DeploymentTarget(rawValue: target) else {
      throw ValidationError("'--target' expected one of \(DeploymentTarget.names), got '\(target)'")
    }
    return known
  }
}

extension QuantizeCommand {
  /// Checks target and plan against the other options.
  func validatePlanning() throws {
    let target = try planning.chosen()
    guard target == nil || style.compat == nil else {
      throw ValidationError("'--target' chooses other than ONNX Runtime's quantizer does; drop it or '--compat ort'")
    }
    guard !planning.dryRun || !measurement.isGiven else {
      throw ValidationError("'--dry-run' has no quantized model that '--sensitivity' or '--report' could look at")
    }
    if let block = weightOnly.block, let limit = target?.profile.largestBlock, block > limit {
      throw ValidationError("'--block' expected up to \(limit) for \(target?.rawValue ?? ""), got \(block)")
    }
  }

  /// What the quantization would make of the model.
  func rehearse() throws -> QuantizationResult {
    let threads = engine.executorOptions.threads
    switch scheme {
    case .int8: return try staticWorkflow().rehearse()
    case .int8Dynamic: return try dynamicWorkflow().rehearse()
    case .weights8, .weights4, .weights3, .weights2: return try blockWorkflow().rehearse(threads: threads)
    case .normalFloat4: return try codebookWorkflow(.normalFloat).rehearse(threads: threads)
    case .float4: return try codebookWorkflow(.float).rehearse(threads: threads)
    // Without samples these are what they are with them, but for nodes whose values turn out too large.
    case .fp16: return try convertHalf(.float16)
    case .bf16: return try convertHalf(.bfloat16)
    case .fp8E4M3: return try convertFloat8(.e4m3)
    case .fp8E5M2: return try convertFloat8(.e5m2)
    case .mixed: throw ValidationError("'--dry-run' cannot tell what '--scheme mixed' will measure")
    }
  }

  /// Prints the plan.
  func plan() throws {
    let result = try rehearse()
    let forecast = QuantizationForecast(result.model.graph, target: try planning.chosen() ?? .generic)
    let account = PlanAccount(
      report: result.report, forecast: forecast, bytes: try ModelFile.byteCount(of: try common.read(model)),
      plannedBytes: try result.byteCount(), explains: explain || common.verbose)
    for warning in forecast.warnings { common.reporter.warn(warning) }
    TerminalText.output(json ? JSON.object(account.document).text() : account.text)
    try refuse(result.report)
  }

  /// What the quantized model will be worth where the user named a target; warns of what is no gain.
  func forecast(_ result: QuantizationResult) throws -> QuantizationForecast? {
    guard let target = try planning.chosen() else { return nil }
    let forecast = QuantizationForecast(result.model.graph, target: target)
    for warning in forecast.warnings { common.reporter.warn(warning) }
    return forecast
  }
}
