public import DecantIR

/// Every operator that Decant knows: the list of families.
public struct StandardOps: OpCatalog {
  /// One line a family, sorted.
  package static let families: [[OpDefinition]] = [
    Activation.definitions,
    Attention.definitions,
    Classical.definitions,
    Contrib.definitions,
    ControlFlow.definitions,
    Convolution.definitions,
    DecodingState.definitions,
    Elementwise.definitions,
    FlexAttention.definitions,
    Images.definitions,
    Indexing.definitions,
    Layout.definitions,
    Loss.definitions,
    MatMul.definitions,
    Normalization.definitions,
    Pooling.definitions,
    Quantization.definitions,
    Random.definitions,
    Recurrent.definitions,
    Reduction.definitions,
    Sampling.definitions,
    Sequences.definitions,
    Signal.definitions,
    Text.definitions,
    Training.definitions,
  ]

  private static let table = Dictionary(
    families.joined().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

  /// The catalogue.
  public init() {}

  /// The definition of `op`; nil when it is not known.
  public func definition(of op: OpName) -> OpDefinition? { StandardOps.table[op] }

  /// All definitions, sorted by name.
  public var definitions: [OpDefinition] { StandardOps.table.values.sorted { $0.name < $1.name } }
}
