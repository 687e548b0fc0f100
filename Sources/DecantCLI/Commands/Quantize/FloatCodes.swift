internal import ArgumentParser
internal import Decant

/// `--scheme nf4` and `fp4`.
extension QuantizeCommand {
  /// What `--algorithm` may name beside rounding.
  private static let spreading = "gptq"

  func validateFloatCodes() throws {
    let name = weightOnly.algorithm ?? "rtn"
    guard name == "rtn" || name == QuantizeCommand.spreading else {
      throw ValidationError("'--algorithm' expected rtn or gptq with '--scheme \(scheme.rawValue)', got '\(name)'")
    }
    try checkSequence(name != "rtn")
    guard name == "rtn" || !samples.data.isEmpty else {
      throw ValidationError("'--algorithm gptq' learns from samples: expected '--data'")
    }
    guard name != "rtn" || samples.data.isEmpty || measurement.isGiven else {
      throw ValidationError("'--data' is not used by rounding; '--algorithm gptq' learns from samples")
    }
  }

  func codebookWorkflow(_ codebook: Codebook) throws -> WeightOnlyWorkflow {
    let options = try CodebookOptions(
      codebook, blockSize: weightOnly.block ?? 64, spreadsErrors: weightOnly.algorithm == QuantizeCommand.spreading,
      codesMagnitudes: weightOnly.double, include: style.include.map(NodeSelector.init),
      exclude: style.exclude.map(NodeSelector.init))
    return try WeightOnlyWorkflow(try common.read(model), options.scheme, reporter: common.reporter)
  }
}
