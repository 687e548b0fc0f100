import ArgumentParser

@main
struct BenchRoot: ParsableCommand {
}
