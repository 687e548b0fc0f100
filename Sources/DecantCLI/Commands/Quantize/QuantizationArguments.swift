internal import ArgumentParser
internal import Decant

/// How calibration chooses ranges.
struct CalibrationArguments: ParsableArguments {
  @Option(
    name: [.customLong("calibration"), .customLong("method")],
    help: ArgumentHelp(
      "How ranges are chosen: minmax, percentile, entropy or mse; by default minmax, but mse where 'quantize' runs a "
        + "convolutional model on samples, and not with --compat ort.", valueName: "method"))
  var named: String?
  @Option(help: ArgumentHelp("For percentile: how many percent of the magnitudes to keep.", valueName: "percent"))
  var percentile = 99.999

  private var method: String { named ?? "minmax" }

  /// Whether the user named a method.
  var isExplicit: Bool { named != nil }

  func validate() throws {
    guard CalibrationMethod(name: method) != nil else {
      throw ValidationError(
        "'--method' expected one of \(CalibrationMethod.names.joined(separator: ", ")), got '\(method)'")
    }
    guard percentile > 0, percentile <= 100 else {
      throw ValidationError("'--percentile' expected above 0 and at most 100")
    }
  }

  func chosen() throws(DecantError) -> CalibrationMethod {
    guard let method = CalibrationMethod(name: method, percentile: percentile) else {
      throw DecantError(.usage, "there is no calibration method '\(method)'")
    }
    return method
  }
}

/// What is quantized, and like whom.
struct StyleArguments: ParsableArguments {
  @Option(help: ArgumentHelp("'ort' follows ONNX Runtime 1.31's own quantizers to the bit.", valueName: "tool"))
  var compat: String?
  @Option(
    help: ArgumentHelp(
      "Codes of activations: uint8 (the default unless a target prefers others), int8, uint16 or int16.",
      valueName: "type"
    ))
  var activationType: String?
  @Option(help: ArgumentHelp("Codes of weights: int8, uint8, int16, uint16, int4 or uint4.", valueName: "type"))
  var weightType = "int8"
  @Flag(inversion: .prefixedNo, help: "A scale for each channel of a weight; the default, but not with --compat ort.")
  var perChannel: Bool?
  @Flag(help: "Weights use half the codes, for processors without VNNI, whose products saturate.") var reduceRange =
    false
  @Flag(help: "Also quantize products of two activations, as attention has them.") var computedFactors = false
  @Option(
    help: ArgumentHelp(
      "Even out the columns of activations before they become codes: auto (where it helps; the default), off, or for int8 "
        + "an exponent from 0 to 1.", valueName: "how"))
  var smooth: String?
  @Option(
    help: ArgumentHelp(
      """
      For int8 and int8-dynamic: at most this many columns of an activation, those that reach furthest, are multiplied in float \
      beside its codes, where samples say that it pays; 4 by default for int8. int8-dynamic learns from samples (--data) only \
      with this option.
      """, valueName: "count"))
  var outliers: Int?
  @Option(
    help: ArgumentHelp("Only these nodes: a selector, see above; may repeat.", valueName: "selector"))
  var include: [String] = []
  @Option(help: ArgumentHelp("Not these nodes: a selector, see above; may repeat.", valueName: "selector"))
  var exclude: [String] = []
  @OptionGroup var fixed: StaticArguments
  @Flag(inversion: .prefixedNo, help: "Fold constants and normalizations first; never with --compat ort.")
  var optimize = true

  func options() throws(DecantError) -> StaticQuantizationOptions {
    let style = try chosenStyle()
    var options = StaticQuantizationOptions(
      style: style, activationType: try chosenActivationType() ?? .uint8,
      weightType: try codes(weightType, "--weight-type"), isPerChannel: perChannel ?? (style == .decant),
      include: include.map(NodeSelector.init), exclude: exclude.map(NodeSelector.init))
    options.isReduced = reduceRange
    options.includesComputedFactors = computedFactors
    options.smoothing = try smoothing()
    options.outliers = try outlierColumns() ?? options.outliers
    try fixed.apply(to: &options)
    return options
  }

  /// The type of activations' codes that the user named; nil for none.
  func chosenActivationType() throws(DecantError) -> DataType? {
    guard let activationType else { return nil }
    return try codes(activationType, "--activation-type")
  }

  private func outlierColumns() throws(DecantError) -> Int? {
    guard outliers.map({ (0...1024).contains($0) }) ?? true else {
      throw DecantError(.usage, "'--outliers' expected 0 to 1024, got \(outliers ?? 0)")
    }
    return outliers
  }

  private func smoothing() throws(DecantError) -> Smoothing {
    switch smooth ?? "auto" {
    case "auto": return .searched
    case "off": return .off
    case let text:
      guard let exponent = Float(text), exponent >= 0, exponent <= 1 else {
        throw DecantError(.usage, "'--smooth' expected auto, off or a number from 0 to 1, got '\(text)'")
      }
      return .fixed(exponent)
    }
  }

  func dynamicOptions() throws(DecantError) -> DynamicQuantizationOptions {
    let style = try chosenStyle()
    let smoothing = try smoothing()
    guard smoothing == .searched || smoothing == .off || outliers != nil else {
      throw DecantError(
        .usage, "'--smooth' with an exponent is for '--scheme int8', and for int8-dynamic with '--outliers'")
    }
    return DynamicQuantizationOptions(
      style: style, weightType: try codes(weightType, "--weight-type"), isPerChannel: perChannel ?? (style == .decant),
      isReduced: reduceRange, includesComputedFactors: computedFactors, smoothing: smoothing,
      outliers: try outlierColumns(), include: include.map(NodeSelector.init),
      exclude: exclude.map(NodeSelector.init))
  }

  func chosenStyle() throws(DecantError) -> QuantizationStyle {
    guard compat == nil || compat == "ort" else {
      throw DecantError(.usage, "'--compat' expected ort, got '\(compat ?? "")'")
    }
    return compat == nil ? .decant : .onnxRuntime
  }

  private func codes(_ name: String, _ option: String) throws(DecantError) -> DataType {
    switch name {
    case "int4": return .int4
    case "uint4": return .uint4
    case "int8": return .int8
    case "uint8": return .uint8
    case "int16": return .int16
    case "uint16": return .uint16
    default: throw DecantError(.usage, "'\(option)' expected [u]int8, [u]int16 or [u]int4, got '\(name)'")
    }
  }
}

extension QuantizationScheme {
  /// The scheme that a user named.
  static func parse(_ name: String) throws -> QuantizationScheme {
    guard let scheme = QuantizationScheme(rawValue: name) else {
      throw ValidationError("expected one of \(names)")
    }
    return scheme
  }
}
