internal import DecantBytes
internal import DecantIR

/// Carries the choice of types out: constants are rounded, casts stand at the borders, types and attributes follow.
struct HalfEmitter {
  private var network: HalfNetwork
  private let isHalf: [Bool]
  /// The values of each graph, as indices.
  private let members: [Int: [Int]]
  private let flows: HalfFlows
  private let type: HalfType
  /// What mask values become: far enough from the end of the range where they are added to data.
  private let mask: Float
  private(set) var account = HalfAccount()

  init(_ network: HalfNetwork, isHalf: [Bool], flows: HalfFlows, type: HalfType) {
    self.network = network
    self.isHalf = isHalf
    self.flows = flows
    self.type = type
    members = Dictionary(grouping: network.values.indices) { network.values[$0].place.graph }
    mask = flows.isMaskAdded && type == .float16 ? type.greatest / 4 : type.greatest
    account.mask = mask
  }

  /// What one graph has been given in the other type.
  private struct Supply {
    var half: [ValueID: ValueID] = [:]
    var float: [ValueID: ValueID] = [:]
    /// Results of new casts.
    var casts: Set<ValueID> = []
    /// The first node of the graph: what inputs are cast to stands before it.
    var start: Rewriter.Position = .end
  }

  /// The converted graph `index`, its subgraphs included.
  mutating func emit(_ index: Int = 0) throws(DecantError) -> Graph {
    let order = network.entries[index].graph.order
    var inner: [NodeID: [Graph]] = [:]
    for node in order {
      guard let children = network.children[NodePlace(graph: index, node: node)] else { continue }
      var graphs: [Graph] = []
      for child in children { graphs.append(try emit(child)) }
      inner[node] = graphs
    }
    var graph = network.entries[index].graph
    network.entries[index].graph = Graph()
    try graph.edit { (rewriter) throws(DecantError) in
      var supply = Supply()
      if let first = order.first { supply.start = .before(first) }
      for node in order { try convert(NodePlace(graph: index, node: node), inner[node] ?? [], &supply, &rewriter) }
      try convertOutputs(index, &supply, &rewriter)
      try retype(index, &rewriter)
      dropReplaced(index, supply, &rewriter)
      dropEmptyCasts(order, &rewriter)
    }
    return graph
  }

  // MARK: Nodes

  private mutating func convert(
    _ place: NodePlace, _ graphs: [Graph], _ supply: inout Supply, _ rewriter: inout Rewriter
  ) throws(DecantError) {
    let id = place.node
    for (index, unit) in (network.operands[place] ?? []).enumerated() {
      guard let unit, let operand = rewriter.graph[id].operands[index] else { continue }
      let given = try value(operand, isHalf: isHalf[unit], in: place.graph, &supply, &rewriter)
      if given != operand { rewriter.setOperand(index, of: id, to: given) }
    }
    if !graphs.isEmpty { setSubgraphs(id, graphs, &rewriter) }
    guard let unit = network.unitOfNode[place] else { return }
    try setTypeAttribute(id, isHalf[unit], &rewriter)
  }

  private func setSubgraphs(_ id: NodeID, _ graphs: [Graph], _ rewriter: inout Rewriter) {
    var left = graphs[...]
    for (name, attribute) in rewriter.graph[id].attributes {
      switch attribute {
      case .graph: if let inner = left.popFirst() { rewriter.setAttribute(id, name, .graph(inner)) }
      case .graphs(let old):
        rewriter.setAttribute(id, name, .graphs(Array(left.prefix(old.count))))
        left = left.dropFirst(old.count)
      default: continue
      }
    }
  }

  private mutating func setTypeAttribute(
    _ id: NodeID, _ isHalf: Bool, _ rewriter: inout Rewriter
  ) throws(DecantError) {
    let op = rewriter.graph[id].op
    if op == "ConstantOfShape", isHalf {
      let fill = rewriter.graph[id].attributes.tensor("value") ?? Tensor([0] as [Float])
      rewriter.setAttribute(id, "value", .tensor(try rounded(fill, rewriter.graph[id].name)))
      return
    }
    guard let name = HalfOperators.typeAttribute(of: op) else { return }
    // A result's type is stated, for an operand that it would follow may have another.
    guard op != "DequantizeLinear" || rewriter.graph[id].attributes[name] != nil else { return }
    let result: DataType = isHalf ? type.dataType : .float32
    rewriter.setAttribute(id, name, .int(Int64(result.rawValue)))
  }

  // MARK: Values

  /// A value in the type that a reader wants.
  private mutating func value(
    _ value: ValueID, isHalf wanted: Bool, in graph: Int, _ supply: inout Supply, _ rewriter: inout Rewriter
  ) throws(DecantError) -> ValueID {
    let place = ValuePlace(graph: graph, value: value)
    guard let index = network.indices[place] else { return value }
    switch network.values[index].source {
    case .unit(let unit):
      guard isHalf[unit] != wanted else { return value }
      if let known = wanted ? supply.half[value] : supply.float[value] { return known }
      let made = cast(place, toHalf: wanted, supply.start, &rewriter)
      if wanted { supply.half[value] = made } else { supply.float[value] = made }
      supply.casts.insert(made)
      return made
    case .constant, .cast:
      guard wanted else { return value }
      if let known = supply.half[value] { return known }
      let made =
        network.values[index].source == .cast
        ? castedSource(place, &rewriter) : try halfConstant(value, &rewriter)
      supply.half[value] = made
      return made
    }
  }

  private mutating func cast(
    _ place: ValuePlace, toHalf: Bool, _ start: Rewriter.Position, _ rewriter: inout Rewriter
  ) -> ValueID {
    var source = place.value
    let (name, from) = (rewriter.graph[source].name, rewriter.graph[source].type)
    var position = rewriter.graph[source].producer.map { Rewriter.Position.after($0) } ?? start
    if toHalf, flows.masks.contains(place) {
      let limits = [-type.greatest, type.greatest].map {
        rewriter.addInitializer("\(type.dataType)_limit", Tensor(scalar: $0))
      }
      source = rewriter.add(
        "Clip", [source, limits[0], limits[1]], name: name + "_clipped", type: from, at: position)
      if let clip = rewriter.graph[source].producer {
        rewriter.setName(clip, name + "_clipped")
        position = .after(clip)
      }
      account.clips += 1
    }
    account.casts += 1
    let target: DataType = toHalf ? type.dataType : .float32
    return addCast(source, named: name, to: target, shape: from.shape, at: position, &rewriter)
  }

  private func addCast(
    _ source: ValueID, named name: String, to target: DataType, shape: Shape?, at position: Rewriter.Position,
    _ rewriter: inout Rewriter
  ) -> ValueID {
    let result = rewriter.add(
      "Cast", [source], ["to": .int(Int64(target.rawValue))], name: "\(name)_\(target)",
      type: .tensor(target, shape), at: position)
    if let node = rewriter.graph[result].producer { rewriter.setName(node, "\(name)_to_\(target)") }
    return result
  }

  /// What a cast to float32 gives when it is one to the half type: its source, where that has the type already.
  private func castedSource(_ place: ValuePlace, _ rewriter: inout Rewriter) -> ValueID {
    guard let producer = rewriter.graph[place.value].producer, let source = rewriter.graph[producer].operand(0) else {
      return place.value
    }
    if isHalfNow(ValuePlace(graph: place.graph, value: source), rewriter.graph) { return source }
    return addCast(
      source, named: rewriter.graph[place.value].name, to: type.dataType, shape: rewriter.graph[place.value].type.shape,
      at: .after(producer), &rewriter)
  }

  /// Whether a value has the half type, or is going to.
  private func isHalfNow(_ place: ValuePlace, _ graph: Graph) -> Bool {
    if let index = network.indices[place], case .unit(let unit) = network.values[index].source { return isHalf[unit] }
    return graph[place.value].type.dataType == type.dataType
  }

  private mutating func halfConstant(_ value: ValueID, _ rewriter: inout Rewriter) throws(DecantError) -> ValueID {
    let name = rewriter.graph[value].name
    if let data = rewriter.graph[value].constant {
      let made = rewriter.addInitializer("\(name)_\(type.dataType)", try rounded(data, name))
      rewriter.annotate(made, rewriter.graph[value].annotations)
      return made
    }
    guard let producer = rewriter.graph[value].producer,
      let data = HalfNetwork.constant(of: rewriter.graph[producer])
    else { return value }
    let tensor = try rounded(data, name)
    let made = rewriter.add(
      "Constant", [], ["value": .tensor(tensor)], name: "\(name)_\(type.dataType)", type: tensor.type,
      at: .after(producer))
    if let node = rewriter.graph[made].producer { rewriter.setName(node, "\(name)_\(type.dataType)") }
    return made
  }

  private mutating func rounded(_ data: Tensor, _ name: String) throws(DecantError) -> Tensor {
    do throws(OpError) {
      let half = try HalfTensor(data, type, mask: mask)
      account.add(half, name)
      return half.tensor
    } catch {
      throw DecantError(error, at: ["constant '\(name)'"])
    }
  }

  // MARK: The graph

  private mutating func convertOutputs(
    _ index: Int, _ supply: inout Supply, _ rewriter: inout Rewriter
  ) throws(DecantError) {
    for (place, unit) in network.entries[index].outputs.enumerated() {
      guard let unit else { continue }
      let output = rewriter.graph.outputs[place]
      let given = try value(output.value, isHalf: isHalf[unit], in: index, &supply, &rewriter)
      if given != output.value {
        rewriter.replace(.output(index: place), with: given)
        if supply.casts.contains(given), rewriter.graph[output.value].name == output.name {
          let kind = isHalf[unit] ? DataType.float32 : type.dataType
          rewriter.rename(output.value, to: "\(output.name)_\(kind)")
          rewriter.rename(given, to: output.name)
        }
      }
      if isHalf[unit] { rewriter.setDeclaredType(output: place, output.declaredType.half(type)) }
    }
  }

  private mutating func retype(_ index: Int, _ rewriter: inout Rewriter) throws(DecantError) {
    for value in (members[index] ?? []).map({ network.values[$0] }) {
      guard case .unit(let unit) = value.source, isHalf[unit] else { continue }
      let id = value.place.value
      if let data = rewriter.graph[id].data, rewriter.graph[id].isInput {
        rewriter.setData(id, try rounded(data, rewriter.graph[id].name))
      }
      rewriter.setType(id, rewriter.graph[id].type.half(type))
    }
  }

  /// Drops constants and casts whose readers all read the half one now, which takes the name.
  private mutating func dropReplaced(_ index: Int, _ supply: Supply, _ rewriter: inout Rewriter) {
    let replaced = supply.half.sorted { rewriter.graph[$0.key].name < rewriter.graph[$1.key].name }
    for (value, made) in replaced {
      guard let known = network.indices[ValuePlace(graph: index, value: value)] else { continue }
      if case .unit = network.values[known].source { continue }
      let uses = rewriter.graph.uses(of: value)
      guard uses.allSatisfy({ isIndifferent($0, index, rewriter.graph) }) else {
        account.stored(twice: rewriter.graph[made].constant)
        continue
      }
      rewriter.replaceAllUses(of: value, with: made)
      let name = rewriter.graph[value].name
      if let producer = rewriter.graph[value].producer {
        let nodeName = rewriter.graph[producer].name
        rewriter.eraseWithProducers(producer)
        if network.values[known].source == .constant, let node = rewriter.graph[made].producer {
          rewriter.setName(node, nodeName)
        }
      } else {
        rewriter.erase(value)
      }
      if network.values[known].source == .constant { rewriter.rename(made, to: name) }
    }
  }

  /// Drops casts of the source to what their operands have become.
  private func dropEmptyCasts(_ order: [NodeID], _ rewriter: inout Rewriter) {
    for node in order where rewriter.graph.contains(node) && rewriter.graph[node].op == "Cast" {
      guard let operand = rewriter.graph[node].operand(0), let result = rewriter.graph[node].result(0),
        rewriter.graph[operand].type.dataType == type.dataType, rewriter.graph[result].type.dataType == type.dataType
      else { continue }
      rewriter.replaceAllUses(of: result, with: operand)
      rewriter.erase(node)
    }
  }

  /// Whether a reader may read either type, and gives the same.
  private func isIndifferent(_ use: Use, _ index: Int, _ graph: Graph) -> Bool {
    guard case .operand(let node, let operand) = use, graph[node].op != "Cast",
      let units = network.operands[NodePlace(graph: index, node: node)], units.indices.contains(operand)
    else { return false }
    return units[operand] == nil
  }
}

extension ValueType {
  /// The same type with half floats for float32.
  fileprivate func half(_ type: HalfType) -> ValueType {
    switch self {
    case .tensor(let tensor):
      return tensor.dataType == .float32 ? .tensor(TensorType(type.dataType, tensor.shape)) : self
    case .sequence(let element): return .sequence(element.half(type))
    case .optional(let element): return .optional(element.half(type))
    default: return self
    }
  }
}
