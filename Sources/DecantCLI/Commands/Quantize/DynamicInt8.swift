internal import ArgumentParser
internal import Decant

/// `--scheme int8-dynamic`.
extension QuantizeCommand {
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
    let trials = workflow.trials
    let report = try workflow.quantize()
    return QuantizationResult(workflow.model, report, trials)
  }
}
