internal import ArgumentParser
internal import Decant

/// Folds, drops, merges.
struct OptimizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "optimize",
    abstract: "Folds constants and normalizations, drops what is dead, merges what is equal.",
    usage: """
      decant optimize model.onnx -o fast.onnx
      decant optimize model.onnx -o fixed.onnx --shape input=1x3x224x224
      decant optimize model.onnx -o fast.onnx --passes fold-constants,drop-dead-nodes
      """,
    discussion: "PASSES\n" + PassCatalog.pipelines.map { "  \($0.name): \($0.summary)\n" }.joined()
      + PassCatalog.passes.map { "  \($0.name): \($0.summary)\n" }.joined())

  @Argument(help: "The model.") var model: String
  @OptionGroup var output: OutputOptions
  @Option(help: ArgumentHelp("A pipeline, or passes with commas between.", valueName: "list")) var passes = "default"
  @Option(
    help: ArgumentHelp(
      "The shape of an input, as in image=1x3x224x224; a name instead of a number keeps an axis open.",
      valueName: "name=shape"))
  var shape: [String] = []
  @Option(help: ArgumentHelp("Say what came of every rule at this node.", valueName: "node")) var explain: [String] = []
  @Flag(help: "One JSON document: before, after, passes with the count of each rule.") var json = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try output.check()
    var shapes: [String: Shape] = [:]
    for text in shape {
      let (name, shape) = try ShapeArgument.parse(text)
      shapes[name] = shape
    }
    var model = try common.read(model)
    let before = ModelSize(model)
    let context = PassContext(reporter: common.reporter, inputShapes: shapes, explained: Set(explain))
    let results = try Pipeline(parsing: passes).run(on: &model, context)
    let after = ModelSize(model)
    try output.write(model, common.reporter)
    TerminalText.output(
      json ? JSON.object(document(before, after, results)).text() : text(before, after, results))
  }

  private func text(_ before: ModelSize, _ after: ModelSize, _ results: [PassResult]) -> String {
    var sizes = Table(["", "before", "after"])
    sizes.add("nodes", Format.count(before.nodes), Format.count(after.nodes))
    sizes.add("initializers", Format.count(before.initializers), Format.count(after.initializers))
    sizes.add("weights", Format.bytes(before.bytes), Format.bytes(after.bytes))
    var rules = Table(["pass", "rule", "times"])
    for result in results {
      for (rule, count) in result.sortedApplications { rules.add(result.pass, rule, Format.count(count)) }
    }
    let explanations = results.flatMap(\.explanations).map { explanation in
      let outcome =
        switch explanation.outcome {
        case .applied: "applied"
        case .skipped(let reason): reason
        }
      return TerminalText.escape("\(explanation.node): \(explanation.rule): \(outcome)") + "\n"
    }
    return sizes.text + "\n" + rules.text + (explanations.isEmpty ? "" : "\n" + explanations.joined())
  }

  private func document(_ before: ModelSize, _ after: ModelSize, _ results: [PassResult]) -> JSONObject {
    func size(_ size: ModelSize) -> JSON {
      .object([
        "nodes": .integer(size.nodes), "initializers": .integer(size.initializers), "bytes": .integer(size.bytes),
      ])
    }
    let passes = results.map { result -> JSON in
      var rules = JSONObject()
      for (rule, count) in result.sortedApplications { rules[rule] = .integer(count) }
      return .object(["pass": .string(result.pass), "rules": .object(rules)])
    }
    return ["before": size(before), "after": size(after), "passes": .array(passes)]
  }
}

/// `NAME=1x3x224x224`.
enum ShapeArgument {
  static func parse(_ text: String) throws -> (name: String, shape: Shape) {
    guard let split = text.lastIndex(of: "="), split != text.startIndex else {
      throw ValidationError("'--shape' expected NAME=1x3x224x224, got '\(text)'")
    }
    let parts = text[text.index(after: split)...].split(separator: "x", omittingEmptySubsequences: false)
    let dimensions = try parts.map { part -> Dimension in
      if let number = Int(part) {
        guard number >= 0 else { throw ValidationError("'--shape' expected extents of 0 or more, got '\(text)'") }
        return .fixed(number)
      }
      guard let first = part.first, first.isLetter || first == "_" else {
        throw ValidationError("'--shape' expected numbers or names between 'x', got '\(text)'")
      }
      return .symbol(String(part))
    }
    return (String(text[..<split]), Shape(dimensions))
  }
}
