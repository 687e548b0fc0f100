/// A local change to the graph, tried at every node whose operator is among its roots.
public struct RewriteRule: Sendable {
  /// Imperative, as in `fuse-conv-batch-norm`.
  public let name: String
  /// The operators that it is tried at; it never sees others.
  public let roots: Set<OpName>
  /// Looks at the node and changes the graph, or says why not. The first edit comes after the last guard.
  public let rewrite: @Sendable (NodeID, inout Rewriter) throws(OpError) -> RewriteOutcome

  /// From its parts. `rewrite` is a named function, so that its typed throw is written out.
  public init(
    _ name: String, roots: Set<OpName>,
    rewrite: @escaping @Sendable (NodeID, inout Rewriter) throws(OpError) -> RewriteOutcome
  ) {
    self.name = name
    self.roots = roots
    self.rewrite = rewrite
  }
}

/// What came of trying a rule at a node.
public enum RewriteOutcome: Sendable, Hashable {
  /// The graph changed.
  case applied
  /// It did not, and why: `bias is not constant`.
  case skipped(String)
}
