internal import ArgumentParser
internal import Decant

/// `--scheme int8-dynamic`.
extension QuantizeCommand {
  func runDynamicInt8() throws -> (Model, QuantizationReport) {
    var workflow = try DynamicQuantizationWorkflow(
      try common.read(model), try style.dynamicOptions(), optimizes: style.optimize, reporter: common.reporter)
    let report = try workflow.quantize()
    return (workflow.model, report)
  }
}
