internal import DecantForms
internal import DecantIR

/// A constant table as codes that are looked up before they become floats again.
///
/// Given: `%y = Gather(%table, %ids)` with a constant `%table`
/// Result: `%y = DequantizeLinear(Gather(%codes, %ids))`, with a scale for each column where rows are looked up.
struct CodedTable {
  /// Tables with fewer elements than this stay in float: they save nothing.
  static let leastElements = 4096

  private let codes: ValueID
  private let codeType: DataType
  private let scale: ValueID
  private let zeroPoint: ValueID
  private let hasColumns: Bool

  /// Whether what `node` looks up in `data` has a column for each scale.
  static func hasColumns(_ node: Node, _ data: Tensor, _ options: StaticQuantizationOptions) -> Bool {
    let axis = node.attributes.int("axis", default: 0)
    return options.isPerChannel && data.rank >= 2 && axis != data.rank - 1 && axis != -1
  }

  /// Codes of `data`, which `table` holds and `reader` looks things up in.
  ///
  /// - Throws: ``OpError`` when a value is not finite.
  init(
    _ table: ValueID, _ data: Tensor, reader: Node, _ grid: IntegerGrid, _ options: StaticQuantizationOptions,
    _ rewriter: inout Rewriter
  ) throws(OpError) {
    hasColumns = CodedTable.hasColumns(reader, data, options)
    let axis = hasColumns ? data.rank - 1 : nil
    let parameters = try QuantizedWeight.fit(data, grid: grid, symmetric: false, axis: axis)
    let weight = try QuantizedWeight(data, grid: grid, parameters: parameters, axis: axis)
    let name = rewriter.graph[table].name
    codes = rewriter.addInitializer(name + "_quantized", weight.codes)
    codeType = weight.codes.dataType
    scale = rewriter.addInitializer(name + "_scale", weight.scales)
    zeroPoint = rewriter.addInitializer(name + "_zero_point", weight.zeroPoints)
  }

  /// Lets `node`, a Gather, look codes up.
  func look(up node: NodeID, _ rewriter: inout Rewriter) {
    guard let y = rewriter.graph[node].result(0) else { return }
    let (name, type) = (rewriter.graph[y].name, rewriter.graph[y].type)
    rewriter.setOperand(0, of: node, to: codes)
    rewriter.setType(y, .tensor(codeType, type.shape))
    rewriter.rename(y, to: name + "_quantized")
    let axis = type.shape.map { $0.dimensions.count - 1 } ?? -1
    let uses = rewriter.graph.uses(of: y)
    let result = rewriter.add(
      "DequantizeLinear", [y, scale, zeroPoint], hasColumns ? ["axis": .int(Int64(axis))] : [:], name: name,
      type: type, at: .after(node))
    if let producer = rewriter.graph[result].producer { rewriter.setName(producer, name + "_DequantizeLinear") }
    for use in uses { rewriter.replace(use, with: result) }
  }
}
