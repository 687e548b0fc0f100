/// The results of all cases, added up by operator.
struct ConformanceReport {
  let results: [ConformanceResult]

  init(_ results: [ConformanceResult]) { self.results = results }

  var passed: Int { results.count { $0.failure == nil } }

  /// One line for each case that did not pass.
  var failures: String {
    results.compactMap { result in result.failure.map { "\(result.name) (\(result.op)): \($0)\n" } }.joined()
  }

  /// One line for each group.
  var summary: String {
    Dictionary(grouping: results, by: \.group).sorted { $0.key < $1.key }.map { group, cases in
      "\(group): \(cases.count { $0.failure == nil }) of \(cases.count)"
    }.joined(separator: ", ") + "; \(passed) of \(results.count) in all"
  }

  /// A table in Markdown, a row for each operator: how many cases pass, and why others do not.
  var table: String {
    let rows = Dictionary(grouping: results, by: \.op).sorted { $0.key < $1.key }.map { op, cases in
      let reasons = cases.compactMap { result in result.failure.map { "\(result.name): \($0)" } }
      return "| \(op) | \(cases.count - reasons.count) | \(reasons.count) | \(reasons.joined(separator: "; ")) |\n"
    }
    return "| operator | passed | failed | why |\n|---|---|---|---|\n" + rows.joined()
  }
}
