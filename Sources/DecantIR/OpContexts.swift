/// What an operator's inference sees: attributes, and what is known of the operands.
public struct InferenceContext: Sendable {
  /// The node's operator.
  public let op: OpName
  /// The node's attributes.
  public let attributes: Attributes
  /// The types of the declared operands; nil where one is left out.
  public let types: [ValueType?]
  /// How many results the node has.
  public let resultCount: Int
  /// Operands that are constants.
  public let constants: [Tensor?]
  /// Integer operands that are known in terms of symbols, and sequences that are known to be empty.
  public let symbolic: [SymbolicTensor?]
  /// The types of captured values, for subgraphs.
  public let captured: [ValueType]
  /// The name of the first result, and how many subgraphs and functions are around the node; nil where it stands alone.
  public let place: (result: String, depth: Int)?
  private let enter: SubgraphInference

  /// Infers a subgraph: its outputs' types from its inputs' types, and what these hold in terms of symbols. Captured values
  /// are not among them.
  public typealias SubgraphInference =
    @Sendable (Graph, [ValueType], [SymbolicTensor?]) throws(OpError) -> [ValueType]

  /// From its parts.
  public init(
    op: OpName, attributes: Attributes, types: [ValueType?], resultCount: Int, constants: [Tensor?] = [],
    symbolic: [SymbolicTensor?] = [], captured: [ValueType] = [], place: (result: String, depth: Int)? = nil,
    inferSubgraph: @escaping SubgraphInference = noSubgraph
  ) {
    self.op = op
    self.attributes = attributes
    self.types = types
    self.resultCount = resultCount
    self.constants = constants
    self.symbolic = symbolic
    self.captured = captured
    self.place = place
    enter = inferSubgraph
  }

  /// Infers a subgraph: its outputs' types from its inputs' types, captured ones not included. `holding` is what the first
  /// inputs hold in terms of symbols.
  ///
  /// - Throws: ``OpError`` for nodes inside that break their operator's rules.
  public func inferSubgraph(
    _ graph: Graph, _ inputs: [ValueType], holding: [SymbolicTensor?] = []
  ) throws(OpError) -> [ValueType] {
    try enter(graph, inputs, holding)
  }

  /// The type of operand `index`; `.unknown` when it is left out.
  public func type(_ index: Int) -> ValueType { (index < types.count ? types[index] : nil) ?? .unknown }

  /// Whether operand `index` is given.
  public func has(_ index: Int) -> Bool { index < types.count && types[index] != nil }

  /// The element type of operand `index`, as far as known.
  public func dataType(_ index: Int) -> DataType? { type(index).dataType }

  /// The shape of operand `index`, as far as known.
  public func shape(_ index: Int) -> Shape? { type(index).shape }

  /// The constant that operand `index` is; nil when it is computed.
  public func constant(_ index: Int) -> Tensor? { index < constants.count ? constants[index] : nil }

  /// The constant integers that operand `index` holds; nil when it is computed or not of an integer type.
  public func integers(_ index: Int) -> [Int]? { constant(index)?.integers }

  /// What operand `index` holds in terms of symbols: constants too, up to 1,024 elements.
  public func symbols(_ index: Int) -> SymbolicTensor? {
    if index < symbolic.count, let known = symbolic[index] { return known }
    guard let tensor = constant(index), tensor.rank <= 1, tensor.elementCount <= 1024,
      let values = tensor.integers
    else { return nil }
    return SymbolicTensor(elements: values.map { .fixed($0) }, isScalar: tensor.rank == 0)
  }

  /// Whether operand `index` is a sequence that never holds anything.
  public func isEmptySequence(_ index: Int) -> Bool {
    guard case .sequence = type(index), index < symbolic.count else { return false }
    return symbolic[index] == .emptySequence
  }

  /// An extent that several results share and that only a run tells, named `label`.
  public func open(_ label: String) -> Dimension {
    place.map { .open($0.result, label, depth: $0.depth) } ?? .unknown
  }

  /// An axis counted from the front.
  ///
  /// - Throws: ``OpError`` when it is out of range.
  public func normalize(axis: Int, rank: Int, name: String = "axis") throws(OpError) -> Int {
    try normalizeAxis(axis, rank: rank, name: name)
  }
}

/// Where ``InferenceContext`` is not told how to enter subgraphs.
@Sendable public func noSubgraph(
  _ graph: Graph, _ inputs: [ValueType], _ holding: [SymbolicTensor?]
) throws(OpError) -> [ValueType] {
  throw OpError("a subgraph cannot be entered here", kind: .unsupported)
}

/// The default of ``EvaluationContext/runSubgraph``.
@Sendable public func noSubgraph<Value>(_ graph: Graph, _ inputs: [Value]) throws(OpError) -> [Value] {
  throw OpError("a subgraph cannot be entered here", kind: .unsupported)
}

/// An axis counted from the front.
///
/// - Throws: ``OpError`` when it is out of range: `'axis' expected in -4..<4, got 7`.
public func normalizeAxis(_ axis: Int, rank: Int, name: String = "axis") throws(OpError) -> Int {
  let index = axis < 0 ? axis + rank : axis
  guard index >= 0, index < rank else { throw OpError("'\(name)' expected in \(-rank)..<\(rank), got \(axis)") }
  return index
}

/// An integer scalar or vector whose elements are dimensions: what shape arithmetic computes. For a sequence, that it is empty.
public struct SymbolicTensor: Hashable, Sendable {
  /// The elements.
  public var elements: [Dimension]
  /// Whether it has rank 0; then there is one element.
  public var isScalar: Bool

  /// From its parts.
  public init(elements: [Dimension], isScalar: Bool = false) {
    self.elements = elements
    self.isScalar = isScalar
  }

  /// What is known of a sequence that never holds anything.
  public static let emptySequence = SymbolicTensor(elements: [])
}

/// What a reference kernel sees: attributes and operands.
public struct EvaluationContext: Sendable {
  /// The node's operator.
  public let op: OpName
  /// The node's attributes.
  public let attributes: Attributes
  /// The operands, aligned; nil where one is left out.
  public let operands: [Tensor?]
  /// Which results the node has; kernels may skip the others.
  public let wanted: [Bool]
  /// The most bytes that one result may take.
  public let byteLimit: Int
  /// Tells the nodes of one model apart where they draw random numbers without a seed.
  public let stream: UInt64
  /// Runs a subgraph on its inputs, captured ones not included.
  public let runSubgraph: @Sendable (Graph, [Tensor]) throws(OpError) -> [Tensor]

  /// From its parts; operands are aligned here.
  public init(
    op: OpName, attributes: Attributes, operands: [Tensor?], wanted: [Bool] = [true], byteLimit: Int = 1 << 34,
    stream: UInt64 = 0,
    runSubgraph: @escaping @Sendable (Graph, [Tensor]) throws(OpError) -> [Tensor] = noSubgraph
  ) {
    self.op = op
    self.attributes = attributes
    self.operands = operands.map { $0?.aligned }
    self.wanted = wanted
    self.byteLimit = byteLimit
    self.stream = stream
    self.runSubgraph = runSubgraph
  }

  /// How many results the node has.
  public var resultCount: Int { wanted.count }

  /// Operand `index`.
  ///
  /// - Throws: ``OpError`` when it is left out or its data is absent.
  public func operand(_ index: Int) throws(OpError) -> Tensor {
    guard let tensor = try optionalOperand(index) else { throw OpError("operand \(index) is missing") }
    return tensor
  }

  /// Operand `index`; nil when it is left out.
  ///
  /// - Throws: ``OpError`` when its data is absent.
  public func optionalOperand(_ index: Int) throws(OpError) -> Tensor? {
    guard index < operands.count, let tensor = operands[index] else { return nil }
    if case .absent = tensor.storage {
      throw OpError("the data of operand \(index) is not here: the text form was written without weights")
    }
    return tensor
  }

  /// The integers that operand `index` holds.
  ///
  /// - Throws: ``OpError`` when it is missing or not of an integer type.
  public func integers(_ index: Int) throws(OpError) -> [Int] {
    let tensor = try operand(index)
    guard let values = tensor.integers else {
      throw OpError("operand \(index): expected integers, got \(tensor.dataType)")
    }
    return values
  }

  /// A zeroed tensor that `fill` then fills.
  ///
  /// - Throws: ``OpError`` for negative extents, overflow, and sizes beyond ``byteLimit``; and what `fill` throws.
  public func make<Element: TensorElement>(
    _ element: Element.Type, shape: [Int], fill: (inout MutableSpan<Element>) throws(OpError) -> Void
  ) throws(OpError) -> Tensor {
    try checkSize(Element.dataType, shape: shape)
    return try Tensor(of: Element.self, shape: shape, fill: fill)
  }

  /// Checks a result's size before it is allocated.
  ///
  /// - Throws: ``OpError`` for negative extents, overflow, and sizes beyond ``byteLimit``.
  public func checkSize(_ dataType: DataType, shape: [Int]) throws(OpError) {
    let bytes = try Tensor.byteCount(dataType, shape: shape)
    guard bytes <= byteLimit else {
      throw OpError(
        "a result of \(dataType)\(shape) needs \(bytes) bytes, more than the \(byteLimit) allowed", kind: .overBudget)
    }
  }

  /// An axis counted from the front.
  ///
  /// - Throws: ``OpError`` when it is out of range.
  public func normalize(axis: Int, rank: Int, name: String = "axis") throws(OpError) -> Int {
    try normalizeAxis(axis, rank: rank, name: name)
  }
}
