internal import ArgumentParser
internal import Decant

/// The same model in another format or opset.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Writes the same model in another format or operator set.",
    usage: """
      decant convert model.txt -o model.onnx
      decant convert model.onnx -o newer.onnx --opset 21
      """)

  @Argument(help: "The model.") var model: String
  @OptionGroup var output: OutputOptions
  @Option(
    help: ArgumentHelp(
      "The version of ONNX's operator set to write; by default the one that the model has.", valueName: "version"))
  var opset: Int?
  @Option(help: ArgumentHelp("For a text form: keep large tensors in this folder.", valueName: "dir")) var weights:
    String?
  @OptionGroup var common: CommonOptions

  func run() throws {
    try output.check()
    try output.write(try common.read(model), opset: opset, weights: weights, common.reporter)
  }
}
