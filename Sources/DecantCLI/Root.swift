internal import ArgumentParser
internal import Decant

/// The command line: arguments in, events and results out, exit codes. All work is done by `Decant`.
@main
struct Root: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decant",
    abstract: "Reads, shows, optimizes, runs, quantizes and bundles machine-learning models.",
    discussion: """
      EXAMPLES
        decant inspect model.onnx
        decant optimize model.onnx -o fast.onnx
        decant quantize model.onnx -o int8.onnx --data calibration.npz
        decant bundle create int8.onnx -o model.decant

      EXIT CODES
        0 done, 1 the answer is no, 64 wrong command line, 65 malformed input, 66 unreadable input, 69 not supported,
        70 a fault in decant, 71 over a budget, 73 output cannot be created, 74 input or output failed, 77 refused
      """,
    version: "0.1.0",
    groupedSubcommands: groups(for: CommandLine.arguments.dropFirst().first))

  /// The commands, each after the word that calls it.
  private static let groups: [(name: String, commands: KeyValuePairs<String, any ParsableCommand.Type>)] = [
    ("Look:", ["inspect": InspectCommand.self, "dump": DumpCommand.self, "ops": OpsCommand.self]),
    ("Change:", ["convert": ConvertCommand.self, "optimize": OptimizeCommand.self]),
    (
      "Compress:",
      ["calibrate": CalibrateCommand.self, "quantize": QuantizeCommand.self, "dequantize": DequantizeCommand.self]
    ),
    (
      "Check:",
      ["run": RunCommand.self, "compare": CompareCommand.self, "eval": EvalCommand.self, "bench": BenchCommand.self]
    ),
    ("Deploy:", ["bundle": BundleCommand.self]),
  ]

  static func main() {
    InterruptCleanup.install()
    FreedMemory.keep()
    let program = CommandLine.arguments.dropFirst()
    do {
      try checkCommand(program.first)
      var command = try parseAsRoot(Array(program))
      try command.run()
    } catch let error as DecantError {
      ErrorReport.print(error, asJSON: program.contains("--json"))
      exit(withError: ExitCode(error.kind.exitCode))
    } catch {
      exit(withError: error)
    }
  }

  /// The command that `word` calls, all of them where it calls none: a start is faster when the others are not set up.
  private static func groups(for word: String?) -> [CommandGroup] {
    if let called = groups.flatMap({ Array($0.commands) }).first(where: { $0.key == word }) {
      return [CommandGroup(name: "", subcommands: [called.value])]
    }
    return groups.map { CommandGroup(name: $0.name, subcommands: $0.commands.map(\.value)) }
  }

  /// Refuses a first word that is no command, with the nearest that is: the parser would only call it unexpected.
  private static func checkCommand(_ word: String?) throws(DecantError) {
    let words = groups.flatMap { $0.commands.map(\.key) } + ["help"]
    guard let word, !word.hasPrefix("-"), !words.contains(word) else { return }
    throw DecantError(
      .usage, "there is no command '\(word)'",
      note: NearestNames.note(word, among: words) ?? "the commands are \(words.joined(separator: ", "))")
  }
}
