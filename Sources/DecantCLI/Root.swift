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
    groupedSubcommands: [
      CommandGroup(name: "Look:", subcommands: [InspectCommand.self, DumpCommand.self, OpsCommand.self]),
      CommandGroup(name: "Change:", subcommands: [ConvertCommand.self, OptimizeCommand.self]),
      CommandGroup(
        name: "Compress:", subcommands: [CalibrateCommand.self, QuantizeCommand.self, DequantizeCommand.self]),
      CommandGroup(
        name: "Check:", subcommands: [RunCommand.self, CompareCommand.self, EvalCommand.self, BenchCommand.self]),
      CommandGroup(name: "Deploy:", subcommands: [BundleCommand.self]),
    ])

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

  /// Refuses a first word that is no command, with the nearest that is: the parser would only call it unexpected.
  private static func checkCommand(_ word: String?) throws(DecantError) {
    let commands = configuration.groupedSubcommands.flatMap { $0.subcommands } + configuration.ungroupedSubcommands
    let names = commands.compactMap { $0.configuration.commandName } + ["help"]
    guard let word, !word.hasPrefix("-"), !names.contains(word) else { return }
    throw DecantError(
      .usage, "there is no command '\(word)'",
      note: NearestNames.note(word, among: names) ?? "the commands are \(names.joined(separator: ", "))")
  }
}
