public import DecantIR

/// What a kernel did in a run: which nodes it computed, from what, and in what time.
public struct StepRecord: Sendable {
  /// A node by its name and operator.
  public struct Node: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// Its operator.
    public let op: OpName
  }

  /// The nodes that were computed at once; the first reads the first operands.
  public let nodes: [Node]
  /// The attributes of the first node.
  public let attributes: Attributes
  /// The types of what was read, constants that the kernel holds included; nil where an operand is left out or no tensor.
  public let operands: [ConcreteType?]
  /// The types of what was written; nil where a result is left out or no tensor.
  public let results: [ConcreteType?]
  /// The kernel's type.
  public let kernel: String
  /// How long it took, less the steps of subgraphs that it ran, which have records of their own.
  public let duration: Duration
}

/// Takes the record of each step of a run, in order, on the thread that runs; steps in subgraphs come before the step that
/// holds them.
public struct StepObserver: Sendable {
  /// Takes a record.
  public let observe: @Sendable (StepRecord) -> Void

  /// From what takes the records.
  public init(_ observe: @escaping @Sendable (StepRecord) -> Void) { self.observe = observe }
}
