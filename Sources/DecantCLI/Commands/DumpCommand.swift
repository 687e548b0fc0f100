internal import ArgumentParser
internal import Decant

/// A model as text.
struct DumpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Prints the text form, which every command also reads.",
    usage: """
      decant dump model.onnx
      decant dump model.onnx -o model.txt --weights weights
      """)

  @Argument(help: "The model.") var model: String
  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write; standard output by default.", valueName: "file"))
  var output: String?
  @Option(
    help: ArgumentHelp(
      "Keep large tensors in this folder; by default only their digests are written.", valueName: "dir"))
  var weights: String?
  @Option(help: ArgumentHelp("Write out tensors of at most this many elements.", valueName: "count"))
  var inline = 16
  @Flag(name: .shortAndLong, help: "Replace the output if it exists.") var force = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    if let output { try OutputPath.check(output, replacing: force) }
    let model = try common.read(model)
    let options = TextForm.Options(inlineLimit: max(0, inline), weights: weights.map { .directory($0) } ?? .digests)
    guard let output else {
      TerminalText.output(try TextForm.print(model, options))
      return
    }
    let file = try AtomicFile(output, replacing: force)
    try TextForm.write(model, to: file, options)
    try file.commit()
  }
}
