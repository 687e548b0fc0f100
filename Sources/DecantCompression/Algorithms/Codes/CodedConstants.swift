internal import DecantForms
internal import DecantIR

/// Makes codes of constants, each once, and adds them to the graph under ONNX Runtime's names.
struct CodedConstants {
  /// How a constant becomes codes.
  struct Form: Hashable {
    let grid: IntegerGrid
    let symmetric: Bool
    var axis: Int?
    var isReduced = false
  }

  /// A constant's codes in the graph.
  struct Entry {
    let codes: ValueID
    let scale: ValueID
    let zeroPoint: ValueID
    let axis: Int?
    var parameters: [AffineParameters]
  }

  private struct Key: Hashable {
    let value: ValueID
    let form: Form
  }

  private var entries: [Key: Entry] = [:]
  /// How many constants are codes now.
  var count: Int { Set(entries.keys.map(\.value)).count }

  /// The codes of the constant `value`, made at the first call.
  ///
  /// - Throws: ``OpError`` naming the constant, for values that are not finite and types that do not fit.
  mutating func codes(
    of value: ValueID, _ form: Form, _ rewriter: inout Rewriter
  ) throws(OpError) -> Entry {
    let key = Key(value: value, form: form)
    if let known = entries[key] { return known }
    let name = rewriter.graph[value].name
    guard let data = rewriter.graph[value].constant else { throw OpError("'\(name)' is not a constant") }
    let weight: QuantizedWeight
    do throws(OpError) {
      let parameters = try QuantizedWeight.fit(
        data, grid: form.grid, symmetric: form.symmetric, axis: form.axis, isReduced: form.isReduced)
      weight = try QuantizedWeight(data, grid: form.grid, parameters: parameters, axis: form.axis)
    } catch {
      throw OpError("initializer '\(name)': \(error.message)", kind: error.kind)
    }
    let entry = Entry(
      codes: rewriter.addInitializer(name + "_quantized", weight.codes),
      scale: rewriter.addInitializer(name + "_scale", weight.scales),
      zeroPoint: rewriter.addInitializer(name + "_zero_point", weight.zeroPoints), axis: form.axis,
      parameters: weight.parameters)
    entries[key] = entry
    return entry
  }
}
