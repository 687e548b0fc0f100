internal import DecantBytes
internal import DecantIR

/// Checks model-local functions before anything calls them: names, rings, and how much a call stands for.
struct FunctionRules {
  private static let limit = 10_000
  private static let depthLimit = 100
  private static let expansionLimit = 10_000_000

  private let context: ReadingContext

  init(_ context: ReadingContext) { self.context = context }

  /// Checks the functions of `proto` and makes them known to the context.
  func check(_ proto: ModelProto) throws(DecantError) {
    guard !proto.functions.isEmpty else { return }
    guard proto.functions.count <= FunctionRules.limit else {
      throw DecantError(
        .overBudget, "\(proto.functions.count) functions, and \(FunctionRules.limit) are the limit", at: ["functions"])
    }
    var indices: [FunctionKey: Int] = [:]
    for (index, function) in proto.functions.enumerated() {
      guard let name = function.name, !name.isEmpty else {
        throw DecantError(.malformed, "a function expected to have a name, got none", at: ["functions[\(index)]"])
      }
      let key = FunctionKey(op: OpName(name, domain: function.domain ?? ""), overload: function.overload ?? "")
      guard indices.updateValue(index, forKey: key) == nil else {
        throw DecantError(.malformed, "the function '\(key.op)' is defined twice", at: ["functions[\(index)]"])
      }
    }
    context.functions = Set(indices.keys)
    var walk = CallWalk(proto.functions.map { FunctionRules.calls(in: $0.node, indices) }, proto.functions)
    try walk.run()
    var total = 0
    for callee in FunctionRules.calls(in: proto.graph?.node ?? [], indices).callees {
      total += walk.expansions[callee]
      guard total <= FunctionRules.expansionLimit else { throw FunctionRules.tooLarge }
    }
  }

  /// What a body holds: how many nodes of its own, and which functions it calls, each as often as it is called.
  struct Body {
    var nodeCount = 0
    var callees: [Int] = []
  }

  private static func calls(in nodes: [NodeProto], _ indices: [FunctionKey: Int]) -> Body {
    var body = Body()
    var pending = [nodes]
    while let nodes = pending.popLast() {
      for node in nodes {
        body.nodeCount += 1
        let key = FunctionKey(op: OpName(node.opType ?? "", domain: node.domain ?? ""), overload: node.overload ?? "")
        if let callee = indices[key] { body.callees.append(callee) }
        for graph in Captures.subgraphs(of: node) { pending.append(graph.node) }
      }
    }
    return body
  }

  private static let tooLarge = DecantError(
    .overBudget, "functions expand to more than \(expansionLimit) nodes", at: ["functions"])

  /// Visits every function after those that it calls, without recursion.
  private struct CallWalk {
    private let bodies: [Body]
    private let functions: [FunctionProto]
    /// How many nodes each function stands for.
    private(set) var expansions: [Int]
    private var depths: [Int]
    private var isDone: [Bool]
    private var isOpen: [Bool]

    init(_ bodies: [Body], _ functions: [FunctionProto]) {
      self.bodies = bodies
      self.functions = functions
      expansions = [Int](repeating: 0, count: bodies.count)
      depths = [Int](repeating: 0, count: bodies.count)
      isDone = [Bool](repeating: false, count: bodies.count)
      isOpen = isDone
    }

    mutating func run() throws(DecantError) {
      for start in bodies.indices where !isDone[start] { try visit(start) }
    }

    private mutating func visit(_ start: Int) throws(DecantError) {
      var stack = [(function: start, next: 0)]
      isOpen[start] = true
      while let top = stack.last {
        let callees = bodies[top.function].callees
        guard top.next < callees.count else {
          try close(top.function)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let callee = callees[top.next]
        if isDone[callee] { continue }
        guard !isOpen[callee] else { throw ring(stack.map(\.function), callee) }
        isOpen[callee] = true
        stack.append((callee, 0))
      }
    }

    private mutating func close(_ function: Int) throws(DecantError) {
      isDone[function] = true
      var (total, depth) = (bodies[function].nodeCount, 0)
      for callee in bodies[function].callees {
        total += expansions[callee]
        depth = max(depth, depths[callee] + 1)
        guard total <= expansionLimit else { throw FunctionRules.tooLarge }
      }
      guard depth <= depthLimit else {
        throw DecantError(.overBudget, "functions call each other \(depth) deep, and \(depthLimit) is the limit")
      }
      expansions[function] = total
      depths[function] = depth
    }

    private func ring(_ stack: [Int], _ callee: Int) -> DecantError {
      let start = stack.firstIndex(of: callee) ?? 0
      let names = (stack[start...] + [callee]).map { functions[$0].name ?? "" }
      return DecantError(
        .malformed, "expected functions without recursion, got \(names.joined(separator: " → "))", at: ["functions"])
    }
  }
}
