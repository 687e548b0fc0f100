internal import ArgumentParser
internal import Decant

/// What only static quantization knows.
struct StaticArguments: ParsableArguments {
  @Flag(help: "For int8: ranges of activations are symmetric around zero.") var symmetric = false
  @Flag(
    inversion: .prefixedNo,
    help: """
      Weights have zero as their middle code: for int8 those with one scale, by default where codes are signed; for w8 to w2 \
      every block, by default for w8.
      """)
  var symmetricWeights: Bool?
  @Flag(help: "For int8: keep activation functions that the clipping of codes could replace.")
  var keepActivations = false
  @Flag(help: "For int8: leave weights in float, behind a quantizing pair of their own.") var keepFloatWeights = false
  @Flag(help: "For int8: give every reader of an activation a pair of its own.") var dedicatedPairs = false
  @Flag(inversion: .prefixedNo, help: "For int8: make biases int32 codes.") var quantizeBias = true
  @Flag(inversion: .prefixedNo, help: "For int8: enlarge scales of weights until biases fit int32.")
  var adjustWeights = true
  @Flag(inversion: .prefixedNo, help: "For int8: let convolutions in a row share the ranges of their channels first.")
  var equalize = true
  @Flag(inversion: .prefixedNo, help: "For int8: let biases make up for what errors of weights add on average.")
  var biasCorrection = true
  @Option(
    help: ArgumentHelp(
      "For int8: the axis of an operator's channels, as in MatMul=1; may repeat.", valueName: "op=axis"))
  var channelAxis: [String] = []

  @Option(
    help: ArgumentHelp(
      "For int8: types, scales and ranges of single tensors, as JSON in the form of ONNX Runtime's TensorQuantOverrides.",
      valueName: "file"))
  var overrides: String?

  /// Sets what the user gave.
  func apply(to options: inout StaticQuantizationOptions) throws(DecantError) {
    options.isSymmetric = symmetric
    options.weightsAreSymmetric = symmetricWeights
    options.keepsActivations = keepActivations
    options.keepsFloatWeights = keepFloatWeights
    options.hasDedicatedPairs = dedicatedPairs
    options.quantizesBiases = quantizeBias
    options.adjustsWeights = adjustWeights
    options.equalizes = equalize
    options.correctsBiases = biasCorrection
    if let overrides { options.overrides = try OverridesFile.read(overrides) }
    for given in channelAxis {
      let parts = given.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, let axis = Int(parts[1]) else {
        throw DecantError(.usage, "'--channel-axis' expected an operator and an axis, as in MatMul=1, got '\(given)'")
      }
      options.channelAxes[String(parts[0])] = axis
    }
  }
}
