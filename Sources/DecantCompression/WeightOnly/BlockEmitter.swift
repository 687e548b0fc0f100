internal import DecantBytes
internal import DecantForms
internal import DecantIR

/// Puts weights in blocks of codes into the graph.
struct BlockEmitter: SiteEmitter {
  let options: WeightOnlyOptions
  /// The format of each node, when they differ.
  let formats: [NodeID: BlockFormat]?
  let threads: Int
  private(set) var weightCount = 0
  /// What the last coder was made from: products that read the same activation share one.
  private var latest: (input: ValueID, choice: Choice)?

  /// A coder, and what a report calls it.
  private typealias Choice = (coder: any WeightCoder, text: String)

  /// What one constant became, for one use of it.
  private struct Key: Hashable {
    let weight: ValueID
    let use: WeightSite.Use
    let format: BlockFormat
  }

  private struct Emitted {
    let format: BlockFormat
    let codes: ValueID
    let scales: ValueID
    let zeroPoints: ValueID?
    let text: String
    /// The dequantized weight, for the form that has one.
    var dequantized: ValueID?
  }

  private var emitted: [Key: Emitted] = [:]

  init(options: WeightOnlyOptions, formats: [NodeID: BlockFormat]?, threads: Int) {
    self.options = options
    self.formats = formats
    self.threads = threads
  }

  var rule: String { options.algorithm.name }

  func unfit(_ site: WeightSite, _ graph: Graph) -> NodeOutcome? {
    guard let format = format(of: site) else { return .excluded("no format was chosen for it") }
    return options.unfit(site, graph, format)
  }

  private func format(of site: WeightSite) -> BlockFormat? { formats.map { $0[site.node] } ?? options.format }

  func prepare(
    _ sites: [WeightSite], _ products: inout [ValueID: InputProducts], _ rewriter: inout Rewriter
  ) throws(OpError) -> [QuantizationReport.Step] {
    guard options.algorithm.scalesInputs else { return [] }
    let formats = sites.compactMap { site in format(of: site).map { (site.node, $0) } }
    return try InputScaling(formats: Dictionary(uniqueKeysWithValues: formats), threads: threads)
      .scale(&products, &rewriter)
  }

  mutating func emit(
    _ site: WeightSite, _ products: InputProducts?, _ rewriter: inout Rewriter
  ) throws(OpError) -> String {
    guard let format = format(of: site) else { throw OpError("no format was chosen for it") }
    let key = Key(weight: site.weight, use: site.use, format: format)
    let weight: Emitted
    if let known = emitted[key] {
      weight = known
    } else {
      weight = try code(site, format, products, &rewriter)
    }
    emitted[key] = weight
    switch (options.form, site.use) {
    case (.blocks, .table): lookUp(site, weight, &rewriter)
    case (.blocks, .product): multiply(site, weight, &rewriter)
    case (.dequantize, _):
      let result = dequantize(site, weight, &rewriter)
      emitted[key]?.dequantized = result
    }
    dropUnread(site.weight, &rewriter)
    return weight.text
  }

  // MARK: Codes

  private mutating func code(
    _ site: WeightSite, _ format: BlockFormat, _ products: InputProducts?, _ rewriter: inout Rewriter
  ) throws(OpError) -> Emitted {
    guard let data = rewriter.graph[site.weight].constant else { throw OpError("the weight is computed") }
    let isInputsFirst = site.use == .product(isInputsFirst: true)
    let matrix = try WeightMatrix(data, isInputsFirst: isInputsFirst, isChecked: false)
    let layout: PackedWeight.Layout =
      switch (options.form, site.use) {
      case (.blocks, .product): .blocks
      case (_, .table): .table
      case (.dequantize, .product): isInputsFirst ? .inputsFirst : .outputsFirst
      }
    let choice = try choose(site, products, rewriter.graph)
    let packed = try PackedWeight(
      matrix, format, layout, scaleType: data.dataType, threads: threads, coder: choice.coder)
    data.bytes?.evict()
    let (name, bits) = (rewriter.graph[site.weight].name, format.bits)
    let middle = options.form == .dequantize ? "_DQ" : ""
    let emitted = Emitted(
      format: format,
      codes: rewriter.addInitializer("\(name)\(middle)_Q\(bits)", packed.codes),
      scales: rewriter.addInitializer("\(name)\(middle)_scales", packed.scales),
      zeroPoints: packed.zeroPoints.map { rewriter.addInitializer("\(name)\(middle)_zero_points", $0) },
      text: "\(bits) bits in blocks of \(format.blockSize), \(choice.text)")
    weightCount += 1
    return emitted
  }

  /// The coder for a site. A weight that the algorithm cannot learn about is coded without samples, and its report says so.
  private mutating func choose(
    _ site: WeightSite, _ products: InputProducts?, _ graph: Graph
  ) throws(OpError) -> Choice {
    let algorithm = options.algorithm
    guard algorithm.needsSamples else { return (try algorithm.start(options, nil), algorithm.name) }
    guard case .product = site.use, let input = graph[site.node].operand(0) else {
      return (RangeSearch(importance: nil), "mse, for no product sums over the columns of a table")
    }
    if let latest, latest.input == input { return latest.choice }
    let choice: Choice
    do throws(OpError) {
      choice = (try algorithm.start(options, products), algorithm.name)
    } catch {
      choice = (RangeSearch(importance: nil), "mse instead of \(algorithm.name): \(error.message)")
    }
    latest = (input, choice)
    return choice
  }

  // MARK: Forms

  /// Given: `%y = MatMul(%x, %w)`. Result: `%y = com.microsoft.MatMulNBits(%x, %codes, %scales, %zeros)`.
  private func multiply(_ site: WeightSite, _ weight: Emitted, _ rewriter: inout Rewriter) {
    let node = rewriter.graph[site.node]
    guard let input = node.operand(0), let data = rewriter.graph[site.weight].constant else { return }
    let (first, last) = (data.shape[data.rank - 2], data.shape[data.rank - 1])
    let (inner, outer) = site.use == .product(isInputsFirst: true) ? (first, last) : (last, first)
    var attributes: Attributes = [
      "K": .int(Int64(inner)), "N": .int(Int64(outer)), "bits": .int(Int64(weight.format.storedBits)),
      "block_size": .int(Int64(weight.format.blockSize)),
    ]
    if options.accuracyLevel > 0 { attributes["accuracy_level"] = .int(Int64(options.accuracyLevel)) }
    var operands: [ValueID?] = [input, weight.codes, weight.scales, weight.zeroPoints]
    if node.op == "Gemm", let bias = node.operand(2) { operands += [nil, bias] }
    rewriter.setAll(site.node, .microsoft("MatMulNBits"), operands.droppingLastNils, attributes)
  }

  /// Given: `%y = Gather(%w, %i)`. Result: `%y = com.microsoft.GatherBlockQuantized(%codes, %i, %scales, %zeros)`.
  private func lookUp(_ site: WeightSite, _ weight: Emitted, _ rewriter: inout Rewriter) {
    let attributes: Attributes = [
      "gather_axis": .int(0), "quantize_axis": .int(1), "block_size": .int(Int64(weight.format.blockSize)),
      "bits": .int(Int64(weight.format.storedBits)),
    ]
    let operands = [weight.codes, rewriter.graph[site.node].operand(1), weight.scales, weight.zeroPoints]
    rewriter.setAll(site.node, .microsoft("GatherBlockQuantized"), operands.droppingLastNils, attributes)
  }

  /// Given: `%y = MatMul(%x, %w)`. Result: `%y = MatMul(%x, DequantizeLinear(%codes, %scales, %zeros))`.
  private func dequantize(_ site: WeightSite, _ weight: Emitted, _ rewriter: inout Rewriter) -> ValueID {
    if let known = weight.dequantized {
      rewriter.setOperand(1, of: site.node, to: known)
      return known
    }
    let isInputsFirst = site.use == .product(isInputsFirst: true)
    let name = rewriter.graph[weight.codes].name
    let type = ValueType.tensor(
      rewriter.graph[weight.scales].type.dataType ?? .float32, rewriter.graph[weight.codes].type.shape)
    let attributes: Attributes = [
      "axis": .int(isInputsFirst ? 0 : 1), "block_size": .int(Int64(weight.format.blockSize)),
    ]
    let operands: [ValueID?] = [weight.codes, weight.scales] + (weight.zeroPoints.map { [$0] } ?? [])
    let result = rewriter.add(
      "DequantizeLinear", operands, attributes, name: name + "_output", type: type, at: .before(site.node))
    if let producer = rewriter.graph[result].producer { rewriter.setName(producer, name) }
    rewriter.setOperand(1, of: site.node, to: result)
    return result
  }

  private func dropUnread(_ weight: ValueID, _ rewriter: inout Rewriter) {
    guard rewriter.graph.contains(weight), rewriter.graph[weight].useCount == 0 else { return }
    rewriter.erase(weight)
  }
}
