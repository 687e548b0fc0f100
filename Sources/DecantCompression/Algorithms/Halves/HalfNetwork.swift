internal import DecantIR

/// A value of one of a model's graphs.
struct ValuePlace: Hashable {
  let graph: Int
  let value: ValueID
}

/// A node of one of a model's graphs.
struct NodePlace: Hashable {
  let graph: Int
  let node: NodeID
}

/// All graphs of a model as one network: units that choose a type, and the float32 values between them.
///
/// A unit is a node, or a link that ties values together which must have one type: what a `Loop` carries, what branches
/// give, what a subgraph captures. A value has the type that its producer chooses; each reader that chooses another type
/// costs a cast. Constants and casts to float32 can be had in both types.
struct HalfNetwork {
  /// A graph, and where it hangs.
  struct Entry {
    var graph: Graph
    /// The node that holds it; nil for the main graph.
    let parent: NodePlace?
    /// How many loops are around it.
    let loops: Int
    /// Who reads each output; nil for outputs that are not float32.
    var outputs: [Int?]
  }

  /// What chooses a type.
  struct Unit {
    enum Role {
      /// Everything that has the type from elsewhere.
      case fixed
      case node(NodePlace)
      case link(sources: [ValuePlace], targets: [ValuePlace])
    }

    let role: Role
    /// True for half, false for float32, nil while open.
    var isHalf: Bool?
    /// Why it is float32.
    var reason = ""
    /// What is lost, in casts, when an open unit stays float32.
    var gain = 0
  }

  /// Where a value comes from.
  enum Source: Hashable {
    case unit(Int)
    /// An initializer or a `Constant` node.
    case constant
    /// A `Cast` to float32.
    case cast
  }

  /// A float32 value, or a sequence or optional of such.
  struct FloatValue {
    let place: ValuePlace
    let source: Source
    /// The units that read it, each as often as it reads it.
    var readers: [Int] = []
    /// Whether no cast can be put behind it, for it is a sequence or an optional.
    let isComposite: Bool
  }

  /// The unit of everything that is float32 in any case.
  static let float = 0
  /// The unit of everything that is half in any case.
  static let half = 1

  var entries: [Entry] = []
  var units: [Unit] = [Unit(role: .fixed, isHalf: false), Unit(role: .fixed, isHalf: true)]
  var values: [FloatValue] = []
  var indices: [ValuePlace: Int] = [:]
  /// Who reads each operand of a node; nil for operands that are not float32, or that may be either.
  var operands: [NodePlace: [Int?]] = [:]
  /// The subgraphs of a node, in the order of ``Node/subgraphs``.
  var children: [NodePlace: [Int]] = [:]
  /// The unit of a node that has a choice.
  var unitOfNode: [NodePlace: Int] = [:]
  /// Values that are cast to integers.
  var integerized: Set<ValuePlace> = []

  /// What a type is to the conversion.
  enum Kind {
    case float
    case composite
    case other
    case unknown
  }

  static func kind(_ type: ValueType) -> Kind {
    switch type {
    case .tensor(let tensor): return tensor.dataType.map { $0 == .float32 ? .float : .other } ?? .unknown
    case .sequence(let element), .optional(let element):
      switch kind(element) {
      case .float, .composite: return .composite
      case .other: return .other
      case .unknown: return .unknown
      }
    case .unknown: return .unknown
    case .sparseTensor, .map, .opaque: return .other
    }
  }

  func kind(_ place: ValuePlace) -> Kind { HalfNetwork.kind(entries[place.graph].graph[place.value].type) }

  /// The node at a place.
  func node(_ place: NodePlace) -> Node { entries[place.graph].graph[place.node] }

  /// The constant that a value is, seen through captures.
  func constant(_ place: ValuePlace) -> Tensor? {
    var place = place
    while true {
      let value = entries[place.graph].graph[place.value]
      if let tensor = value.constant { return tensor }
      if let producer = value.producer {
        let node = entries[place.graph].graph[producer]
        return node.op == "Constant" ? HalfNetwork.constant(of: node) : nil
      }
      guard case .input(let index) = value.definition, let parent = entries[place.graph].parent else { return nil }
      let holder = node(parent)
      let captured = index - (entries[place.graph].graph.inputs.count - holder.captureCount)
      guard captured >= 0, let outer = holder.operands[holder.operands.count - holder.captureCount + captured] else {
        return nil
      }
      place = ValuePlace(graph: parent.graph, value: outer)
    }
  }

  /// The tensor of a `Constant` node that gives floats.
  static func constant(of node: Node) -> Tensor? {
    if let tensor = node.attributes.tensor("value") { return tensor }
    if let number = node.attributes.float("value_float") { return Tensor(scalar: number) }
    return node.attributes.floats("value_floats").map { Tensor($0) }
  }

  /// The float operands of a node that have its type, as places.
  func floatOperands(_ place: NodePlace) -> [(index: Int, place: ValuePlace)] {
    node(place).operands.enumerated().compactMap { index, operand in
      guard let operand else { return nil }
      let value = ValuePlace(graph: place.graph, value: operand)
      return indices[value] == nil ? nil : (index, value)
    }
  }

  /// The float results of a node, as places.
  func floatResults(_ place: NodePlace) -> [ValuePlace] {
    node(place).results.compactMap { result in
      guard let result else { return nil }
      let value = ValuePlace(graph: place.graph, value: result)
      return indices[value] == nil ? nil : value
    }
  }
}
