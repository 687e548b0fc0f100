internal import DecantCompression
internal import DecantForms
internal import DecantIR
internal import DecantPasses

extension Model {
  /// Makes a model ready for a quantizer: types inferred, and where `optimizes` constants and normalizations folded.
  ///
  /// - Parameters:
  ///   - expandsFunctions: whether calls of the model's own functions become their bodies.
  ///   - acceptsCodes: whether the model may be quantized already.
  ///   - selectors: what the user chooses nodes by.
  /// - Throws: `unsupported` for a model that is quantized already, what the passes throw, and `usage` for a selector whose
  ///   nodes are all folded away.
  mutating func prepareForQuantization(
    optimizes: Bool, expandsFunctions: Bool = true, acceptsCodes: Bool = false, selectors: [NodeSelector] = [],
    reporter: any Reporter
  ) throws {
    if !acceptsCodes { try FormCensus(self).refuseQuantized() }
    let given = optimizes && !selectors.isEmpty ? graph : nil
    let context = PassContext(reporter: reporter)
    // Weights that a caller could replace at run time cannot be codes.
    let expansion = expandsFunctions ? ["expand-functions"] : []
    for passes in ["bind-input-defaults"] + expansion + [optimizes ? "default" : "infer-types"] {
      _ = try Pipeline(parsing: passes).run(on: &self, context)
    }
    if let given { try NodeSelector.refuseLost(selectors, before: given, after: graph) }
  }
}
