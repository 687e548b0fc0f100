/// Extents that are decided when the model runs: how many elements are not zero, how often a loop turns.
///
/// Each has a symbol of its own, named after the value where it first appears, so that extents equal to it are known to be
/// equal. Such symbols live as long as one inference: the next one names its own, and files get none.
extension Dimension {
  /// The extent `label` of the value called `value`: an axis, or a word for what several results share.
  ///
  /// `depth` counts the subgraphs and functions around the value, for their names may repeat those outside.
  public static func open(_ value: String, _ label: String, depth: Int = 0) -> Dimension {
    .symbol("%\(value).\(label)" + (depth > 0 ? "$\(depth)" : ""))
  }

  /// Whether a run decides it: whether it is not known, or its expression has the symbol of an open extent.
  public var isOpen: Bool {
    switch self {
    case .fixed: false
    case .symbolic(let expression): expression.mentions(where: Dimension.isOpen)
    case .unknown: true
    }
  }

  /// Whether `symbol` is that of an open extent.
  static func isOpen(_ symbol: String) -> Bool { symbol.utf8.first == UInt8(ascii: "%") && symbol.utf8.count > 1 }

  /// Unknown where it has an open extent of a graph that `depth` subgraphs and functions are around; else itself.
  public func forgettingOpenExtents(at depth: Int) -> Dimension {
    guard case .symbolic(let expression) = self else { return self }
    return expression.mentions { Dimension.isOpen($0) && $0.hasSuffix("$\(depth)") } ? .unknown : self
  }
}

extension DimensionExpression {
  fileprivate func mentions(where isWanted: (String) -> Bool) -> Bool {
    terms.contains { $0.symbols.contains(where: isWanted) }
  }
}

extension ValueType {
  /// The type with the symbol of an open extent in the place of each extent that is not known. Elements of sequences are
  /// left as they are, for they may differ.
  public func namingExtents(of value: String, depth: Int = 0) -> ValueType {
    guard case .tensor(let type) = self, let shape = type.shape, shape.dimensions.contains(.unknown) else {
      return self
    }
    let extents = shape.dimensions.enumerated().map { axis, extent in
      extent == .unknown ? .open(value, "\(axis)", depth: depth) : extent
    }
    return .tensor(TensorType(type.dataType, Shape(extents)))
  }

  /// The type with unknown in the place of open extents; with a `depth`, only in that of those that are named there.
  public func forgettingOpenExtents(at depth: Int? = nil) -> ValueType {
    mapExtents { extent in
      if let depth { return extent.forgettingOpenExtents(at: depth) }
      return extent.isOpen ? .unknown : extent
    }
  }

  private func mapExtents(_ body: (Dimension) -> Dimension) -> ValueType {
    func map(_ type: TensorType) -> TensorType {
      TensorType(type.dataType, type.shape.map { Shape($0.dimensions.map(body)) })
    }
    switch self {
    case .tensor(let type): return .tensor(map(type))
    case .sparseTensor(let type): return .sparseTensor(map(type))
    case .sequence(let element): return .sequence(element.mapExtents(body))
    case .optional(let element): return .optional(element.mapExtents(body))
    case .map(let key, let value): return .map(key: key, value: value.mapExtents(body))
    case .opaque, .unknown: return self
    }
  }
}
