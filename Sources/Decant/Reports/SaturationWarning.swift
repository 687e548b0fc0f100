public import DecantBytes
internal import DecantEngine
public import DecantIR
public import DecantRuntime

/// A warning before a quantized model goes to a processor that computes otherwise than this one.
public enum Emulation: String, Sendable, CaseIterable {
  /// Sums of two products of codes saturate at 16 bits, as on processors with AVX2 but without VNNI.
  case avx2Saturation = "avx2-saturation"

  /// Says to `reporter` which products of `model` would be other than exact for the first run on `source`.
  ///
  /// - Throws: ``DecantError`` when the model cannot be run.
  public func warn(
    _ model: Model, _ executor: Executor, _ source: ArraySource, backend: String, reporter: any Reporter
  ) throws(DecantError) {
    let findings = try SaturationCensus.count(
      model, try Runner.firstInputs(executor, source), backends: try BackendCatalog.backends(backend))
    let saturated = findings.filter { $0.saturated > 0 }
    for finding in saturated {
      reporter.warn(
        "'\(finding.node)' (\(finding.op)): \(finding.saturated) of \(finding.pairs) sums of two products saturate in 16 bits"
      )
    }
    reporter.note(
      "\(saturated.count) of \(findings.count) products of codes have sums that AVX2 would saturate"
        + (saturated.isEmpty ? "" : "; 'quantize --reduce-range' keeps them in 16 bits"))
  }
}
