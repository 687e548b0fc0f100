internal import DecantIR

/// One change of an operator's form between versions of its operator set.
struct OpsetStep: Sendable {
  /// Brings one node over the change, in place.
  typealias Run = @Sendable (NodeID, inout Rewriter) throws(OpError) -> Void

  /// The operator.
  let op: OpName
  /// The version that brought the change.
  let since: Int
  /// Upgrades: from the form before to the form of `since`. Downgrades: back again; throwing means that the node cannot
  /// be said in the older form.
  let run: Run

  init(_ op: String, domain: String = "", _ since: Int, _ run: @escaping Run) {
    self.op = OpName(op, domain: domain)
    self.since = since
    self.run = run
  }
}
