internal import DecantIR
internal import DecantPasses

extension Model {
  /// Makes a model ready for a quantizer: types inferred, and where `optimizes` constants and normalizations folded.
  ///
  /// - Parameter expandsFunctions: whether calls of the model's own functions become their bodies.
  /// - Throws: what the passes throw.
  mutating func prepareForQuantization(
    optimizes: Bool, expandsFunctions: Bool = false, reporter: any Reporter
  ) throws {
    let context = PassContext(reporter: reporter)
    // Weights that a caller could replace at run time cannot be codes.
    let expansion = expandsFunctions ? ["expand-functions"] : []
    for passes in ["bind-input-defaults"] + expansion + [optimizes ? "default" : "infer-types"] {
      _ = try Pipeline(parsing: passes).run(on: &self, context)
    }
  }
}
