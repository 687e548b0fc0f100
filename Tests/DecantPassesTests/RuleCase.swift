import DecantBytes
import DecantIR
import DecantOps
import Testing

import DecantPasses

/// One rule: what it makes of a graph, and one graph that it leaves alone, with the reason.
struct RuleCase: Sendable, CustomTestStringConvertible {
  let rule: String
  let given: String
  let result: String
  let skip: String
  let reason: String

  init(_ rule: String, given: String, result: String, skip: String, because reason: String) {
    self.rule = rule
    self.given = given
    self.result = result
    self.skip = skip
    self.reason = reason
  }

  var testDescription: String { rule }

  /// All cases, by the file that they stand in.
  static let all = noOps + merges + folds + arithmetic
}

/// The graph that `body` spells, without its first words.
func graph(_ body: String) throws -> Graph { try TextForm.parseGraph("graph @g" + body) }

/// Applies one rule until it rests, and drops constants that nothing reads any more.
func apply(_ name: String, to graph: inout Graph) throws -> PassResult {
  let rule = try #require(RuleCatalog.rules.first { $0.name == name })
  var result = PassResult(pass: name)
  try RewriteDriver([rule]).run(on: &graph, PassContext(), &result)
  #expect(Verifier.problem(in: graph) == nil)
  var dropped = PassResult(pass: "drop")
  DropUnusedInitializers().run(on: &graph, PassContext(), &dropped)
  #expect(Verifier.problem(in: graph) == nil)
  return result
}

@Suite struct RuleTests {
  @Test(arguments: RuleCase.all) func rewrites(_ example: RuleCase) throws {
    var rewritten = try graph(example.given)
    let result = try apply(example.rule, to: &rewritten)
    let expected = try graph(example.result)
    #expect(result.applications[example.rule] ?? 0 > 0, "\(result.skips)")
    #expect(rewritten == expected, "got\n\(rewritten)\nexpected\n\(expected)")
  }

  @Test(arguments: RuleCase.all) func skipsWithReason(_ example: RuleCase) throws {
    var rewritten = try graph(example.skip)
    let before = rewritten
    let result = try apply(example.rule, to: &rewritten)
    #expect(rewritten == before)
    #expect(result.skips[example.rule]?.keys.contains(example.reason) ?? false, "\(result.skips)")
  }

  @Test func everyRuleHasACase() {
    let missing = Set(RuleCatalog.names).subtracting(RuleCase.all.map(\.rule))
    #expect(missing.isEmpty, "rules without a case: \(missing.sorted())")
  }
}
