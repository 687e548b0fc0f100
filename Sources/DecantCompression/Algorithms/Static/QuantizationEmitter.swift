internal import DecantForms
internal import DecantIR

/// Carries a plan out: makes codes, scales and zero points, and puts the nodes in.
struct QuantizationEmitter {
  let plan: QuantizationPlan
  var report: QuantizationReport
  let ranges: CalibratedRanges
  let grids: Grids
  let options: StaticQuantizationOptions
  /// The nodes that may be quantized.
  let chosen: Set<NodeID>
  private var style: QuantizationStyle { options.style }
  /// Whether ONNX Runtime's quantizer of operators on codes is followed, which has its own view of ranges.
  private var isOfCodes: Bool { options.style == .onnxRuntime && options.form == .operators }

  /// The scale and zero point behind a value that was quantized.
  private struct Emitted {
    let scale: ValueID
    let zeroPoint: ValueID
    let scales: [Float]
    /// The type of the codes.
    let type: DataType
  }

  private var emitted: [ValueID: Emitted] = [:]
  private var weightParameters: [ValueID: [AffineParameters]] = [:]
  /// The axes of constants that have channels.
  private var channelAxes: [ValueID: Int] = [:]
  /// What the user says about marked values.
  private var overrides: [ValueID: [TensorOverride]] = [:]
  /// A table and whether its codes have a scale for each column.
  private struct TableForm: Hashable {
    let table: ValueID
    let hasColumns: Bool
  }

  private var codedTables: [TableForm: CodedTable] = [:]
  private var anchor: NodeID?

  init(
    plan: QuantizationPlan, report: QuantizationReport, ranges: CalibratedRanges, grids: Grids,
    options: StaticQuantizationOptions, chosen: Set<NodeID>
  ) {
    self.plan = plan
    self.report = report
    self.ranges = ranges
    self.grids = grids
    self.options = options
    self.chosen = chosen
  }

  /// Carries the plan out; `means` are those of the channels of inputs of layers, by name, for corrections of biases.
  mutating func emit(_ rewriter: inout Rewriter, means: [String: [Float]] = [:]) throws(OpError) {
    anchor = rewriter.graph.firstNode
    for (value, _) in plan.ordered { overrides[value] = options.overrides[rewriter.graph[value].name] }
    try fitConstants(rewriter.graph)
    if options.adjustsWeights { enlargeScalesForBiases(rewriter.graph) }
    if options.correctsBiases, !means.isEmpty { correctBiases(means, &rewriter) }
    var waiting: [(value: ValueID, provider: ValueID)] = []
    for (value, role) in plan.ordered {
      switch role {
      case .sharing(let provider): waiting.append((value, provider))
      case .activation, .weight, .given: try emitOwn(value, role, &rewriter)
      }
    }
    try emitShared(waiting, &rewriter)
    for node in plan.tables { try emitTable(node, &rewriter) }
    if options.quantizesBiases {
      for bias in plan.biases { try emit(bias, &rewriter) }
    }
    dropUnread(&rewriter)
  }

  // MARK: Parameters

  private mutating func fitConstants(_ graph: Graph) throws(OpError) {
    for (value, role) in plan.ordered {
      guard let data = graph[value].constant else { continue }
      do throws(OpError) {
        switch role {
        case .weight(let axis): try fit(value, data, axis, isWeight: true)
        case .activation: try fit(value, data, nil, isWeight: false)
        case .sharing, .given: continue
        }
      } catch {
        throw OpError("initializer '\(graph[value].name)': \(error.message)", kind: error.kind)
      }
    }
  }

  /// Chooses what the codes of a constant mean; what the user says about it comes first.
  private mutating func fit(
    _ value: ValueID, _ data: Tensor, _ usualAxis: Int?, isWeight: Bool
  ) throws(OpError) {
    let given = overrides[value]?.first
    let grid = isWeight ? grid(ofWeight: value) : grid(ofActivation: value)
    let axis = given == nil ? usualAxis : given?.axis.map { $0 < 0 ? $0 + data.rank : $0 }
    channelAxes[value] = axis
    let list = overrides[value] ?? []
    let known = list.compactMap(\.parameters)
    if !known.isEmpty {
      guard known.allSatisfy({ grid.codes.contains($0.zeroPoint) }) else {
        throw OpError("'zero_point' expected in \(grid.codes)")
      }
      weightParameters[value] = known
      return
    }
    let isUsuallySymmetric =
      isWeight
      ? (axis != nil && !isOfCodes) || (options.weightsAreSymmetric ?? grid.isSigned)
      : axis != nil || constantsAreSymmetric
    let isUsuallyReduced = options.isReduced && (isWeight || (style == .onnxRuntime && !isOfCodes))
    let ranges = try QuantizedWeight.ranges(of: data, axis: axis)
    weightParameters[value] = ranges.enumerated().map { index, range in
      AffineParameters(
        range: index < list.count ? list[index].applied(to: range) : range, grid: grid,
        symmetric: given?.isSymmetric ?? isUsuallySymmetric, isReduced: given?.isReduced ?? isUsuallyReduced,
        scaleType: data.dataType)
    }
  }

  /// Whether constants that meet activations have zero in the middle. ONNX Runtime's operators on codes take them for weights
  /// when both have one type.
  private var constantsAreSymmetric: Bool {
    guard isOfCodes, grids.activations.type == grids.weights.type else { return options.isSymmetric }
    return options.weightsAreSymmetric ?? grids.weights.isSigned
  }

  private func grid(ofActivation value: ValueID) -> IntegerGrid {
    overrides[value]?.first?.type.flatMap { IntegerGrid($0) } ?? grids.activations
  }

  private func grid(ofWeight value: ValueID) -> IntegerGrid {
    if let type = overrides[value]?.first?.type, let grid = IntegerGrid(type) { return grid }
    return plan.signedWeights.contains(value) ? IntegerGrid(type: .int8, codes: -128...127) : grids.weights
  }

  /// What the codes of an activation will mean; nil without a range.
  private func parameters(ofActivation value: ValueID, _ graph: Graph) -> AffineParameters? {
    switch plan.role(of: value) {
    case .given(let parameters): return parameters
    case .sharing(let provider) where isOfCodes:
      return weightParameters[provider]?.first ?? parameters(ofActivation: provider, graph)
    default:
      let given = overrides[value]?.first
      if let parameters = given?.parameters { return parameters }
      return ranges.byName[graph[value].name].map {
        AffineParameters(
          range: given?.applied(to: $0) ?? $0, grid: grid(ofActivation: value),
          symmetric: given?.isSymmetric ?? options.isSymmetric)
      }
    }
  }

  private mutating func enlargeScalesForBiases(_ graph: Graph) {
    for bias in plan.biases {
      guard plan.role(of: bias.input) != nil, let parameters = weightParameters[bias.weight],
        case .weight = plan.role(of: bias.weight), grids.weights.isSigned, grids.weights.type.bitWidth >= 8,
        parameters.allSatisfy({ $0.zeroPoint == 0 }),
        let input = self.parameters(ofActivation: bias.input, graph),
        let values = graph[bias.bias].constant?.array(of: Float.self)
      else { continue }
      let scales = QuantizedBias.enlarge(
        weightScales: parameters.map(\.scale), inputScale: input.scale, bias: values)
      weightParameters[bias.weight] = scales.map { AffineParameters(scale: $0, zeroPoint: 0) }
    }
  }

  /// Corrects the biases of the layers whose weights are about to become codes.
  private mutating func correctBiases(_ means: [String: [Float]], _ rewriter: inout Rewriter) {
    for (value, role) in plan.ordered {
      guard case .weight = role, let parameters = weightParameters[value],
        let data = rewriter.graph[value].constant?.aligned, data.dataType == .float32
      else { continue }
      var errors: [Float]?
      for case .operand(let layer, 1) in rewriter.graph.uses(of: value) {
        guard let input = rewriter.graph[layer].operand(0), let means = means[rewriter.graph[input].name] else {
          continue
        }
        let found = errors ?? weightErrors(data, parameters, channelAxes[value], grid(ofWeight: value))
        errors = found
        let outcome = correctBias(of: layer, found, data.shape, means, &rewriter)
        report.steps.append(.init(step: "correct-bias", value: rewriter.graph[value].name, outcome: outcome))
      }
    }
  }

  private mutating func correctBias(
    of layer: NodeID, _ errors: [Float], _ shape: [Int], _ means: [Float], _ rewriter: inout Rewriter
  ) -> String {
    switch BiasCorrection.site(layer, rewriter.graph) {
    case .failure(let absence): return "left: \(absence.reason)"
    case .success(let site):
      guard let bias = rewriter.graph[site.holder].operand(site.operand), rewriter.graph[bias].useCount == 1 else {
        return "left: others read its bias"
      }
      switch BiasCorrection.corrected(site, errors: errors, shape: shape, means: means, rewriter.graph) {
      case .failure(let absence): return "left: \(absence.reason)"
      case .success(let corrected):
        rewriter.setData(bias, corrected)
        return "the means of its weights' errors are in '\(rewriter.graph[bias].name)'"
      }
    }
  }

  /// What codes leave of each element of a weight.
  private func weightErrors(
    _ data: Tensor, _ parameters: [AffineParameters], _ axis: Int?, _ grid: IntegerGrid
  ) -> [Float] {
    let values = data.span(of: Float.self)
    var errors = [Float](repeating: 0, count: values.count)
    ChannelLayout(shape: data.shape, axis: axis).forEachRun { channel, run in
      let parameter = parameters[channel]
      for index in run {
        let code = parameter.code(of: values[index], grid: grid) - parameter.zeroPoint
        errors[index] = values[index] - Float(code) * parameter.scale
      }
    }
    return errors
  }

  // MARK: Values

  private mutating func emitOwn(
    _ value: ValueID, _ role: QuantizationPlan.Role, _ rewriter: inout Rewriter
  ) throws(OpError) {
    if let data = rewriter.graph[value].constant {
      try emitConstant(value, data, role, &rewriter)
      return
    }
    let name = rewriter.graph[value].name
    guard let parameters = parameters(ofActivation: value, rewriter.graph) else {
      guard style == .decant else { throw OpError("the statistics have no range for '\(name)'") }
      report.notes.append("'\(name)' stays in float: calibration saw no data for it")
      return
    }
    let grid = grid(ofActivation: value)
    let type = grid.type
    guard grid.codes.contains(parameters.zeroPoint) else {
      throw OpError("the overrides of '\(name)': 'zero_point' expected in \(grid.codes), got \(parameters.zeroPoint)")
    }
    let scale = rewriter.addInitializer(name + "_scale", Tensor(scalar: parameters.scale))
    let zeroPoint = rewriter.addInitializer(
      name + "_zero_point",
      AffineParameters.zeroPoints([parameters.zeroPoint], type: type, isScalar: true))
    emitPair(value, Emitted(scale: scale, zeroPoint: zeroPoint, scales: [parameters.scale], type: type), &rewriter)
  }

  private mutating func emitConstant(
    _ value: ValueID, _ data: Tensor, _ role: QuantizationPlan.Role, _ rewriter: inout Rewriter
  ) throws(OpError) {
    guard let parameters = weightParameters[value] else { return }
    let name = rewriter.graph[value].name
    let axis = channelAxes[value]
    var grid = grid(ofActivation: value)
    if case .weight = role { grid = self.grid(ofWeight: value) }
    let weight = try QuantizedWeight(data, grid: grid, parameters: parameters, axis: axis)
    let scale = rewriter.addInitializer(name + "_scale", weight.scales)
    let zeroPoint = rewriter.addInitializer(name + "_zero_point", weight.zeroPoints)
    if options.keepsFloatWeights {
      emitPair(
        value, Emitted(scale: scale, zeroPoint: zeroPoint, scales: parameters.map(\.scale), type: grid.type),
        axis: axis, &rewriter)
      return
    }
    let codes = rewriter.addInitializer(name + "_quantized", weight.codes)
    let result = rewriter.add(
      "DequantizeLinear", [codes, scale, zeroPoint], axis.map { ["axis": .int(Int64($0))] } ?? [:],
      name: name + "_DequantizeLinear_Output", type: rewriter.graph[value].type, at: start)
    nameProducer(of: result, name + "_DequantizeLinear", &rewriter)
    rewriter.replaceAllUses(of: value, with: result)
    emitted[value] = Emitted(
      scale: scale, zeroPoint: zeroPoint, scales: parameters.map(\.scale), type: grid.type)
    report.weights += 1
  }

  /// Given: `%t` read by others. Result: they read `DequantizeLinear(QuantizeLinear(%t))`.
  private mutating func emitPair(
    _ value: ValueID, _ parameters: Emitted, axis: Int? = nil, _ rewriter: inout Rewriter
  ) {
    let (name, type) = (rewriter.graph[value].name, rewriter.graph[value].type)
    let isOutput = rewriter.graph.isOutput(value)
    let uses = rewriter.graph.uses(of: value)
    let isConstant = rewriter.graph[value].constant != nil
    if options.hasDedicatedPairs, !isConstant, emitDedicated(value, parameters, uses, &rewriter) { return }
    let attributes: Attributes = axis.map { ["axis": .int(Int64($0))] } ?? [:]
    let position = rewriter.graph[value].producer.map { Rewriter.Position.after($0) } ?? start
    if isOutput { rewriter.rename(value, to: name + "_QuantizeLinear_Input") }
    let codes = rewriter.add(
      "QuantizeLinear", [value, parameters.scale, parameters.zeroPoint], attributes,
      name: name + "_QuantizeLinear_Output", type: .tensor(parameters.type, type.shape), at: position)
    nameProducer(of: codes, name + "_QuantizeLinear", &rewriter)
    let after = rewriter.graph[codes].producer.map { Rewriter.Position.after($0) } ?? start
    let result = rewriter.add(
      "DequantizeLinear", [codes, parameters.scale, parameters.zeroPoint], attributes,
      name: isOutput ? name : name + "_DequantizeLinear_Output", type: type, at: after)
    nameProducer(of: result, name + "_DequantizeLinear", &rewriter)
    for use in uses { rewriter.replace(use, with: result) }
    emitted[value] = parameters
    if !isConstant { report.activations += 1 }
  }

  /// A pair for each reading operand of nodes that are quantized; others go on reading the float value. False when there
  /// are fewer than two.
  private mutating func emitDedicated(
    _ value: ValueID, _ parameters: Emitted, _ uses: [Use], _ rewriter: inout Rewriter
  ) -> Bool {
    let readers = uses.filter { $0.node.map(chosen.contains) ?? false }
    guard readers.count > 1 else { return false }
    let (name, type) = (rewriter.graph[value].name, rewriter.graph[value].type)
    for (index, use) in readers.enumerated() {
      guard let reader = use.node else { continue }
      let codes = rewriter.add(
        "QuantizeLinear", [value, parameters.scale, parameters.zeroPoint],
        name: name + "_QuantizeLinear_Output_\(index + 1)", type: .tensor(parameters.type, type.shape),
        at: .before(reader))
      nameProducer(of: codes, name + "_QuantizeLinear_\(index + 1)", &rewriter)
      let result = rewriter.add(
        "DequantizeLinear", [codes, parameters.scale, parameters.zeroPoint],
        name: name + "_DequantizeLinear_Output_\(index + 1)", type: type, at: .before(reader))
      nameProducer(of: result, name + "_DequantizeLinear_\(index + 1)", &rewriter)
      rewriter.replace(use, with: result)
    }
    emitted[value] = parameters
    report.activations += 1
    return true
  }

  /// Values that take another's scale, as soon as that one has it; in the end those without a provider stay in float.
  private mutating func emitShared(
    _ shared: [(value: ValueID, provider: ValueID)], _ rewriter: inout Rewriter
  ) throws(OpError) {
    var waiting = shared
    while !waiting.isEmpty {
      let before = waiting
      waiting.removeAll()
      for (value, provider) in before {
        guard let parameters = emitted[provider] else {
          waiting.append((value, provider))
          continue
        }
        if let data = rewriter.graph[value].constant {
          try emitConstant(value, data, on: parameters, &rewriter)
        } else {
          emitPair(value, parameters, &rewriter)
        }
      }
      guard waiting.count < before.count else { break }
    }
    for (value, _) in waiting {
      report.notes.append("'\(rewriter.graph[value].name)' stays in float: its input does")
    }
  }

  /// A constant on the scale of an activation that it joins.
  private mutating func emitConstant(
    _ value: ValueID, _ data: Tensor, on parameters: Emitted, _ rewriter: inout Rewriter
  ) throws(OpError) {
    guard let scale = parameters.scales.first,
      let zeroPoint = rewriter.graph[parameters.zeroPoint].constant?.integers?.first
    else { return }
    let name = rewriter.graph[value].name
    let weight = try QuantizedWeight(
      data, grid: IntegerGrid(parameters.type) ?? grids.activations,
      parameters: [AffineParameters(scale: scale, zeroPoint: zeroPoint)], axis: nil)
    let codes = rewriter.addInitializer(name + "_quantized", weight.codes)
    let result = rewriter.add(
      "DequantizeLinear", [codes, parameters.scale, parameters.zeroPoint], name: name + "_DequantizeLinear_Output",
      type: rewriter.graph[value].type, at: start)
    nameProducer(of: result, name + "_DequantizeLinear", &rewriter)
    rewriter.replaceAllUses(of: value, with: result)
    emitted[value] = parameters
    report.weights += 1
  }

  /// Given: `%y = Gather(%table, %ids)`. Result: `%y = DequantizeLinear(Gather(%codes, %ids))`.
  private mutating func emitTable(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let table = rewriter.graph[node].operand(0), let data = rewriter.graph[table].constant else { return }
    let coded: CodedTable
    let key = TableForm(table: table, hasColumns: CodedTable.hasColumns(rewriter.graph[node], data, options))
    if let known = codedTables[key] {
      coded = known
    } else {
      do throws(OpError) {
        coded = try CodedTable(table, data, reader: rewriter.graph[node], grids.weights, options, &rewriter)
      } catch {
        throw OpError("initializer '\(rewriter.graph[table].name)': \(error.message)", kind: error.kind)
      }
      codedTables[key] = coded
      report.weights += 1
    }
    coded.look(up: node, &rewriter)
  }

  // MARK: Biases

  private mutating func emit(_ bias: QuantizationPlan.Bias, _ rewriter: inout Rewriter) throws(OpError) {
    let name = rewriter.graph[bias.bias].name
    guard let data = rewriter.graph[bias.bias].constant else { return }
    guard let input = emitted[bias.input], let weight = emitted[bias.weight], let inputScale = input.scales.first else {
      report.notes.append("the bias '\(name)' stays in float: its input or weight does")
      return
    }
    let quantized: QuantizedBias
    do throws(OpError) {
      quantized = try QuantizedBias(data, inputScale: inputScale, weightScales: weight.scales, beta: bias.beta)
    } catch {
      throw OpError("initializer '\(name)': \(error.message)", kind: error.kind)
    }
    if quantized.clipped > 0 {
      report.notes.append("\(quantized.clipped) codes of the bias '\(name)' met the limits of int32")
    }
    let codes = rewriter.addInitializer(name + "_quantized", quantized.codes)
    let scale = rewriter.addInitializer(
      name + "_quantized_scale",
      quantized.scales.elementCount == 1 && style == .decant ? quantized.scales.reshaped([]) : quantized.scales)
    let zeroPoint = rewriter.addInitializer(name + "_quantized_zero_point", quantized.zeroPoints)
    let attributes: Attributes = quantized.scales.elementCount > 1 ? ["axis": .int(0)] : [:]
    let type = rewriter.graph[bias.bias].type
    let isFree = rewriter.graph[bias.bias].useCount == 1
    if isFree { rewriter.rename(bias.bias, to: name + "_float") }
    let result = rewriter.add(
      "DequantizeLinear", [codes, scale, zeroPoint], attributes, name: name, type: type, at: .before(bias.node))
    nameProducer(of: result, name + "_DequantizeLinear", &rewriter)
    rewriter.setOperand(bias.operand, of: bias.node, to: result)
    if bias.beta != 1 { rewriter.setAttribute(bias.node, "beta", .float(1)) }
    report.biases += 1
  }

  // MARK: Help

  private var start: Rewriter.Position { anchor.map { .before($0) } ?? .end }

  private func nameProducer(of value: ValueID, _ name: String, _ rewriter: inout Rewriter) {
    if let node = rewriter.graph[value].producer { rewriter.setName(node, name) }
  }

  private func dropUnread(_ rewriter: inout Rewriter) {
    for value in rewriter.graph.initializers where rewriter.graph[value].useCount == 0 { rewriter.erase(value) }
  }
}
