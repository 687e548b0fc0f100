internal import DecantIR

/// Ensembles of decision trees.
enum TreeOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      Classical.name("TreeEnsemble"),
      schema: OpSchema(
        since: 5, reads: ["X"], gives: ["Y"],
        attributes: [
          .init("aggregate_function", .int), .init("leaf_targetids", .ints, isRequired: true),
          .init("leaf_weights", .tensor, isRequired: true), .init("membership_values", .tensor),
          .init("n_targets", .int), .init("nodes_falseleafs", .ints, isRequired: true),
          .init("nodes_falsenodeids", .ints, isRequired: true), .init("nodes_featureids", .ints, isRequired: true),
          .init("nodes_hitrates", .tensor), .init("nodes_missing_value_tracks_true", .ints),
          .init("nodes_modes", .tensor, isRequired: true), .init("nodes_splits", .tensor, isRequired: true),
          .init("nodes_trueleafs", .ints, isRequired: true), .init("nodes_truenodeids", .ints, isRequired: true),
          .init("post_transform", .int), .init("tree_roots", .ints, isRequired: true),
        ]),
      infer: inferEnsemble, evaluate: EnsembleKernel.evaluate),
    OpDefinition(
      Classical.name("TreeEnsembleClassifier"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y", "Z"],
        attributes: nodes + [
          .init("class_ids", .ints), .init("class_nodeids", .ints), .init("class_treeids", .ints),
          .init("class_weights", .floats), .init("class_weights_as_tensor", .tensor),
          .init("classlabels_int64s", .ints), .init("classlabels_strings", .strings),
        ]),
      infer: inferClassifier, evaluate: TreeClassifierKernel.evaluate),
    OpDefinition(
      Classical.name("TreeEnsembleRegressor"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y"],
        attributes: nodes + [
          .init("aggregate_function", .string), .init("n_targets", .int), .init("target_ids", .ints),
          .init("target_nodeids", .ints), .init("target_treeids", .ints), .init("target_weights", .floats),
          .init("target_weights_as_tensor", .tensor),
        ]),
      infer: inferRegressor, evaluate: TreeRegressorKernel.evaluate),
  ]

  private static let nodes: [OpSchema.AttributeRule] = [
    .init("base_values", .floats), .init("base_values_as_tensor", .tensor), .init("nodes_falsenodeids", .ints),
    .init("nodes_featureids", .ints), .init("nodes_hitrates", .floats), .init("nodes_hitrates_as_tensor", .tensor),
    .init("nodes_missing_value_tracks_true", .ints), .init("nodes_modes", .strings), .init("nodes_nodeids", .ints),
    .init("nodes_treeids", .ints), .init("nodes_truenodeids", .ints), .init("nodes_values", .floats),
    .init("nodes_values_as_tensor", .tensor), .init("post_transform", .string),
  ]

  /// How many targets: as the node says, or as many as its leaves vote for.
  static func targets(_ attributes: Attributes, votes: String) throws(OpError) -> Int {
    let largest = attributes.ints(votes)?.max() ?? -1
    let count = attributes.int("n_targets") ?? (largest < Int.max ? largest + 1 : 0)
    guard count > 0 else { throw OpError("'n_targets' expected to be positive, got \(count)") }
    return count
  }

  @Sendable private static func inferEnsemble(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let count = try targets(context.attributes, votes: "leaf_targetids")
    return [.tensor(TensorType(context.dataType(0), [try Classical.rows(context), .fixed(count)]))]
  }

  @Sendable private static func inferRegressor(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let count = try targets(context.attributes, votes: "target_ids")
    return [.tensor(.float32, [try Classical.rows(context), .fixed(count)])]
  }

  @Sendable private static func inferClassifier(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let labels = try labels(context.attributes)
    return try Classical.inferClassifier(context, labels, columns: labels.count)
  }

  static func labels(_ attributes: Attributes) throws(OpError) -> ClassLabels {
    try ClassLabels(attributes, integers: "classlabels_int64s", strings: "classlabels_strings")
  }

  /// What is added to the score of each target in the end; nothing where it is left out.
  ///
  /// - Throws: ``OpError`` when there is not one for each.
  static func base<T: KernelFloat>(_ attributes: Attributes, targets: Int, _ type: T.Type) throws(OpError) -> [T] {
    let values = try Forest.numbers("base_values", attributes) ?? []
    guard values.isEmpty || values.count == targets || targets == 2 && values.count == 1 else {
      throw OpError("'base_values' expected \(targets) numbers, got \(values.count)")
    }
    return values.map { T($0) }
  }
}
