internal import DecantIR
internal import DecantPasses

extension Model {
  /// Makes a model ready for a quantizer: types inferred, and where `optimizes` constants and normalizations folded.
  ///
  /// - Throws: what the passes throw.
  mutating func prepareForQuantization(optimizes: Bool, reporter: any Reporter) throws {
    let context = PassContext(reporter: reporter)
    // Weights that a caller could replace at run time cannot be codes.
    for passes in ["bind-input-defaults", optimizes ? "default" : "infer-types"] {
      _ = try Pipeline(parsing: passes).run(on: &self, context)
    }
  }
}
