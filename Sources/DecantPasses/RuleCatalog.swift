public import DecantIR

/// All rewrite rules.
public enum RuleCatalog {
  /// One line a rule, sorted by name; at one node they are tried in this order.
  public static let rules: [RewriteRule] = [
    DropDoubleInverse.rule,
    DropDropout.rule,
    DropIdentity.rule,
    DropNeutralOperand.rule,
    DropNoOpCast.rule,
    DropNoOpPad.rule,
    DropNoOpReshape.rule,
    DropNoOpSlice.rule,
    DropNoOpTranspose.rule,
    DropRedundantRelu.rule,
    DropRepeated.rule,
    DropSignBeforeAbs.rule,
    DropSingleOperand.rule,
    FoldAffine.rule,
    FoldBatchNormalization.rule,
    FoldPad.rule,
    FoldWhere.rule,
    InlineIf.rule,
    MakeReshapeConstant.rule,
    MergeCasts.rule,
    MergeClips.rule,
    MergeMatMulAndAdd.rule,
    MergeReshapes.rule,
    MergeTransposes.rule,
    MoveReshapeAfterElementwise.rule,
    MoveTransposeAfterElementwise.rule,
  ]

  /// The names of all rules, sorted.
  public static let names: [String] = rules.map(\.name)
}
