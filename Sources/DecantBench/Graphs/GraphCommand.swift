import ArgumentParser
import DecantIR

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Runs the workload of Decision 0001 up to a phase and stops there, so that a counter of instructions or allocations
/// outside shows each phase as a difference of two runs.
struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Build, rewire, walk, copy and release a graph, for a profiler to watch")

  enum Design: String, ExpressibleByArgument, CaseIterable { case arena, classes }
  enum Phase: String, ExpressibleByArgument, CaseIterable { case start, build, rewire, walk, copy, release }

  @Option(help: "How the graph is laid out: arena or classes.") var design = Design.arena
  @Option(help: "The last phase: start, build, rewire, walk, copy or release.") var until = Phase.release
  @Option(help: "How many nodes.") var nodes = 50_000

  func run() {
    let workload = GraphWorkload(count: nodes)
    if until == .start { leave(0) }
    switch design {
    case .arena: runArena(workload)
    case .classes: runClasses(workload)
    }
  }

  private func stop(after phase: Phase) {
    if phase == until { leave(0) }
  }

  private func runArena(_ workload: GraphWorkload) {
    var graph = workload.buildArena()
    stop(after: .build)
    workload.rewire(&graph)
    stop(after: .rewire)
    _ = workload.walk(graph)
    stop(after: .walk)
    var copy = graph
    // The first edit pays for the copy: one that touches nodes, values, uses and names.
    copy.edit { rewriter in _ = rewriter.add("Relu", [rewriter.graph.inputs.first], name: "extra") }
    stop(after: .copy)
    graph = Graph()
    copy = Graph()
    leave(Int32(graph.nodeCount + copy.nodeCount))
  }

  private func runClasses(_ workload: GraphWorkload) {
    var graph = workload.buildClasses()
    stop(after: .build)
    workload.rewire(graph)
    stop(after: .rewire)
    _ = workload.walk(graph)
    stop(after: .walk)
    var copy = graph.copy()
    if let input = copy.inputs.first { _ = copy.add("Relu", [input], [:], name: "extra", type: workload.type) }
    stop(after: .copy)
    graph = ClassGraph()
    copy = ClassGraph()
    leave(Int32(graph.outputs.count + copy.outputs.count))
  }
}

/// Ends the process at once: nothing is released that the phase did not release.
private func leave(_ code: Int32) -> Never { exit(code) }
