internal import DecantBytes
public import DecantForms
public import DecantIR
internal import DecantPasses

/// The way of a quantized model from one form to another.
public enum FormWorkflow {
  /// Converts `model` to `form`, and reports what is lost and what is left.
  ///
  /// - Throws: `usage` for a model that has no codes, and what inferring types throws.
  public static func convert(
    _ model: inout Model, to form: ModelForm, reporter: any Reporter = SilentReporter()
  ) throws -> FormReport {
    guard FormCensus(model).isQuantized else {
      throw DecantError(
        .usage, "the model is not quantized, so it has no form to convert", note: "'decant quantize' quantizes it")
    }
    let context = PassContext(reporter: reporter)
    for pass in ["bind-input-defaults", "infer-types"] {
      _ = try Pipeline(parsing: pass).run(on: &model, context)
    }
    let report = FormConversion.convert(&model.graph, to: form)
    _ = try Pipeline(parsing: "infer-types").run(on: &model, context)
    if report.unroundedActivations > 0 {
      reporter.lossy("\(report.unroundedActivations) activations are no longer rounded to codes")
    }
    if report.clippedActivations > 0 {
      reporter.note(
        "\(report.clippedActivations) activations keep the limits of their codes, for those may have been an activation function"
      )
    }
    return report
  }
}
