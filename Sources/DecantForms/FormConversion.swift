public import DecantIR

/// Says in another form what a quantized model computes. Codes, scales and zero points are carried over as they are.
public enum FormConversion {
  /// Converts `graph`, whose types are inferred, and the graphs inside it.
  ///
  /// What the form cannot say is left as it was, with the reason in the report. The float form is no conversion of codes: it
  /// takes away the rounding of activations.
  public static func convert(_ graph: inout Graph, to form: ModelForm) -> FormReport {
    var report = FormReport()
    graph.editSubgraphs { report.add(convert(&$1, to: form)) }
    graph.edit { rewriter in
      switch form {
      case .operators:
        report.perform(OperatorFusion(), &rewriter)
      case .pairs:
        report.perform(OperatorExpansion(), &rewriter)
        report.perform(BlockUnpacking(givesFloats: false), &rewriter)
      case .blocks:
        report.perform(OperatorExpansion(), &rewriter)
        report.perform(BlockPacking(), &rewriter)
      case .float:
        report.perform(IntegerProducts(), &rewriter)
        report.perform(IntegerLayers(), &rewriter)
        report.perform(OperatorExpansion(), &rewriter)
        report.perform(BlockUnpacking(givesFloats: true), &rewriter)
        report.perform(FloatRestoration(), &rewriter)
      }
    }
    return report
  }

  /// Puts operators on codes in the place of those float operators that `accepts` names, in `graph` alone, whose types are
  /// inferred.
  public static func fuseOperators(
    _ graph: inout Graph, where accepts: @escaping (NodeID, Graph) -> Bool
  ) -> FormReport {
    var report = FormReport()
    graph.edit { report.perform(OperatorFusion(where: accepts), &$0) }
    return report
  }
}

/// A part of a conversion: goes through one graph and says what came of each node that has to do with codes.
protocol FormStep {
  var report: FormReport { get }
  mutating func run(_ rewriter: inout Rewriter)
}

extension FormReport {
  /// Runs a step and adds what it did.
  mutating func perform(_ step: some FormStep, _ rewriter: inout Rewriter) {
    var step = step
    step.run(&rewriter)
    add(step.report)
  }

  /// Adds what another step did.
  mutating func add(_ other: FormReport) {
    decisions += other.decisions
    unroundedActivations += other.unroundedActivations
    clippedActivations += other.clippedActivations
  }
}
