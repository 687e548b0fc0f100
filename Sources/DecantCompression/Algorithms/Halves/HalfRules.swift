internal import DecantBytes
internal import DecantForms
internal import DecantIR

/// Says for each node whether it must stay float32, and why; and for the others what it is worth to have them half.
struct HalfRules {
  private let network: HalfNetwork
  private let flows: HalfFlows
  private let options: HalfConversionOptions
  /// Why nodes stay float32 by the user's choice.
  let kept: [NodePlace: String]
  private var profiles: [ValuePlace: ConstantProfile?] = [:]

  private var type: HalfType { options.type }

  init(_ network: HalfNetwork, _ flows: HalfFlows, _ options: HalfConversionOptions) throws(DecantError) {
    self.network = network
    self.flows = flows
    self.options = options
    kept = try HalfRules.kept(options, network)
  }

  /// The nodes that the user keeps, subgraphs included, and why.
  ///
  /// - Throws: `usage` for a selector that chooses nothing, with the nearest names.
  private static func kept(
    _ options: HalfConversionOptions, _ network: HalfNetwork
  ) throws(DecantError) -> [NodePlace: String] {
    guard let main = network.entries.first else { return [:] }
    let selection = try NodeSelection(include: options.include, exclude: options.keep, in: main.graph)
    var kept: [NodePlace: String] = [:]
    // A graph comes after the one that holds it.
    for (index, entry) in network.entries.enumerated() {
      for id in entry.graph.order {
        let place = NodePlace(graph: index, node: id)
        let reason =
          entry.parent.map { selection.reason(nested: id, in: entry.graph, holder: kept[$0]) } ?? selection.reason(id)
        if let reason { kept[place] = reason }
      }
    }
    return kept
  }

  /// Why the node stays float32; nil when it may be half.
  mutating func reasonToStay(_ place: NodePlace) -> String? {
    let node = network.node(place)
    if let reason = kept[place] { return reason }
    if let reason = HalfRules.never[node.op.type], node.op.domain.isEmpty { return reason }
    if let reason = unsupported(node.op) { return reason }
    if type == .bfloat16, node.op == "Attention", node.operand(3) != nil,
      node.attributes.int("is_causal", default: 0) != 0
    {
      return "a causal mask beside another has two types in ONNX's definition in bf16"
    }
    if type == .bfloat16, node.op == "Clip", options.opset < 16 {
      return "ONNX defines Clip by Where, which takes bf16 from opset 16 on, and the model is at \(options.opset)"
    }
    if ["ScatterElements", "ScatterND"].contains(node.op), node.attributes.string("reduction") ?? "none" != "none" {
      return "it adds up in place, which needs float32"
    }
    if let reason = constants(place, node) { return reason }
    let angles = ["Sin", "Cos"].contains(node.op) ? network.floatOperands(place).map(\.place) : []
    if (network.floatResults(place) + angles).contains(where: flows.positions.contains) {
      return "it computes positions or sizes from integers, which \(type.dataType) would miscount"
    }
    if let floor = network.floatOperands(place).first(where: { flows.floors.contains($0.place) }) {
      let name = network.entries[place.graph].graph[floor.place.value].name
      return "what a small constant adds to '\(name)' would be 0 in f16"
    }
    if type == .float16, let sum = integerSum(place) {
      return "'\(sum)' is a sum of products of integers, which may be beyond f16's range"
    }
    if let statistics = options.statistics, place.graph == 0, type == .float16 {
      return calibrated(place, node, statistics)
    }
    return staticRule(node.op)
  }

  /// How many casts it is worth to have the node half.
  mutating func gain(_ place: NodePlace) -> Int {
    let op = network.node(place).op
    if HalfOperators.isProduct(op) { return 1000 }
    let hasWeights = network.floatOperands(place).contains {
      network.constant($0.place).map { $0.elementCount >= 64 } ?? false
    }
    if hasWeights { return 1000 }
    return HalfOperators.isExact(op) ? 0 : 1
  }

  private func unsupported(_ op: OpName) -> String? {
    guard let version = HalfOperators.version(of: op, type) else { return "\(op) takes no \(type.dataType)" }
    guard op.domain.isEmpty, version > options.opset else { return nil }
    return "\(op) takes \(type.dataType) from opset \(version) on, and the model is at \(options.opset)"
  }

  // MARK: Constants

  private mutating func constants(_ place: NodePlace, _ node: Node) -> String? {
    let units = network.operands[place] ?? []
    for (index, operand) in network.floatOperands(place) {
      guard units.indices.contains(index), units[index] != HalfNetwork.float, let profile = profile(operand) else {
        continue
      }
      let name = network.entries[operand.graph].graph[operand.value].name
      if let reason = refusal(profile, "its constant '\(name)'") { return reason }
      guard !profile.hasMask || flows.acceptsMask(place, index, profile) else {
        return "its constant '\(name)' is beyond \(type.dataType)'s range, and not as a mask"
      }
    }
    guard node.op == "ConstantOfShape", let value = node.attributes.tensor("value") else { return nil }
    return ConstantProfile(value, type).flatMap { refusal($0, "its value") }
  }

  private func refusal(_ profile: ConstantProfile, _ subject: String) -> String? {
    if profile.largest >= type.overflow {
      return "\(subject) reaches \(profile.largest), beyond \(type.dataType)'s \(type.greatest)"
    }
    if profile.largest > 0, profile.largest < type.leastNormal {
      return "\(subject) of \(profile.largest) is below \(type.dataType)'s normal numbers"
    }
    return nil
  }

  private mutating func profile(_ place: ValuePlace) -> ConstantProfile? {
    if let known = profiles[place] { return known }
    let found = network.constant(place).flatMap { ConstantProfile($0, type) }
    profiles[place] = .some(found)
    return found
  }

  /// An operand that is cast from the 32-bit sums of an integer product.
  private func integerSum(_ place: NodePlace) -> String? {
    for (_, operand) in network.floatOperands(place) {
      let graph = network.entries[operand.graph].graph
      guard let cast = graph[operand.value].producer, graph[cast].op == "Cast",
        var source = graph.producer(ofOperand: 0, of: cast)
      else { continue }
      if graph[source].op == "Add", let first = graph.producer(ofOperand: 0, of: source) { source = first }
      if ["MatMulInteger", "ConvInteger"].contains(graph[source].op.type) { return graph[operand.value].name }
    }
    return nil
  }

  // MARK: Calibration

  private func calibrated(_ place: NodePlace, _ node: Node, _ statistics: CalibrationStatistics) -> String? {
    if let reason = HalfRules.alwaysSums[node.op.type], node.op.domain.isEmpty { return reason }
    let values = network.floatOperands(place).map(\.place) + network.floatResults(place)
    for value in values where network.constant(value) == nil {
      let name = network.entries[0].graph[value.value].name
      guard let seen = statistics.tensors[name], let range = seen.range else { continue }
      let isMask = flows.masks.contains(value)
      let most = isMask ? range.high : range.magnitude
      guard most <= type.greatest / 4, isMask || seen.sentinels == 0 else {
        let reached = seen.sentinels > 0 && !isMask ? "1e+30" : "\(most)"
        return "'\(name)' reached \(reached) in calibration, beyond a quarter of f16's \(type.greatest)"
      }
      guard range.magnitude == 0 || range.magnitude >= type.leastNormal else {
        return "'\(name)' stayed within \(range.magnitude) in calibration, below f16's normal numbers"
      }
    }
    return calibratedSum(place, node, statistics)
  }

  /// The sum inside a reduction can be larger than anything that calibration saw.
  private func calibratedSum(_ place: NodePlace, _ node: Node, _ statistics: CalibrationStatistics) -> String? {
    guard let power = HalfRules.sumPowers[node.op.type], node.op.domain.isEmpty, let operand = node.operand(0),
      let result = node.result(0)
    else { return nil }
    let graph = network.entries[0].graph
    guard let before = statistics.tensors[graph[operand].name], let after = statistics.tensors[graph[result].name],
      let range = before.range, after.count > 0
    else { return "the length of its sum is not known" }
    let terms = Float(before.count) / Float(after.count)
    let most = power == 2 ? range.magnitude * range.magnitude : range.magnitude
    guard terms * most <= type.greatest / 4 else {
      return "sums of \(terms) values up to \(range.magnitude) may be beyond a quarter of f16's range"
    }
    return nil
  }

  // MARK: Without calibration

  private func staticRule(_ op: OpName) -> String? {
    guard op.domain.isEmpty else { return nil }
    if let reason = HalfRules.alwaysSums[op.type] { return reason }
    if HalfRules.sums.contains(op.type) {
      return type == .float16
        ? "sums and powers may be beyond f16's range; calibration (--data) decides" : "sums lose digits in bf16"
    }
    if type == .float16, op == "Exp" { return "it is beyond f16's range from 11.1 on; calibration (--data) decides" }
    return nil
  }

  private static let sums: Set<String> = [
    "CumSum", "Pow", "ReduceL1", "ReduceL2", "ReduceMean", "ReduceSum", "ReduceSumSquare",
  ]

  /// Reductions, and the power of the values that they sum.
  private static let sumPowers = [
    "ReduceL1": 1, "ReduceL2": 2, "ReduceMean": 1, "ReduceSum": 1, "ReduceSumSquare": 2,
  ]

  private static let alwaysSums: [String: String] = {
    let operators = [
      "CumProd", "DFT", "Det", "GlobalLpPool", "LRN", "LpNormalization", "LpPool", "MeanVarianceNormalization",
      "ReduceLogSum", "ReduceLogSumExp", "ReduceProd", "STFT",
    ]
    return Dictionary(uniqueKeysWithValues: operators.map { ($0, "it sums powers or products, which need float32") })
  }()

  private static let never: [String: String] = {
    var table: [String: String] = [:]
    for name in ["Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"] {
      table[name] = "random numbers are drawn in float32"
    }
    for name in ["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"] { table[name] = "losses stay float32" }
    for name in ["BlackmanWindow", "HammingWindow", "HannWindow", "MelWeightMatrix"] {
      table[name] = "signal windows stay float32"
    }
    table["Range"] = "positions stay float32"
    // No operand of it would make ONNX Runtime cast its result.
    table["EyeLike"] = "ONNX Runtime has no kernel of it for halves"
    return table
  }()
}
