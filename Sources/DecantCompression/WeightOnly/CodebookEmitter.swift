internal import DecantBytes
internal import DecantForms
internal import DecantIR

/// Puts weights in codes of a codebook into the graph, as MatMulBnb4.
struct CodebookEmitter: SiteEmitter {
  let options: CodebookOptions
  let threads: Int
  private var emitted: [Key: Emitted] = [:]

  private struct Key: Hashable {
    let weight: ValueID
    let use: WeightSite.Use
  }

  private struct Emitted {
    let codes: ValueID
    let magnitudes: ValueID
    let inputs: Int
    let outputs: Int
    let algorithm: String
  }

  /// How many magnitudes share a scale where they are codes too.
  private static let magnitudeBlock = 256

  init(options: CodebookOptions, threads: Int) {
    self.options = options
    self.threads = threads
  }

  var rule: String { options.codebook.rawValue }
  var weightCount: Int { emitted.count }

  func unfit(_ site: WeightSite, _ graph: Graph) -> NodeOutcome? {
    guard case .product = site.use else { return .unconcerned("no operator looks up 4-bit floats") }
    guard let data = graph[site.weight].constant, data.shape.suffix(2).allSatisfy({ $0 >= 16 }) else {
      return .skipped("the weight is too small to gain")
    }
    guard data.dataType != .bfloat16 else { return .skipped("ONNX Runtime multiplies no bfloat16 by 4-bit floats") }
    return nil
  }

  /// Replaces the node of `site`, and says what was done.
  ///
  /// Given: `%y = MatMul(%x, %w)`. Result: `%y = com.microsoft.MatMulBnb4(%x, %codes, %magnitudes)`.
  mutating func emit(
    _ site: WeightSite, _ products: InputProducts?, _ rewriter: inout Rewriter
  ) throws(OpError) -> String {
    let key = Key(weight: site.weight, use: site.use)
    let weight: Emitted
    if let known = emitted[key] {
      weight = known
    } else {
      weight = try code(site, products, &rewriter)
    }
    emitted[key] = weight
    let node = rewriter.graph[site.node]
    guard let input = node.operand(0) else { throw OpError("the product has no input") }
    rewriter.setAll(
      site.node, .microsoft("MatMulBnb4"), [input, weight.codes, weight.magnitudes],
      [
        "K": .int(Int64(weight.inputs)), "N": .int(Int64(weight.outputs)),
        "block_size": .int(Int64(options.blockSize)), "quant_type": .int(Int64(options.codebook.quantType)),
      ])
    if node.op == "Gemm", let bias = node.operand(2) {
      addBias(bias, factor: node.attributes.float("beta", default: 1), to: site.node, &rewriter)
    }
    if rewriter.graph[site.weight].useCount == 0 { rewriter.erase(site.weight) }
    return "\(options.codebook.rawValue) in blocks of \(options.blockSize), \(weight.algorithm)"
  }

  /// Codes a weight. One that nothing can be learned about is rounded, and its report says so.
  private func code(
    _ site: WeightSite, _ products: InputProducts?, _ rewriter: inout Rewriter
  ) throws(OpError) -> Emitted {
    guard let data = rewriter.graph[site.weight].constant else { throw OpError("the weight is computed") }
    let matrix = try WeightMatrix(data, isInputsFirst: site.use == .product(isInputsFirst: true))
    func make(_ products: InputProducts?) throws(OpError) -> CodebookWeight {
      try CodebookWeight(
        matrix, options.codebook, blockSize: options.blockSize, type: data.dataType, products: products,
        threads: threads)
    }
    var (weight, algorithm): (CodebookWeight, String)
    do throws(OpError) {
      (weight, algorithm) = (try make(products), products == nil ? "rounded" : "gptq")
    } catch {
      (weight, algorithm) = (try make(nil), "rounded, not gptq: \(error.message)")
    }
    data.bytes?.evict()
    let name = rewriter.graph[site.weight].name
    let magnitudes =
      options.codesMagnitudes
      ? try coded(weight.magnitudes, name, before: site.node, &rewriter)
      : rewriter.addInitializer(name + "_absmax", weight.magnitudes)
    return Emitted(
      codes: rewriter.addInitializer(name + "_Bnb4", weight.codes), magnitudes: magnitudes, inputs: matrix.columns,
      outputs: matrix.rows, algorithm: algorithm)
  }

  /// Magnitudes as DequantizeLinear of uint8 in blocks; none is negative, so zero is the least code.
  private func coded(
    _ magnitudes: Tensor, _ name: String, before node: NodeID, _ rewriter: inout Rewriter
  ) throws(OpError) -> ValueID {
    guard let values = magnitudes.floats, let grid = IntegerGrid(.uint8) else { throw OpError("no magnitudes") }
    var (codes, scales): ([UInt8], [Float]) = ([], [])
    for start in stride(from: 0, to: values.count, by: CodebookEmitter.magnitudeBlock) {
      let block = values[start..<min(start + CodebookEmitter.magnitudeBlock, values.count)]
      let range = TensorRange(0, block.max() ?? 0)
      let parameters = AffineParameters(range: range, grid: grid, symmetric: false, scaleType: magnitudes.dataType)
      scales.append(parameters.scale)
      codes += block.map { UInt8(truncatingIfNeeded: parameters.code(of: $0, grid: grid)) }
    }
    // ONNX Runtime takes a single scale for one without blocks.
    let isSingle = scales.count == 1
    let operands = [
      rewriter.addInitializer(name + "_absmax_quantized", Tensor(codes)),
      rewriter.addInitializer(
        name + "_absmax_scales",
        Tensor(floats: scales, shape: isSingle ? [] : [scales.count], as: magnitudes.dataType)),
    ]
    let attributes: Attributes =
      isSingle ? [:] : ["axis": .int(0), "block_size": .int(Int64(CodebookEmitter.magnitudeBlock))]
    let result = rewriter.add(
      "DequantizeLinear", operands, attributes, name: name + "_absmax", type: magnitudes.type, at: .before(node))
    if let producer = rewriter.graph[result].producer { rewriter.setName(producer, name + "_absmax_DequantizeLinear") }
    return result
  }

  /// Adds what Gemm adds, times its factor.
  private func addBias(_ bias: ValueID, factor: Float, to node: NodeID, _ rewriter: inout Rewriter) {
    guard let product = rewriter.graph[node].result(0) else { return }
    let (name, type) = (rewriter.graph[product].name, rewriter.graph[product].type)
    var addend = bias
    if factor != 1 {
      let one = Tensor(floats: [factor], shape: [], as: type.dataType ?? .float32)
      let scale = rewriter.addInitializer(name + "_beta", one)
      addend = rewriter.add(
        "Mul", [bias, scale], name: name + "_bias", type: rewriter.graph[bias].type, at: .before(node))
    }
    rewriter.append(addend, to: node)
  }
}
