public import DecantBytes
public import DecantCompression
public import DecantIR

/// A float model that is ready to be quantized, and a way to quantize only some of its nodes.
public struct LayerTrials: Sendable {
  typealias Quantize = @Sendable (inout Graph, [NodeSelector]) throws(DecantError) -> QuantizationReport

  /// The float model, prepared.
  public let model: Model
  /// The ranges that activations are clipped to; empty for schemes that find them as the model runs, or need none.
  public let ranges: CalibratedRanges
  private let quantize: Quantize

  /// From the prepared model and what quantizes the given nodes of its graph.
  init(_ model: Model, ranges: CalibratedRanges = CalibratedRanges(), quantize: @escaping Quantize) {
    self.model = model
    self.ranges = ranges
    self.quantize = quantize
  }

  /// The model with only the nodes called `name` quantized.
  ///
  /// - Throws: what the quantizer throws.
  public func quantized(only name: String) throws(DecantError) -> (model: Model, report: QuantizationReport) {
    var model = model
    let report = try quantize(&model.graph, [.named(name)])
    return (model, report)
  }
}

/// A quantized model, what was done to it, and how to try its nodes one at a time.
public struct QuantizationResult: Sendable {
  /// The quantized model.
  public let model: Model
  /// What was done, node by node.
  public let report: QuantizationReport
  /// The float model and the quantizer; nil for schemes that decide over the whole model at once.
  public let trials: LayerTrials?
  /// How many bytes the model has as an ONNX file.
  ///
  /// - Throws: `unsupported` when the format cannot hold it.
  public func byteCount() throws(DecantError) -> Int { try ModelFile.byteCount(of: model) }

  /// What was chosen under a budget, for the scheme that has one.
  public var precision: PrecisionAccount?

  /// From its parts.
  public init(_ model: Model, _ report: QuantizationReport, _ trials: LayerTrials? = nil) {
    self.model = model
    self.report = report
    self.trials = trials
  }
}
