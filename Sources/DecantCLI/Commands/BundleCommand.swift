internal import ArgumentParser
internal import Decant

/// One compressed, verified file for deployment.
struct BundleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle",
    abstract: "Packs a model and its files into one compressed, verified file, and takes it apart.",
    usage: """
      decant bundle create model.onnx -o model.decant --extra labels.txt
      decant bundle list model.decant
      decant bundle verify model.decant
      decant bundle extract model.decant -o folder
      """,
    subcommands: [BundleCreate.self, BundleList.self, BundleExtract.self, BundleVerify.self])
}

/// Makes a bundle.
struct BundleCreate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Packs a model and any files beside it. The same input gives the same bytes.",
    usage: "decant bundle create model.onnx -o model.decant --extra labels.txt --extra tokenizer.json")

  @Argument(help: "The model.") var model: String
  @Option(name: .shortAndLong, help: ArgumentHelp("The bundle to write.", valueName: "file")) var output: String
  @Option(
    help: ArgumentHelp("A file to pack beside the model, under its own name; repeat for more.", valueName: "file"))
  var extra: [String] = []
  @Flag(name: .shortAndLong, help: "Replace the output if it exists.") var force = false
  @Flag(help: "One JSON document: bytes, digest, entries.") var json = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try OutputPath.check(output, replacing: force)
    var files: [BundledFile] = []
    for path in extra { files.append(try BundledFile(path)) }
    try Bundle.create(try common.read(model), files: files, at: output, replacing: force)
    let bundle = try Bundle.open(output)
    if json {
      TerminalText.output(BundleReport(bundle).document.text())
    } else {
      common.reporter.note(BundleReport(bundle).summary, at: [output])
    }
  }
}

/// Lists what a bundle holds.
struct BundleList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Lists what a bundle holds; only its manifest is read.",
    usage: """
      decant bundle list model.decant
      decant bundle list model.decant --json
      """)

  @Argument(help: "The bundle.") var bundle: String
  @Flag(help: "One JSON document: bytes, plain_bytes, digest, compressor, entries.") var json = false

  func run() throws {
    let report = BundleReport(try Bundle.open(bundle))
    TerminalText.output(json ? report.document.text() : report.text)
  }
}

/// Takes a bundle apart.
struct BundleExtract: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract",
    abstract: "Writes the model as ONNX, and the files, into a folder. Every byte is checked on the way.",
    usage: "decant bundle extract model.decant -o folder")

  @Argument(help: "The bundle.") var bundle: String
  @Option(
    name: .shortAndLong, help: ArgumentHelp("The folder to write to, made when it is missing.", valueName: "dir"))
  var output: String
  @Flag(name: .shortAndLong, help: "Replace files that exist.") var force = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    let opened = try Bundle.open(bundle)
    let model = try BundleFile.extract(
      opened, at: bundle, to: output, replaces: force, reporter: common.reporter)
    common.reporter.note("the model of \(bundle)", at: [model])
  }
}

/// Checks a bundle.
struct BundleVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks every byte of a bundle; exits with 1 when it is damaged.",
    usage: "decant bundle verify model.decant")

  @Argument(help: "The bundle.") var bundle: String
  @Flag(help: "One JSON document: verified, digest, bytes, entries.") var json = false

  func run() throws {
    let report = BundleReport(try BundleFile.verify(bundle))
    guard json else {
      return TerminalText.output("verified, \(report.summary)\n")
    }
    var document = report.document.object ?? [:]
    document["verified"] = true
    TerminalText.output(JSON.object(document).text())
  }
}
