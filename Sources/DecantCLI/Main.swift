import ArgumentParser

@main
struct CLIRoot: ParsableCommand {
}
