import ArgumentParser

/// Measurements for decisions; not part of the product.
@main
struct BenchRoot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "DecantBench", abstract: "Measurements that decisions rest on",
    subcommands: [CodecCommand.self, GraphCommand.self, TextCommand.self])
}
