internal import ArgumentParser
internal import Decant

/// `--scheme nf4` and `fp4`.
extension QuantizeCommand {
  func runFloatCodes(_ codebook: Codebook) throws -> QuantizationResult {
    let options = try CodebookOptions(
      codebook, blockSize: weightOnly.block ?? 64, codesMagnitudes: weightOnly.double,
      include: style.include.map(NodeSelector.init), exclude: style.exclude.map(NodeSelector.init))
    var workflow = try CodebookWorkflow(try common.read(model), options, reporter: common.reporter)
    let report = try workflow.quantize(threads: engine.executorOptions.threads)
    return QuantizationResult(workflow.model, report)
  }
}
