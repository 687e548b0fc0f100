import DecantPasses
import FoundationEssentials
import Testing

/// The catalogues are sorted, and name what the folders hold: a file `FoldPad.swift` is the rule `fold-pad`.
@Suite struct CatalogTests {
  private func names(in folder: String) throws -> [String] {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let files = try FileManager.default.contentsOfDirectory(atPath: "/\(root)/Sources/DecantPasses/\(folder)")
    return files.filter { $0.hasSuffix(".swift") }.map { kebab(String($0.dropLast(6))) }.sorted()
  }

  private func kebab(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? ($0.isEmpty ? "" : "-") + $1.lowercased() : String($1) }
  }

  @Test func everyPassIsListed() throws {
    #expect(PassCatalog.passes.map(\.name) == (try names(in: "Passes")))
  }

  @Test func everyRuleIsListed() throws {
    #expect(RuleCatalog.names == (try names(in: "Rules")))
  }

  @Test func pipelinesAreSorted() {
    let names = PassCatalog.pipelines.map(\.name)
    #expect(names == names.sorted())
  }
}
