internal import ArgumentParser
internal import Decant

/// A float model from a quantized one: `convert --form float`.
struct DequantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dequantize",
    abstract: "Makes a float model of a quantized one, whoever quantized it.",
    usage: """
      decant dequantize int8.onnx -o float.onnx
      """,
    discussion: """
      Weights become the floats that their codes stand for. Activations are no longer rounded; where their codes end at
      zero, Clip keeps the limits. It is the same as 'decant convert --form float'.
      """)

  @Argument(help: "The quantized model.") var model: String
  @OptionGroup var output: OutputOptions
  @Flag(help: "One JSON document: form, converted, left, unrounded_activations, clipped_activations, nodes.")
  var json = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try output.check()
    var model = try common.read(model)
    let report = try FormWorkflow.convert(&model, to: .float, reporter: common.reporter)
    try output.write(model, common.reporter)
    let rendering = FormRendering(report: report, form: .float, isVerbose: common.verbose)
    TerminalText.output(json ? JSON.object(rendering.document).text() : rendering.text)
  }
}
