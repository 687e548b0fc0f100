/// One operation: an operator applied to operands. Read it through `graph[node]`; edit it through a ``Rewriter``.
public struct Node: Sendable {
  /// The operator.
  public package(set) var op: OpName
  /// Its name in the file, or one made from the operator and a number.
  public package(set) var name: String
  /// What it reads; nil stands for an optional operand that is left out. Captured values come last.
  public package(set) var operands: [ValueID?]
  /// What it produces; nil stands for an optional result that is left out.
  public package(set) var results: [ValueID?]
  /// Its attributes.
  public package(set) var attributes: Attributes
  /// How many of the last operands are captured: values of this graph that its subgraphs read. Each subgraph's last
  /// `captureCount` inputs stand for them, in the same order.
  public package(set) var captureCount: Int
  /// The overload of a model-local function that it calls; empty otherwise.
  public package(set) var overload: String
  /// Documentation and metadata.
  public package(set) var annotations: Annotations?

  /// Use slots of ``operands``, in parallel; `Links.none` where the operand is nil.
  package var uses: [UInt32]

  package static var vacant: Node {
    Node(op: "", name: "", operands: [], results: [], attributes: [:], captureCount: 0, overload: "", uses: [])
  }

  /// The operands that the operator's schema speaks of, without the captured ones.
  @inlinable public var declaredOperands: ArraySlice<ValueID?> { operands.dropLast(captureCount) }

  /// Operand `index`; nil when it is left out or there are not that many.
  @inlinable
  public func operand(_ index: Int) -> ValueID? { index < operands.count - captureCount ? operands[index] : nil }

  /// Result `index`; nil when it is left out or there are not that many.
  @inlinable
  public func result(_ index: Int) -> ValueID? { index < results.count ? results[index] : nil }

  /// The subgraphs among the attributes, sorted by attribute name.
  public var subgraphs: [(name: String, graph: Graph)] {
    attributes.flatMap { entry -> [(name: String, graph: Graph)] in
      switch entry.value {
      case .graph(let graph): [(entry.name, graph)]
      case .graphs(let graphs): graphs.map { (entry.name, $0) }
      default: []
      }
    }
  }
}

/// An edge of the graph: a name, a type, and where it comes from. Read it through `graph[value]`.
public struct Value: ArenaElement {
  /// Where a value comes from.
  public enum Definition: Hashable, Sendable {
    /// Input `index` of the graph; the caller gives it, or its default if it has one.
    case input(index: Int)
    /// A constant of the graph.
    case initializer
    /// Result `index` of `node`.
    case result(NodeID, index: Int)
  }

  /// Unique in its graph.
  public package(set) var name: String
  /// What is known of its type.
  public package(set) var type: ValueType
  /// Where it comes from.
  public package(set) var definition: Definition
  /// The data of an initializer, or the default of an input.
  public package(set) var data: Tensor?
  /// Documentation and metadata.
  public package(set) var annotations: Annotations?

  package var firstUse: UInt32 = Links.none
  package var lastUse: UInt32 = Links.none
  /// How many places read it, outputs of the graph included.
  public package(set) var useCount = 0

  @usableFromInline package static var vacant: Value { Value(name: "", type: .unknown, definition: .initializer) }

  /// The data, when it can never be anything else: that of an initializer.
  @inlinable public var constant: Tensor? { definition == .initializer ? data : nil }

  /// The node that produces it.
  @inlinable public var producer: NodeID? {
    if case .result(let node, _) = definition { node } else { nil }
  }

  /// Whether it is an input of the graph.
  @inlinable public var isInput: Bool {
    if case .input = definition { true } else { false }
  }
}

/// An output of a graph: the name that callers know, and the value behind it.
public struct GraphOutput: Sendable, Hashable {
  /// The name that callers know; it stays when another value takes the place of the first.
  public package(set) var name: String
  /// The value.
  public package(set) var value: ValueID
  /// The type that the interface declares, as the source wrote it.
  public package(set) var declaredType: ValueType
  /// Documentation and metadata.
  public package(set) var annotations: Annotations?

  package var use: UInt32
}

@usableFromInline
package enum Links {
  /// No slot.
  @inlinable package static var none: UInt32 { .max }
}
