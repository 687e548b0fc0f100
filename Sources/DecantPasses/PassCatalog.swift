internal import DecantBytes

/// All passes and the named pipelines.
public enum PassCatalog {
  /// One line a pass, sorted by name.
  public static let passes: [any Pass] = [
    BindInputDefaults(),
    DeduplicateInitializers(),
    DropDeadNodes(),
    DropUnusedInitializers(),
    ExpandFunctions(),
    FoldConstants(),
    InferTypes(),
    MergeEqualSubexpressions(),
    Simplify(),
  ]

  /// One line a pipeline, sorted by name.
  public static let pipelines: [Pipeline] = [
    Pipeline(
      "clean", "drops what nothing reads and stores equal constants once; changes no arithmetic",
      [DropDeadNodes(), DropUnusedInitializers(), DeduplicateInitializers()]),
    Pipeline(
      "default", "all passes, until nothing changes", maximumRounds: 8,
      [
        DropDeadNodes(), FoldConstants(), DropUnusedInitializers(), DeduplicateInitializers(),
        MergeEqualSubexpressions(), InferTypes(), Simplify(), DropDeadNodes(), DropUnusedInitializers(),
      ]),
  ]

  /// The pass called `name`.
  public static func pass(named name: String) -> (any Pass)? { passes.first { $0.name == name } }

  /// The pipeline called `name`.
  public static func pipeline(named name: String) -> Pipeline? { pipelines.first { $0.name == name } }

  /// The error for a name that is neither a pass nor a pipeline.
  static func unknown(_ name: String) -> DecantError {
    let known = (pipelines.map(\.name) + passes.map(\.name)).sorted()
    return DecantError(
      .usage, "expected a pass (\(known.joined(separator: ", "))), got '\(name)'",
      note: NearestNames.note(name, among: known))
  }
}
