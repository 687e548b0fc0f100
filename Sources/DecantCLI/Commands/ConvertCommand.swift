internal import ArgumentParser
internal import Decant

/// The same model in another format, opset or quantized form.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Writes the same model in another format, operator set or quantized form.",
    usage: """
      decant convert model.txt -o model.onnx
      decant convert model.onnx -o newer.onnx --opset 21
      decant convert int8.onnx -o operators.onnx --form qoperator
      """,
    discussion: """
      FORMS
        qdq          float operators between DequantizeLinear and QuantizeLinear; weights in blocks, too
        qoperator    operators on codes: QLinearConv, QLinearMatMul, and ONNX Runtime's for the rest
        matmulnbits  products with weights in blocks, as ONNX Runtime's MatMulNBits and GatherBlockQuantized
        float        no codes; activations are no longer rounded

      Codes, scales and zero points are carried over as they are. What a form cannot say is left, and the reason given.
      """)

  @Argument(help: "The model.") var model: String
  @OptionGroup var output: OutputOptions
  @Option(
    help: ArgumentHelp(
      "The version of ONNX's operator set to write; by default the one that the model has.", valueName: "version"))
  var opset: Int?
  @Option(help: ArgumentHelp("For a text form: keep large tensors in this folder.", valueName: "dir")) var weights:
    String?
  @Option(
    help: ArgumentHelp("How a quantized model shall say what it computes: \(ModelForm.names).", valueName: "form"),
    transform: ModelForm.parse)
  var form: ModelForm?
  @Flag(
    help: "With --form, one JSON document: form, converted, left, unrounded_activations, clipped_activations, nodes.")
  var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard form != nil || !json else { throw ValidationError("'--json' goes with '--form'") }
  }

  func run() throws {
    try output.check()
    var model = try common.read(model)
    let report = try form.map { try FormWorkflow.convert(&model, to: $0, reporter: common.reporter) }
    try output.write(model, opset: opset, weights: weights, common.reporter)
    guard let form, let report else { return }
    let rendering = FormRendering(report: report, form: form, isVerbose: common.verbose)
    TerminalText.output(json ? JSON.object(rendering.document).text() : rendering.text)
  }
}

extension ModelForm {
  /// The form that a user named.
  static func parse(_ name: String) throws -> ModelForm {
    guard let form = ModelForm(rawValue: name) else { throw ValidationError("expected one of \(names)") }
    return form
  }
}
