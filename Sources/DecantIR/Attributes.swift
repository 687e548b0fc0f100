/// The value of a node's attribute.
public indirect enum Attribute: Hashable, Sendable {
  case int(Int64)
  case float(Float)
  case string(ByteString)
  case tensor(Tensor)
  case graph(Graph)
  case type(ValueType)
  case sparse(SparseTensor)
  case ints([Int64])
  case floats([Float])
  case strings([ByteString])
  case tensors([Tensor])
  case graphs([Graph])
  case types([ValueType])
  case sparses([SparseTensor])
  /// Inside a function: the value of the call's attribute `name`.
  case reference(name: String, kind: AttributeKind)

  /// Its kind.
  public var kind: AttributeKind {
    switch self {
    case .int: .int
    case .float: .float
    case .string: .string
    case .tensor: .tensor
    case .graph: .graph
    case .type: .type
    case .sparse: .sparse
    case .ints: .ints
    case .floats: .floats
    case .strings: .strings
    case .tensors: .tensors
    case .graphs: .graphs
    case .types: .types
    case .sparses: .sparses
    case .reference(_, let kind): kind
    }
  }

  /// Equal to the bit: floats by their patterns, so that NaN equals itself.
  public static func == (left: Attribute, right: Attribute) -> Bool {
    switch (left, right) {
    case (.int(let a), .int(let b)): a == b
    case (.float(let a), .float(let b)): a.bitPattern == b.bitPattern
    case (.string(let a), .string(let b)): a == b
    case (.tensor(let a), .tensor(let b)): a == b
    case (.graph(let a), .graph(let b)): a == b
    case (.type(let a), .type(let b)): a == b
    case (.sparse(let a), .sparse(let b)): a == b
    case (.ints(let a), .ints(let b)): a == b
    case (.floats(let a), .floats(let b)): a.map(\.bitPattern) == b.map(\.bitPattern)
    case (.strings(let a), .strings(let b)): a == b
    case (.tensors(let a), .tensors(let b)): a == b
    case (.graphs(let a), .graphs(let b)): a == b
    case (.types(let a), .types(let b)): a == b
    case (.sparses(let a), .sparses(let b)): a == b
    case (.reference(let a, let c), .reference(let b, let d)): a == b && c == d
    default: false
    }
  }

  /// Hashes what is cheap; graphs count by their size only.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    switch self {
    case .int(let value): hasher.combine(value)
    case .float(let value): hasher.combine(value.bitPattern)
    case .string(let value): hasher.combine(value)
    case .tensor(let value): hasher.combine(value)
    case .type(let value): hasher.combine(value)
    case .ints(let values): hasher.combine(values)
    case .floats(let values): hasher.combine(values.map(\.bitPattern))
    case .strings(let values): hasher.combine(values)
    case .graph(let graph): hasher.combine(graph.nodeCount)
    default: break
    }
  }
}

/// The kinds of attribute; raw values are those of ONNX's `AttributeProto.AttributeType`.
public enum AttributeKind: Int, Sendable, CaseIterable, Hashable {
  case float = 1
  case int = 2
  case string = 3
  case tensor = 4
  case graph = 5
  case floats = 6
  case ints = 7
  case strings = 8
  case tensors = 9
  case graphs = 10
  case sparse = 11
  case sparses = 12
  case type = 13
  case types = 14
}

/// A sparse tensor in coordinate form, as ONNX stores it.
public struct SparseTensor: Hashable, Sendable {
  /// The values that are not zero, a vector.
  public var values: Tensor
  /// Their places: a vector of flat indices, or `[count, rank]` coordinates; sorted.
  public var indices: Tensor
  /// The extents of the whole.
  public var shape: [Int]

  /// From its parts.
  public init(values: Tensor, indices: Tensor, shape: [Int]) {
    self.values = values
    self.indices = indices
    self.shape = shape
  }
}

/// A node's attributes, sorted by name.
public struct Attributes: Hashable, Sendable, ExpressibleByDictionaryLiteral, Sequence {
  private var entries: [Entry] = []

  private struct Entry: Hashable, Sendable {
    var name: String
    var value: Attribute
  }

  /// None.
  public init() {}

  /// From a literal: `["axis": .int(1)]`. A name given twice keeps its last value.
  public init(dictionaryLiteral elements: (String, Attribute)...) {
    for (name, value) in elements { self[name] = value }
  }

  /// From a list in any order; nil when a name is there twice. O(n log n).
  public init?(unique list: [(name: String, value: Attribute)]) {
    entries = list.map { Entry(name: $0.name, value: $0.value) }.sorted { $0.name < $1.name }
    for (entry, next) in zip(entries, entries.dropFirst()) where entry.name == next.name { return nil }
  }

  /// The value of the attribute `name`; set nil to drop it.
  public subscript(name: String) -> Attribute? {
    get { entries.first { $0.name == name }?.value }
    set {
      let place = entries.firstIndex { $0.name >= name } ?? entries.count
      let exists = place < entries.count && entries[place].name == name
      switch (newValue, exists) {
      case (let value?, true): entries[place].value = value
      case (let value?, false): entries.insert(Entry(name: name, value: value), at: place)
      case (nil, true): entries.remove(at: place)
      case (nil, false): break
      }
    }
  }

  /// How many.
  public var count: Int { entries.count }

  /// Whether there are none.
  public var isEmpty: Bool { entries.isEmpty }

  /// Whether a subgraph is among them.
  public var holdGraphs: Bool {
    entries.contains {
      switch $0.value {
      case .graph, .graphs: true
      default: false
      }
    }
  }

  /// Whether one refers to an attribute of the call of the function around.
  public var holdReferences: Bool {
    entries.contains { if case .reference = $0.value { true } else { false } }
  }

  /// Names and values, sorted by name.
  public func makeIterator() -> AnyIterator<(name: String, value: Attribute)> {
    var index = 0
    return AnyIterator {
      guard index < entries.count else { return nil }
      defer { index += 1 }
      return (entries[index].name, entries[index].value)
    }
  }

  /// The integer `name`, or `fallback` when it is missing or of another kind.
  public func int(_ name: String, default fallback: Int) -> Int {
    if case .int(let value)? = self[name] { Int(value) } else { fallback }
  }

  /// The integer `name`; nil when it is missing or of another kind.
  public func int(_ name: String) -> Int? {
    if case .int(let value)? = self[name] { Int(value) } else { nil }
  }

  /// The float `name`; nil when it is missing or of another kind.
  public func float(_ name: String) -> Float? {
    if case .float(let value)? = self[name] { value } else { nil }
  }

  /// The float `name`, or `fallback`.
  public func float(_ name: String, default fallback: Float) -> Float { float(name) ?? fallback }

  /// The integers `name`; nil when missing or of another kind.
  public func ints(_ name: String) -> [Int]? {
    if case .ints(let values)? = self[name] { values.map(Int.init) } else { nil }
  }

  /// The floats `name`; nil when missing or of another kind.
  public func floats(_ name: String) -> [Float]? {
    if case .floats(let values)? = self[name] { values } else { nil }
  }

  /// The string `name` as text; nil when missing, of another kind or not UTF-8.
  public func string(_ name: String) -> String? {
    if case .string(let value)? = self[name] { value.text } else { nil }
  }

  /// The strings `name` as text; nil when missing, of another kind or not UTF-8.
  public func strings(_ name: String) -> [String]? {
    guard case .strings(let values)? = self[name] else { return nil }
    let texts = values.compactMap(\.text)
    return texts.count == values.count ? texts : nil
  }

  /// The tensor `name`; nil when missing or of another kind.
  public func tensor(_ name: String) -> Tensor? {
    if case .tensor(let value)? = self[name] { value } else { nil }
  }

  /// The type `name`; nil when missing or of another kind.
  public func type(_ name: String) -> ValueType? {
    if case .type(let type)? = self[name] { type } else { nil }
  }

  /// The subgraph `name`; nil when missing or of another kind.
  public func graph(_ name: String) -> Graph? {
    if case .graph(let value)? = self[name] { value } else { nil }
  }
}
