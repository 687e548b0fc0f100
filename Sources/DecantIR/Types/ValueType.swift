/// The type of a value that flows along an edge of the graph.
public indirect enum ValueType: Hashable, Sendable {
  case tensor(TensorType)
  case sparseTensor(TensorType)
  case sequence(ValueType)
  case optional(ValueType)
  case map(key: DataType, value: ValueType)
  case opaque(domain: String, name: String)
  /// Not known yet; inference fills it in.
  case unknown

  /// A tensor type in one word.
  public static func tensor(_ dataType: DataType, _ shape: Shape?) -> ValueType {
    .tensor(TensorType(dataType, shape))
  }

  /// The tensor type, when it is a dense tensor.
  public var tensor: TensorType? {
    if case .tensor(let type) = self { type } else { nil }
  }

  /// The element type, when it is a dense tensor.
  public var dataType: DataType? { tensor?.dataType }

  /// The shape, when it is a dense tensor of known rank.
  public var shape: Shape? { tensor?.shape }

  /// What both types allow: the more precise of the two in every part; nil where they contradict each other.
  public func merged(with other: ValueType) -> ValueType? {
    switch (self, other) {
    case (.unknown, _): return other
    case (_, .unknown): return self
    case (.tensor(let a), .tensor(let b)):
      return a.merged(with: b).map { .tensor($0) }
    case (.sparseTensor(let a), .sparseTensor(let b)):
      return a.merged(with: b).map { .sparseTensor($0) }
    case (.sequence(let a), .sequence(let b)):
      return a.merged(with: b).map { .sequence($0) }
    case (.optional(let a), .optional(let b)):
      return a.merged(with: b).map { .optional($0) }
    case (.map(let key, let a), .map(let otherKey, let b)) where key == otherKey:
      return a.merged(with: b).map { .map(key: key, value: $0) }
    default:
      return self == other ? self : nil
    }
  }
}

/// A dense tensor's element type and shape.
public struct TensorType: Hashable, Sendable {
  /// The element type; nil when not known.
  public var dataType: DataType?
  /// The shape; nil when even the rank is not known, never `[]` for that.
  public var shape: Shape?

  /// A type of which either part may be unknown.
  public init(_ dataType: DataType?, _ shape: Shape?) {
    self.dataType = dataType
    self.shape = shape
  }

  func merged(with other: TensorType) -> TensorType? {
    if let a = dataType, let b = other.dataType, a != b { return nil }
    guard let a = shape, let b = other.shape else {
      return TensorType(dataType ?? other.dataType, shape ?? other.shape)
    }
    return a.merged(with: b).map { TensorType(dataType ?? other.dataType, $0) }
  }
}

/// The extents of a tensor of known rank, outermost first. `[]` is a scalar.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral {
  /// One for each axis.
  public var dimensions: [Dimension]

  /// From dimensions.
  public init(_ dimensions: [Dimension]) { self.dimensions = dimensions }

  /// From numbers.
  public init(_ extents: [Int]) { dimensions = extents.map { .fixed($0) } }

  /// From a literal, as in `[.symbol("N"), 3, 224, 224]`.
  public init(arrayLiteral elements: Dimension...) { dimensions = elements }

  /// The number of axes.
  public var rank: Int { dimensions.count }

  /// All extents, when all are numbers.
  public var fixed: [Int]? {
    var extents: [Int] = []
    for dimension in dimensions {
      guard let extent = dimension.fixed else { return nil }
      extents.append(extent)
    }
    return extents
  }

  /// How many elements; 1 for a scalar.
  public var elementCount: Dimension { dimensions.reduce(.fixed(1), *) }

  /// The extent of axis `index`. Precondition: `0..<rank`.
  public subscript(index: Int) -> Dimension {
    get { dimensions[index] }
    set { dimensions[index] = newValue }
  }

  /// Both at once: numbers win over symbols, symbols over unknown; nil when ranks or numbers differ.
  public func merged(with other: Shape) -> Shape? {
    guard rank == other.rank else { return nil }
    var result = dimensions
    for (axis, pair) in zip(dimensions, other.dimensions).enumerated() {
      switch pair {
      case (.fixed(let a), .fixed(let b)):
        guard a == b else { return nil }
      case (.unknown, let b): result[axis] = b
      case (.symbolic, .fixed): result[axis] = pair.1
      default: break
      }
    }
    return Shape(result)
  }

  /// `axis` counted from the front: `-1` becomes `rank - 1`; nil when out of range.
  public func normalize(axis: Int) -> Int? {
    let index = axis < 0 ? axis + rank : axis
    return index >= 0 && index < rank ? index : nil
  }
}

extension Shape: CustomStringConvertible {
  /// `[N,3,224,224]`.
  public var description: String { "[" + dimensions.map(\.description).joined(separator: ",") + "]" }
}

extension ValueType: CustomStringConvertible {
  /// As the text form spells it: `f32[N,3]`, `f32[*]` for unknown rank, `seq<f32[*]>`, `?`.
  public var description: String {
    switch self {
    case .tensor(let type): type.description
    case .sparseTensor(let type): "sparse<\(type)>"
    case .sequence(let element): "seq<\(element)>"
    case .optional(let element): "optional<\(element)>"
    case .map(let key, let value): "map<\(key),\(value)>"
    case .opaque(let domain, let name): "opaque<\"\(domain)\",\"\(name)\">"
    case .unknown: "?"
    }
  }
}

extension TensorType: CustomStringConvertible {
  /// `f32[N,3]`; `?` stands for an unknown element type and `[*]` for an unknown rank.
  public var description: String { (dataType?.name ?? "?") + (shape?.description ?? "[*]") }
}
