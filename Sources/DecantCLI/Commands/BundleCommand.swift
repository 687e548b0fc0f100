internal import ArgumentParser
internal import Decant

/// placeholder
struct BundleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "bundle")
}
