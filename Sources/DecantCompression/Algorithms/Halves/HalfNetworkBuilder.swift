internal import DecantIR

/// Lays out the graphs of a model, whose types are inferred, as one ``HalfNetwork``.
struct HalfNetworkBuilder {
  private(set) var network = HalfNetwork()
  private let options: HalfConversionOptions

  /// From a main graph without calls of functions.
  static func build(_ graph: Graph, _ options: HalfConversionOptions) -> HalfNetwork {
    var builder = HalfNetworkBuilder(options)
    builder.addMain(graph)
    builder.readLinks()
    return builder.network
  }

  private init(_ options: HalfConversionOptions) { self.options = options }

  // MARK: Graphs

  private mutating func addMain(_ graph: Graph) {
    let main = add(graph, parent: nil, loops: 0)
    let interface = options.keepsInterface ? HalfNetwork.float : HalfNetwork.half
    func unit(_ kind: HalfNetwork.Kind) -> Int { kind == .float ? interface : HalfNetwork.float }
    for input in graph.inputs {
      let place = ValuePlace(graph: main, value: input)
      define(place, .unit(unit(network.kind(place))))
    }
    visit(main)
    for (index, output) in graph.outputs.enumerated() {
      let place = ValuePlace(graph: main, value: output.value)
      guard network.indices[place] != nil else { continue }
      network.entries[main].outputs[index] = unit(network.kind(place))
      read(place, unit(network.kind(place)))
    }
  }

  private mutating func add(_ graph: Graph, parent: NodePlace?, loops: Int) -> Int {
    let index = network.entries.count
    network.entries.append(
      HalfNetwork.Entry(
        graph: graph, parent: parent, loops: loops, outputs: [Int?](repeating: nil, count: graph.outputs.count)))
    for value in graph.initializers { define(ValuePlace(graph: index, value: value), .constant) }
    return index
  }

  private mutating func visit(_ index: Int) {
    let graph = network.entries[index].graph
    for id in graph.order {
      let place = NodePlace(graph: index, node: id)
      let node = graph[id]
      if HalfOperators.controlFlow.contains(node.op) {
        visitControlFlow(place, node)
      } else if node.attributes.holdGraphs {
        visitHolder(place, node)
      } else if node.op == "Cast" {
        visitCast(place, node)
      } else if node.op == "Constant" {
        for case let result? in node.results where HalfNetwork.constant(of: node) != nil {
          define(ValuePlace(graph: index, value: result), .constant)
        }
      } else {
        visitNode(place, node)
      }
    }
  }

  // MARK: Values

  /// Notes a value, unless it is none of the network's.
  private mutating func define(_ place: ValuePlace, _ source: HalfNetwork.Source) {
    let kind = network.kind(place)
    guard kind == .float || kind == .composite else { return }
    network.indices[place] = network.values.count
    network.values.append(
      HalfNetwork.FloatValue(place: place, source: source, isComposite: kind == .composite))
  }

  private mutating func read(_ place: ValuePlace, _ unit: Int) {
    guard let index = network.indices[place] else { return }
    network.values[index].readers.append(unit)
  }

  private mutating func addUnit(_ unit: HalfNetwork.Unit) -> Int {
    network.units.append(unit)
    return network.units.count - 1
  }

  // MARK: Nodes

  private mutating func visitCast(_ place: NodePlace, _ node: Node) {
    guard let operand = node.operand(0), let result = node.result(0) else { return }
    let value = ValuePlace(graph: place.graph, value: result)
    define(value, .cast)
    if network.kind(value) == .other, network.entries[place.graph].graph[result].type.dataType?.isInteger ?? false {
      network.integerized.insert(ValuePlace(graph: place.graph, value: operand))
    }
  }

  private mutating func visitNode(_ place: NodePlace, _ node: Node) {
    let slots = node.operands.enumerated().map { index, operand -> (kind: HalfNetwork.Kind, slot: HalfSlot) in
      guard let operand else { return (.other, .either) }
      return (
        network.kind(ValuePlace(graph: place.graph, value: operand)),
        HalfOperators.operand(index, of: node.op, options)
      )
    }
    let results = node.results.enumerated().map { index, result -> (kind: HalfNetwork.Kind, slot: HalfSlot) in
      guard let result else { return (.other, .either) }
      return (
        network.kind(ValuePlace(graph: place.graph, value: result)), HalfOperators.result(index, of: node.op)
      )
    }
    let all = slots + results
    let isUnknown = all.contains { $0.kind == .unknown && $0.slot == .follows }
    let hasChoice = all.contains { ($0.kind == .float || $0.kind == .composite) && $0.slot == .follows }
    var own = HalfNetwork.float
    if hasChoice {
      own = addUnit(HalfNetwork.Unit(role: .node(place)))
      network.unitOfNode[place] = own
      if isUnknown { fix(own, "the type of an operand or a result is not known") }
    }
    network.operands[place] = slots.map { kind, slot -> Int? in
      guard kind == .float || kind == .composite else { return nil }
      switch slot {
      case .follows: return own
      case .float: return HalfNetwork.float
      case .either: return nil
      }
    }
    readOperands(place, node)
    for (index, result) in node.results.enumerated() {
      guard let result else { continue }
      define(
        ValuePlace(graph: place.graph, value: result),
        .unit(results[index].slot == .follows ? own : HalfNetwork.float))
    }
  }

  private mutating func readOperands(_ place: NodePlace, _ node: Node) {
    for (operand, unit) in zip(node.operands, network.operands[place] ?? []) {
      if let operand, let unit { read(ValuePlace(graph: place.graph, value: operand), unit) }
    }
  }

  private mutating func fix(_ unit: Int, _ reason: String) {
    network.units[unit].isHalf = false
    network.units[unit].reason = reason
  }

  // MARK: Subgraphs

  /// A node whose subgraphs are no control flow: it stays float32, and so do the ends of its subgraphs.
  private mutating func visitHolder(_ place: NodePlace, _ node: Node) {
    let inner = addChildren(place, node, loops: 1)
    var units = node.operands.map { operand -> Int? in
      operand.flatMap { network.indices[ValuePlace(graph: place.graph, value: $0)] } == nil ? nil : HalfNetwork.float
    }
    addCaptures(place, node, inner, &units)
    network.operands[place] = units
    for (operand, unit) in zip(node.declaredOperands, units) {
      if let operand, let unit { read(ValuePlace(graph: place.graph, value: operand), unit) }
    }
    for child in inner {
      for input in network.entries[child].graph.inputs.dropLast(node.captureCount) {
        define(ValuePlace(graph: child, value: input), .unit(HalfNetwork.float))
      }
      visit(child)
      for (index, output) in network.entries[child].graph.outputs.enumerated() {
        let value = ValuePlace(graph: child, value: output.value)
        guard network.indices[value] != nil else { continue }
        network.entries[child].outputs[index] = HalfNetwork.float
        read(value, HalfNetwork.float)
      }
    }
    for case let result? in node.results {
      define(ValuePlace(graph: place.graph, value: result), .unit(HalfNetwork.float))
    }
  }

  private mutating func visitControlFlow(_ place: NodePlace, _ node: Node) {
    let inner = addChildren(place, node, loops: node.op == "If" ? 0 : 1)
    var units = [Int?](repeating: nil, count: node.operands.count)
    addCaptures(place, node, inner, &units)
    switch node.op {
    case "If":
      for index in node.results.indices {
        link(place, operand: nil, inner, input: nil, output: index, result: index, &units)
      }
    case "Loop":
      let carried = max(node.declaredOperands.count - 2, 0)
      for index in 0..<carried {
        link(place, operand: index + 2, inner, input: index + 2, output: index + 1, result: index, &units)
      }
      for index in carried..<max(node.results.count, carried) {
        link(place, operand: nil, inner, input: nil, output: index + 1, result: index, &units)
      }
    default:
      let slices = node.attributes.int("num_scan_inputs", default: 0)
      let states = max(node.declaredOperands.count - max(slices, 0), 0)
      for index in node.declaredOperands.indices {
        let isState = index < states
        link(
          place, operand: index, inner, input: index, output: isState ? index : nil, result: isState ? index : nil,
          &units)
      }
      for index in states..<max(node.results.count, states) {
        link(place, operand: nil, inner, input: nil, output: index, result: index, &units)
      }
    }
    network.operands[place] = units
    for child in inner { visit(child) }
  }

  private mutating func addChildren(_ place: NodePlace, _ node: Node, loops: Int) -> [Int] {
    let depth = network.entries[place.graph].loops + loops
    let inner = node.subgraphs.map { add($0.graph, parent: place, loops: depth) }
    network.children[place] = inner
    return inner
  }

  private mutating func addCaptures(_ place: NodePlace, _ node: Node, _ inner: [Int], _ units: inout [Int?]) {
    for index in 0..<node.captureCount {
      let operand = node.operands.count - node.captureCount + index
      guard let value = node.operands[operand] else { continue }
      let targets = inner.compactMap { child -> ValuePlace? in
        let inputs = network.entries[child].graph.inputs
        let input = inputs.count - node.captureCount + index
        return inputs.indices.contains(input) ? ValuePlace(graph: child, value: inputs[input]) : nil
      }
      units[operand] = addLink([ValuePlace(graph: place.graph, value: value)], targets)
    }
  }

  /// Ties an operand, an input and an output of the subgraphs, and a result together, as far as each is there.
  private mutating func link(
    _ place: NodePlace, operand: Int?, _ inner: [Int], input: Int?, output: Int?, result: Int?, _ units: inout [Int?]
  ) {
    let node = network.node(place)
    var (sources, targets): ([ValuePlace], [ValuePlace]) = ([], [])
    if let operand, let value = node.operand(operand) { sources.append(ValuePlace(graph: place.graph, value: value)) }
    for child in inner {
      let graph = network.entries[child].graph
      if let input, graph.inputs.indices.contains(input) {
        targets.append(ValuePlace(graph: child, value: graph.inputs[input]))
      }
      if let output, graph.outputs.indices.contains(output) {
        sources.append(ValuePlace(graph: child, value: graph.outputs[output].value))
      }
    }
    if let result, let value = node.result(result) { targets.append(ValuePlace(graph: place.graph, value: value)) }
    guard let unit = addLink(sources, targets) else { return }
    if options.type == .bfloat16, options.opset < 16 {
      fix(unit, "\(node.op) takes bf16 from opset 16 on, and the model is at \(options.opset)")
    }
    if let operand, node.operand(operand) != nil { units[operand] = unit }
    guard let output else { return }
    for child in inner where network.entries[child].outputs.indices.contains(output) {
      network.entries[child].outputs[output] = unit
    }
  }

  /// A unit between values of one type; nil when none of them is float32.
  private mutating func addLink(_ sources: [ValuePlace], _ targets: [ValuePlace]) -> Int? {
    let kinds = (sources + targets).map { network.kind($0) }
    guard kinds.contains(where: { $0 == .float || $0 == .composite }) else { return nil }
    let unit = addUnit(HalfNetwork.Unit(role: .link(sources: sources, targets: targets)))
    if kinds.contains(.unknown) { fix(unit, "the type of a value is not known") }
    for target in targets { define(target, .unit(unit)) }
    return unit
  }

  /// Links read what is defined after them, so they read last.
  private mutating func readLinks() {
    for (index, unit) in network.units.enumerated() {
      guard case .link(let sources, _) = unit.role else { continue }
      for source in sources { read(source, index) }
    }
  }
}
