public import DecantBytes
public import DecantCompression
public import DecantIR
public import DecantRuntime

/// The way from a float model to one whose weights are 4-bit floats: prepare, quantize. No samples are needed.
public struct CodebookWorkflow: Sendable {
  /// The model; its types are inferred, and nothing else is changed before it is quantized.
  public private(set) var model: Model
  /// How to quantize.
  public let options: CodebookOptions
  private let reporter: any Reporter

  /// Prepares `model`.
  ///
  /// - Throws: what the passes throw.
  public init(_ model: Model, _ options: CodebookOptions, reporter: any Reporter = SilentReporter()) throws {
    self.model = model
    self.options = options
    self.reporter = reporter
    try self.model.prepareForQuantization(optimizes: false, reporter: reporter)
  }

  /// Quantizes the model.
  ///
  /// - Throws: what ``CodebookQuantization`` throws.
  public mutating func quantize(threads: Int = Parallel.processors) throws(DecantError) -> QuantizationReport {
    let report = try CodebookQuantization.quantize(&model.graph, options, threads: threads)
    if report.weights > 0 {
      reporter.lossy("\(report.weights) weights are 4-bit floats (\(options.codebook.rawValue)) now")
      reporter.note("the model is smaller, not faster: runtimes multiply by 4-bit floats slower than by float32")
    }
    return report
  }
}
