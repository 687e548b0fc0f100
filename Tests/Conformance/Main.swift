import ArgumentParser
import Decant
import DecantRuntime

/// Runs the cases that `write_suite.py` writes, side by side in this process, and writes a table of what passed.
@main
struct Conformance: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "Conformance", abstract: "Run ONNX's own backend suite, and compare every value")

  @Argument(help: "The folder that write_suite.py filled.") var suite: String
  @Option(help: "The backends to run on, one after the other.") var backend = ["reference", "onednn"]
  @Option(help: "Fail when fewer cases pass.") var least = 0
  @Option(help: "Only cases whose name holds this.") var only = ""
  @Option(help: "Where the table goes.") var table: String?
  @Option(help: "Run nothing: write a line of JSON for each case to this file, the types that inference finds.")
  var types: String?

  func run() throws {
    let cases = try ConformanceCase.all(in: suite).filter { only.isEmpty || $0.name.contains(only) }
    if let types { return try write(cases, to: types) }
    let backends = try backend.map { (name) throws(DecantError) in try BackendCatalog.backends(name) }
    let results = Parallel.map(count: cases.count, threads: Parallel.processors) { index in
      ConformanceResult(cases[index], on: backends)
    }
    let report = ConformanceReport(results)
    if let table {
      let file = try AtomicFile(table, replacing: true)
      try file.write(report.table)
      try file.commit()
    }
    print(report.failures, terminator: "")
    print(report.summary)
    print("\(report.passed) passed, \(report.passed < least ? least - report.passed : 0) failed")
    if report.passed < least { throw ExitCode(1) }
  }

  /// Writes what inference finds for each case: `{"case": "node/test_add", "types": {...}}`, or why it fails.
  private func write(_ cases: [ConformanceCase], to path: String) throws {
    let lines = Parallel.map(count: cases.count, threads: Parallel.processors) { index -> String in
      let test = cases[index]
      var line: JSONObject = ["case": .string("\(test.group)/\(test.name)")]
      do {
        line["types"] = try InferredTypes(of: try ModelFile.read(test.folder + "/model.onnx")).json
      } catch {
        line["error"] = .string("\(error)")
      }
      return JSON.object(line).text(.compact) + "\n"
    }
    let file = try AtomicFile(path, replacing: true)
    try file.write(lines.joined())
    try file.commit()
  }
}
