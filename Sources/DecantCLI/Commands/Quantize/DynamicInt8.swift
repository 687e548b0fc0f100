internal import ArgumentParser
internal import Decant

/// `--scheme int8-dynamic`.
extension QuantizeCommand {
  func validateDynamicInt8() throws {
    guard style.outliers == nil || !samples.data.isEmpty else {
      throw ValidationError("'--outliers' learns from samples: expected '--data'")
    }
    guard style.outliers != nil || samples.data.isEmpty || measurement.isGiven else {
      throw ValidationError("'--scheme int8-dynamic' learns from samples ('--data') only with '--outliers'")
    }
  }

  func dynamicWorkflow() throws -> DynamicQuantizationWorkflow {
    var options = try style.dynamicOptions()
    if let target = try planning.chosen() {
      for choice in options.suit(target) { common.reporter.note(choice) }
    }
    return try DynamicQuantizationWorkflow(
      try common.read(model), options, optimizes: style.optimize, reporter: common.reporter)
  }

  func runDynamicInt8() throws -> QuantizationResult {
    var workflow = try dynamicWorkflow()
    if style.outliers != nil {
      let set = try samples.samples(for: workflow.model.inputPorts)
      try workflow.learn(
        from: set, backends: try BackendCatalog.backends(engine.backend), execution: engine.executorOptions)
    }
    let trials = workflow.trials
    let report = try workflow.quantize()
    return QuantizationResult(workflow.model, report, trials)
  }
}
