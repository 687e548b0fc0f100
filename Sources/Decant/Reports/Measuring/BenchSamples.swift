public import DecantBytes
public import DecantIR
public import DecantRuntime

/// What a model is measured on: samples, one piece after the other and then from the beginning again, or the same inputs always.
public struct BenchSamples: Sendable {
  /// The inputs of the first run.
  public let first: [String: Tensor]
  /// How many samples one run takes: the first extent of the first input that has one.
  public let batch: Int
  private let set: SampleSet?

  /// From arrays, `batch` at a time where the model leaves it open; made up where there are none.
  ///
  /// - Throws: `malformed` for arrays that do not fit, `unsupported` for inputs that cannot be made up.
  public init(_ source: ArraySource?, for executor: Executor, batch: Int) throws(DecantError) {
    if let source {
      first = try Runner.firstInputs(executor, source, batch: batch)
      // Arrays that are the whole inputs, as states beside sequences are, make no samples.
      set = try? SampleSet(source.arrays, for: executor.inputs, batch: batch)
    } else {
      first = try MadeUpInputs.make(for: executor.inputs, batch: batch)
      set = nil
    }
    let leading = executor.inputs.lazy.compactMap { [first] in first[$0.name]?.shape.first }.first
    self.batch = max(1, leading ?? 1)
  }

  /// The inputs of run `index`.
  ///
  /// - Throws: `malformed` for arrays that cannot be cut.
  public func inputs(_ index: Int) throws(DecantError) -> [String: Tensor] {
    guard let set, set.count > 1 else { return first }
    return try set.inputs(index % set.count)
  }
}
