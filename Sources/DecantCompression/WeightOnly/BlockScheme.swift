public import DecantForms
public import DecantIR

extension WeightOnlyOptions {
  /// Weights become codes of few bits in blocks.
  ///
  /// - Parameter formats: the format of each node, when they differ; nodes without one stay in float.
  public func scheme(formats: [NodeID: BlockFormat]? = nil) -> WeightScheme {
    var plain = self
    if let rounding = WeightAlgorithm.named("rtn") { plain.algorithm = rounding }
    let stored = format.bits == format.storedBits ? "" : ", stored in \(format.storedBits)"
    return WeightScheme(
      include: include, exclude: exclude, needsSamples: algorithm.needsSamples,
      what: "codes of \(format.bits) bits\(stored)",
      isByNode: formats != nil,
      makeRounding: { [plain] threads in BlockEmitter(options: plain, formats: formats, threads: threads) },
      makeEmitter: { [self] threads in BlockEmitter(options: self, formats: formats, threads: threads) })
  }

  /// Why the file form cannot hold a site's weight in codes of `format`; nil when it can.
  func unfit(_ site: WeightSite, _ graph: Graph, _ format: BlockFormat) -> NodeOutcome? {
    guard let data = graph[site.weight].constant else { return .skipped("its weight is computed") }
    let node = graph[site.node]
    switch site.use {
    case .table:
      guard quantizesTables else { return .excluded("tables are left out") }
      guard form == .blocks else { return .skipped("ONNX has no operator that looks up codes of few bits") }
      guard format.storedBits >= 4 else {
        return .skipped("tables are looked up in codes of 4 and 8 bits only")
      }
      guard data.dataType != .bfloat16 else { return .skipped("tables of bfloat16 are not looked up in codes") }
      return nil
    case .product:
      guard data.shape.suffix(2).allSatisfy({ $0 >= 16 }) else {
        return .skipped("the weight is too small to gain: \(data.type)")
      }
      if node.op == "Gemm", form == .blocks, let bias = node.operand(2) {
        let isVector = graph[bias].constant.map { $0.shape == [WeightOnlyOptions.outputs(site, data)] } ?? false
        guard isVector, node.attributes.float("beta", default: 1) == 1 else {
          return .skipped("its bias is not a constant vector")
        }
      }
      return nil
    }
  }

  private static func outputs(_ site: WeightSite, _ data: Tensor) -> Int {
    site.use == .product(isInputsFirst: true) ? data.shape[data.rank - 1] : data.shape[data.rank - 2]
  }
}
