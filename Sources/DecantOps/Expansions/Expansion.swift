package import DecantIR

/// An operator said in terms of others, where a file or a pass cannot use it: its function body.
package struct Expansion: Sendable {
  /// Builds the parts and returns what takes the place of each result; nil for results that are left out.
  package typealias Run = @Sendable (inout Expander) throws(OpError) -> [ValueID?]

  /// The operator.
  package let op: OpName
  /// Whether the operator is among its own parts, in a plainer form, so that it takes the same types as before.
  package let keepsOperator: Bool
  private let run: Run

  init(_ op: OpName, keepsOperator: Bool = false, _ run: @escaping Run) {
    self.op = op
    self.keepsOperator = keepsOperator
    self.run = run
  }

  /// The expansion of `op`; nil when there is none.
  package static func of(_ op: OpName) -> Expansion? { table[op] }

  private static let table = Dictionary(
    [
      ActivationExpansions.all, AttentionExpansions.all, ComparisonExpansions.all, ConstantExpansions.all,
      CropExpansion.all, CumulativeExpansions.all, EinsumExpansion.all, LayoutExpansions.all, LossExpansions.all,
      NormalizationExpansions.all, QuantizationExpansions.all, RandomExpansions.all, RecurrentExpansions.all,
      SamplingExpansions.all, SequenceExpansions.all, SpectrumExpansions.all,
    ].joined().map { ($0.op, $0) }, uniquingKeysWith: { first, _ in first })

  /// Puts the parts in the place of `node`, and returns the nodes that were added. `opset` is the version that they must
  /// suit in the end; they have the form of the pinned one.
  ///
  /// - Throws: what the node lacks: `the rank of 'x' is not known`. Nodes added before it are erased.
  package func apply(to node: NodeID, opset: Int, _ rewriter: inout Rewriter) throws(OpError) -> [NodeID] {
    try Expander.run(on: node, opset: opset, &rewriter, run)
  }
}
