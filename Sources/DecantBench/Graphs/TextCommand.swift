import ArgumentParser
import DecantBytes
import DecantIR

/// Prints and parses the graph of Decision 0001 as text, for the cost per node.
struct TextCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "text", abstract: "Print and parse the text form of a large graph")

  @Option(help: "How many nodes.") var nodes = 50_000

  func run() throws {
    let model = Model(graph: GraphWorkload(count: nodes).buildArena())
    let clock = ContinuousClock()
    var text = ""
    let printing = try clock.measure { text = try TextForm.print(model) }
    var parsed: Model?
    let bytes = ByteSlice(copying: text.utf8)
    let parsing = try clock.measure { parsed = try TextForm.parse(bytes) }
    let again = try parsed.map { try TextForm.print($0) }
    Swift.print("\(bytes.count) bytes, printed in \(printing), parsed in \(parsing), same: \(again == text)")
  }
}
