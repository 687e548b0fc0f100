internal import DecantIR

/// What is known of float values by where they come from and where they go.
struct HalfFlows {
  /// Values computed from integers and constants alone: masks, positions, sizes.
  private(set) var fromIntegers: Set<ValuePlace> = []
  /// Of those, values that end as angles, sizes or integers again: half floats would miscount them.
  private(set) var positions: Set<ValuePlace> = []
  /// Values that may hold the "minus infinity" of a mask.
  private(set) var masks: Set<ValuePlace> = []
  /// Values that a constant keeps from being 0 that is too small for the type: what divides by them must see it.
  private(set) var floors: Set<ValuePlace> = []
  /// Whether a mask is added to data, which must not take it beyond the type's range.
  private(set) var isMaskAdded = false

  private let network: HalfNetwork
  private let type: HalfType

  init(_ network: HalfNetwork, _ type: HalfType) {
    self.network = network
    self.type = type
    fromIntegers = closure(integerSeeds { !$0.isFloat }) { isLight($0, $1) }
    findPositions()
    findMasks()
    if type == .float16 { findFloors() }
  }

  // MARK: Integers

  /// Results of casts whose source has a type of the given sort.
  private func integerSeeds(_ isSeed: (DataType) -> Bool) -> Set<ValuePlace> {
    var seeds: Set<ValuePlace> = []
    for value in network.values where value.source == .cast {
      let graph = network.entries[value.place.graph].graph
      guard let producer = graph[value.place.value].producer,
        let source = graph.type(ofOperand: 0, of: producer)?.dataType, isSeed(source)
      else { continue }
      seeds.insert(value.place)
    }
    return seeds
  }

  private mutating func findPositions() {
    var seeds = integerSeeds { $0.isInteger && $0.bitWidth >= 16 }
    for (place, _) in network.unitOfNode where network.node(place).op == "Range" {
      seeds.formUnion(network.floatResults(place))
    }
    let forward = closure(seeds) { isLight($0, $1) }
    guard !forward.isEmpty else { return }
    var ends = network.integerized.intersection(forward)
    for value in network.values where forward.contains(value.place) && value.readers.contains(HalfNetwork.float) {
      ends.insert(value.place)
    }
    for (place, _) in network.unitOfNode where ["Sin", "Cos"].contains(network.node(place).op) {
      for (_, operand) in network.floatOperands(place) where forward.contains(operand) { ends.insert(operand) }
    }
    positions = backward(from: ends, within: forward)
  }

  /// Whether a node that reads marked values gives marked ones: it computes with them and constants alone, and no weights.
  private func isLight(_ place: NodePlace, _ marked: Set<ValuePlace>) -> Bool {
    let op = network.node(place).op
    guard op.domain.isEmpty, HalfOperators.isExact(op) || HalfFlows.light.contains(op.type) else { return false }
    return network.floatOperands(place).allSatisfy { _, operand in
      marked.contains(operand) || network.constant(operand).map { $0.elementCount <= 4096 } ?? false
    }
  }

  private static let light: Set<String> = [
    "Add", "Ceil", "CumSum", "Div", "Einsum", "Exp", "Floor", "Log", "MatMul", "Mod", "Mul", "Pow", "Range",
    "Reciprocal",
    "ReduceProd", "ReduceSum", "Round", "Sqrt", "Sub", "Sum",
  ]

  // MARK: Masks

  private mutating func findMasks() {
    var seeds: Set<ValuePlace> = []
    for value in network.values where value.source == .constant {
      guard let tensor = network.constant(value.place), ConstantProfile(tensor, type)?.hasMask ?? false else {
        continue
      }
      seeds.insert(value.place)
    }
    for (place, _) in network.unitOfNode where network.node(place).op == "ConstantOfShape" {
      guard let tensor = network.node(place).attributes.tensor("value"), ConstantProfile(tensor, type)?.hasMask ?? false
      else { continue }
      seeds.formUnion(network.floatResults(place))
    }
    masks = closure(seeds) { carriesMask($0, $1) }
    guard !masks.isEmpty else { return }
    isMaskAdded = network.unitOfNode.keys.contains { addsMask($0) }
  }

  private func carriesMask(_ place: NodePlace, _ marked: Set<ValuePlace>) -> Bool {
    let node = network.node(place)
    if node.op == "Clip" {
      return node.operand(0).map { marked.contains(ValuePlace(graph: place.graph, value: $0)) } ?? false
    }
    return HalfOperators.isExact(node.op) || ["Add", "Sub", "Mul", "Sum"].contains(node.op)
  }

  /// Whether the node adds a mask to something that is data.
  private func addsMask(_ place: NodePlace) -> Bool {
    guard ["Add", "Sub", "Sum"].contains(network.node(place).op) else { return false }
    let operands = network.floatOperands(place).map(\.place)
    return operands.contains { masks.contains($0) && network.constant($0) == nil }
      && operands.contains { !masks.contains($0) && !fromIntegers.contains($0) && network.constant($0) == nil }
      || operands.contains { masks.contains($0) && network.constant($0) != nil }
        && operands.contains { network.constant($0) == nil && !fromIntegers.contains($0) }
  }

  /// Whether operand `index` of the node may hold mask values, which conversion replaces by smaller ones.
  func acceptsMask(_ place: NodePlace, _ index: Int, _ profile: ConstantProfile) -> Bool {
    let op = network.node(place).op
    if HalfOperators.isExact(op) { return true }
    switch op {
    case "Add", "Sum": return !profile.hasPositiveMask
    case "Sub": return index == 1 || !profile.hasPositiveMask
    case "Mul":
      guard profile.hasPositiveMask else { return true }
      return network.floatOperands(place).contains { $0.index != index && fromIntegers.contains($0.place) }
    default: return false
    }
  }

  // MARK: Floors

  private mutating func findFloors() {
    var seeds: Set<ValuePlace> = []
    for (place, _) in network.unitOfNode where ["Add", "Clip", "Max", "Sum"].contains(network.node(place).op) {
      let isSmall = network.floatOperands(place).contains { _, operand in
        guard let profile = network.constant(operand).flatMap({ ConstantProfile($0, type) }) else { return false }
        return profile.largest > 0 && profile.largest < type.leastNormal
      }
      if isSmall { seeds.formUnion(network.floatResults(place)) }
    }
    floors = closure(seeds) { place, _ in
      let op = network.node(place).op
      return HalfOperators.isExact(op) || op == "Sqrt" || op == "Pow"
    }
  }

  // MARK: Closures

  /// All values that marks spread to, along links and through the nodes that `passes`. O(edges · operands).
  private func closure(
    _ seeds: Set<ValuePlace>, _ passes: (NodePlace, Set<ValuePlace>) -> Bool
  ) -> Set<ValuePlace> {
    var marked = seeds
    var pending = Array(seeds)
    while let place = pending.popLast() {
      guard let index = network.indices[place] else { continue }
      for reader in network.values[index].readers {
        let targets: [ValuePlace]
        switch network.units[reader].role {
        case .fixed: continue
        case .link(_, let linked): targets = linked
        case .node(let node): targets = passes(node, marked) ? network.floatResults(node) : []
        }
        for target in targets where network.indices[target] != nil && marked.insert(target).inserted {
          pending.append(target)
        }
      }
    }
    return marked
  }

  /// All values among `region` from which marks come, against the arrows.
  private func backward(from ends: Set<ValuePlace>, within region: Set<ValuePlace>) -> Set<ValuePlace> {
    var marked = ends
    var pending = Array(ends)
    while let place = pending.popLast() {
      guard let index = network.indices[place], case .unit(let unit) = network.values[index].source else { continue }
      let sources: [ValuePlace]
      switch network.units[unit].role {
      case .fixed: continue
      case .link(let linked, _): sources = linked
      case .node(let node): sources = network.floatOperands(node).map(\.place)
      }
      for source in sources where region.contains(source) && marked.insert(source).inserted { pending.append(source) }
    }
    return marked
  }
}
