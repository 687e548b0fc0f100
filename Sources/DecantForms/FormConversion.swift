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
        var fusion = OperatorFusion()
        fusion.run(&rewriter)
        report.add(fusion.report)
      case .pairs:
        expand(&rewriter, givesFloats: false, &report)
      case .blocks:
        var expansion = OperatorExpansion()
        expansion.run(&rewriter)
        report.add(expansion.report)
        var packing = BlockPacking()
        packing.run(&rewriter)
        report.add(packing.report)
      case .float:
        var products = IntegerProducts()
        products.run(&rewriter)
        report.add(products.report)
        var layers = IntegerLayers()
        layers.run(&rewriter)
        report.add(layers.report)
        expand(&rewriter, givesFloats: true, &report)
        var restoration = FloatRestoration()
        restoration.run(&rewriter)
        report.add(restoration.report)
      }
    }
    return report
  }

  /// Puts operators on codes in the place of those float operators that `accepts` names, in `graph` alone, whose types are
  /// inferred.
  public static func fuseOperators(
    _ graph: inout Graph, where accepts: (NodeID, Graph) -> Bool
  ) -> FormReport {
    graph.edit { rewriter in
      var fusion = OperatorFusion()
      fusion.run(&rewriter, where: accepts)
      return fusion.report
    }
  }

  private static func expand(_ rewriter: inout Rewriter, givesFloats: Bool, _ report: inout FormReport) {
    var expansion = OperatorExpansion()
    expansion.run(&rewriter)
    report.add(expansion.report)
    var unpacking = BlockUnpacking(givesFloats: givesFloats)
    unpacking.run(&rewriter)
    report.add(unpacking.report)
  }
}

extension FormReport {
  /// Adds what another step did.
  mutating func add(_ other: FormReport) {
    decisions += other.decisions
    unroundedActivations += other.unroundedActivations
    clippedActivations += other.clippedActivations
  }
}
