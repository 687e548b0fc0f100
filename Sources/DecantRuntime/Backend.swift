public import DecantBytes
public import DecantIR

/// What computes nodes: given an operator and concrete types, it makes a kernel, or returns nil and the next backend is
/// asked.
public protocol Backend: Sendable {
  /// The name that users choose it by: `reference`, `onednn`.
  static var name: String { get }

  /// A kernel for the node that `request` describes; nil when this backend does not do it.
  ///
  /// - Throws: ``OpError`` when the backend does it and the types or attributes break the operator's rules.
  func kernel(for request: KernelRequest) throws(OpError) -> (any Kernel)?

  /// Rewrites a copy of a model for the kernels of this backend, before it is compiled: what it computes stays the same, to
  /// rounding, and so do its inputs and outputs.
  ///
  /// - Returns: what somebody should know, as notes: that the model runs slower than it might, and why.
  /// - Throws: ``DecantError`` when the model cannot be run.
  func prepare(_ model: inout Model) throws(DecantError) -> [String]

  /// Whether a kernel may compute `op` as a further step after the nodes of `chain`: a hint for plans, which ask for the kernel
  /// when they know the types.
  func fuses(_ op: OpName, after chain: [OpName]) -> Bool

  /// A kernel for several nodes at once; nil when this backend has none for all of them.
  ///
  /// - Throws: ``OpError`` when the types or attributes break an operator's rules.
  func kernel(for request: FusedRequest) throws(OpError) -> (any Kernel)?

  /// A kernel for a node of which an operand may be no tensor, or which runs subgraphs; nil when this backend has none.
  func valueKernel(for node: Node) -> ValueKernel?
}

extension Backend {
  /// Leaves the model as it is.
  public func prepare(_ model: inout Model) throws(DecantError) -> [String] { [] }

  /// No.
  public func fuses(_ op: OpName, after chain: [OpName]) -> Bool { false }

  /// None.
  public func kernel(for request: FusedRequest) throws(OpError) -> (any Kernel)? { nil }

  /// None.
  public func valueKernel(for node: Node) -> ValueKernel? { nil }
}

/// A node on sequences, optionals, maps or subgraphs, ready to run.
public struct ValueKernel: Sendable {
  /// Whether it is needed for tensors too: nothing else computes the node.
  public let isOnly: Bool
  /// Computes the results from the operands, the most bytes that a result may take, and a way into subgraphs.
  public let run: OpDefinition.ValueEvaluation

  /// From its parts.
  public init(isOnly: Bool, run: @escaping OpDefinition.ValueEvaluation) {
    self.isOnly = isOnly
    self.run = run
  }
}

/// A node ready to run, for fixed types of its operands.
///
/// A kernel is used from several threads at once.
public protocol Kernel: Sendable {
  /// Indices of constant operands that the kernel has taken into itself; they are nil in every call.
  var absorbed: Set<Int> { get }
  /// Whether it reads operands in a backend's own layout; otherwise all operands are plain.
  var takesLayouts: Bool { get }
  /// Whether it gives the same results at every call, for it reads nothing: a constant written as a node.
  var isConstant: Bool { get }

  /// Computes the results, one for each that the node has.
  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor]
}

extension Kernel {
  /// None.
  public var absorbed: Set<Int> { [] }
  /// No.
  public var takesLayouts: Bool { false }
  /// No.
  public var isConstant: Bool { false }
}

/// What a backend is told of a node.
public struct KernelRequest: Sendable {
  /// The operator.
  public let op: OpName
  /// Its attributes.
  public let attributes: Attributes
  /// The types of its operands; nil where one is left out.
  public let operands: [ConcreteType?]
  /// The operands that are constants; not necessarily aligned.
  public let constants: [Tensor?]
  /// Which results the node has; kernels may skip the others.
  public let wanted: [Bool]
  /// How many threads one call may use.
  public let threads: Int
  /// What kernels of the node have made of the constants for operands of other types.
  public let forms: ConstantForms

  /// From its parts.
  public init(
    op: OpName, attributes: Attributes = [:], operands: [ConcreteType?], constants: [Tensor?] = [],
    wanted: [Bool] = [true], threads: Int = 1, forms: ConstantForms = ConstantForms()
  ) {
    self.op = op
    self.attributes = attributes
    self.operands = operands
    self.constants = constants
    self.wanted = wanted
    self.threads = threads
    self.forms = forms
  }

  /// The type of operand `index`; nil when it is left out.
  public func operand(_ index: Int) -> ConcreteType? { index < operands.count ? operands[index] : nil }

  /// The constant that operand `index` is; nil when it is computed or left out.
  public func constant(_ index: Int) -> Tensor? { index < constants.count ? constants[index] : nil }
}

/// An element type and extents, all known.
public struct ConcreteType: Hashable, Sendable, CustomStringConvertible {
  /// The element type.
  public let dataType: DataType
  /// Extents, outermost first.
  public let shape: [Int]

  /// From its parts.
  public init(_ dataType: DataType, _ shape: [Int]) {
    self.dataType = dataType
    self.shape = shape
  }

  /// The number of axes.
  public var rank: Int { shape.count }

  /// `f32[1,3,224,224]`.
  public var description: String { "\(dataType)[\(shape.map(String.init).joined(separator: ","))]" }
}

/// What a kernel is given when it runs.
public struct KernelCall: Sendable {
  /// The operands; nil where one is left out or absorbed.
  public let operands: [RuntimeTensor?]
  /// The most bytes that the results may take.
  public let byteLimit: Int
  /// Tells the nodes of one model apart where they draw random numbers without a seed.
  public let stream: UInt64
  /// Runs a subgraph of the node on its inputs, captured ones not included.
  public let runSubgraph: @Sendable (Graph, [Tensor]) throws(OpError) -> [Tensor]

  /// From its parts.
  public init(
    operands: [RuntimeTensor?], byteLimit: Int = 1 << 34, stream: UInt64 = 0,
    runSubgraph: @escaping @Sendable (Graph, [Tensor]) throws(OpError) -> [Tensor] = noSubgraph
  ) {
    self.operands = operands
    self.byteLimit = byteLimit
    self.stream = stream
    self.runSubgraph = runSubgraph
  }

  /// Operand `index`.
  ///
  /// - Throws: ``OpError`` when it is left out.
  public func operand(_ index: Int) throws(OpError) -> RuntimeTensor {
    guard index < operands.count, let operand = operands[index] else {
      throw OpError("operand \(index) is missing")
    }
    return operand
  }
}
