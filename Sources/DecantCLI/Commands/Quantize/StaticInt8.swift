internal import ArgumentParser
internal import Decant

/// `--scheme int8`.
extension QuantizeCommand {
  func validateStaticInt8() throws {
    // With statistics, samples serve what is measured afterwards.
    let isOne = samples.data.isEmpty != (stats == nil)
    guard isOne || (stats != nil && measurement.isGiven) else {
      throw ValidationError("expected either samples (--data) or statistics (--stats)")
    }
  }

  func staticWorkflow() throws -> StaticQuantizationWorkflow {
    var options = try style.options()
    options.form = try staticForm()
    if let target = try planning.chosen() {
      for choice in options.suit(target, activationType: try style.chosenActivationType()) {
        common.reporter.note(choice)
      }
    }
    return try StaticQuantizationWorkflow(
      try common.read(model), options, optimizes: style.optimize, reporter: common.reporter)
  }

  func runStaticInt8() throws -> QuantizationResult {
    var workflow = try staticWorkflow()
    let isFree = stats == nil && !calibration.isExplicit
    let method = isFree ? workflow.suggestedMethod : try calibration.chosen()
    let ranges: CalibratedRanges
    if let stats {
      ranges = try workflow.ranges(fromFile: stats, method: method, isExplicit: calibration.isExplicit)
    } else {
      let set = try samples.samples(for: workflow.model.inputPorts)
      ranges = try workflow.ranges(
        set, method: method, backends: try BackendCatalog.backends(engine.backend),
        execution: engine.executorOptions)
    }
    let trials = workflow.trials(ranges)
    let report = try workflow.quantize(ranges)
    return QuantizationResult(workflow.model, report, trials)
  }

  private func staticForm() throws(DecantError) -> ModelForm {
    let given = weightOnly.form ?? ModelForm.pairs.rawValue
    guard let form = ModelForm(rawValue: given), form == .pairs || form == .operators else {
      throw DecantError(.usage, "'--form' expected qdq or qoperator with '--scheme int8', got '\(given)'")
    }
    return form
  }
}
