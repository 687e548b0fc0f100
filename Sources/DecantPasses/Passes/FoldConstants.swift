internal import DecantBytes
public import DecantIR
internal import DecantOps

/// Computes what depends on constants only, with the reference kernels, and keeps the results as initializers.
///
/// Types and symbols are inferred on the way, in one walk, so arithmetic on shapes folds as soon as it is known to be
/// fixed: `Gather(Shape(x), 1)` is a number when that extent of `x` is one. `Constant` nodes become initializers. Random
/// operators, and nodes with subgraphs, stay. A result that would make the file grow beyond the limit stays too.
public struct FoldConstants: GraphPass {
  /// The name that users write.
  public static let name = "fold-constants"
  /// One line for help.
  public static let summary = "compute what depends on constants only"
  /// It reads attributes, so references in them would mislead it.
  public static let acceptsReferences = false

  /// The pass.
  public init() {}

  /// Runs on one graph.
  public func run(on graph: inout Graph, _ context: PassContext, _ result: inout PassResult) throws {
    var folder = ConstantFolder(context)
    try graph.edit { (rewriter) throws(DecantError) in
      for node in rewriter.graph.order where rewriter.graph.contains(node) {
        let isExplained = context.explains(node, in: rewriter.graph)
        let name = isExplained ? rewriter.graph[node].name : ""
        let outcome: RewriteOutcome
        do throws(OpError) {
          outcome = try folder.fold(node, &rewriter)
        } catch {
          throw DecantError(error)
        }
        if isExplained { result.explain(name, Self.name, outcome) }
        switch outcome {
        case .applied: result.applied(folder.step)
        case .skipped(let reason): result.skipped(Self.name, reason)
        }
      }
    }
  }
}

/// Folds the nodes of one graph in order.
private struct ConstantFolder {
  private let context: PassContext
  private var inference: TypeInference
  /// Bytes that folding has added so far, those that it freed subtracted.
  private var growth = 0
  /// What the last application is counted as.
  private(set) var step = ""

  init(_ context: PassContext) {
    self.context = context
    inference = TypeInference(catalog: context.catalog)
  }

  mutating func fold(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    let op = rewriter.graph[node].op
    guard let definition = context.catalog.definition(of: op) else { return .skipped("the operator is not known") }
    if op == "Constant", let tensor = rewriter.graph[node].attributes.tensor("value") {
      step = "keep-constant-as-initializer"
      replace(node, [tensor], &rewriter)
      return .applied
    }
    try inference.infer(node, &rewriter)
    if foldShapes(node, &rewriter) { return .applied }
    guard definition.schema.isDeterministic else { return .skipped("the operator draws random numbers") }
    guard !rewriter.graph[node].attributes.holdGraphs else { return .skipped("the node holds a subgraph") }
    guard let operands = constants(of: node, in: rewriter.graph) else { return .skipped("an operand is not constant") }
    guard let evaluate = definition.evaluate else { return .skipped("the operator has no reference kernel") }
    guard operands.allSatisfy({ !($0?.isAbsent ?? false) }) else { return .skipped("the data of an operand is absent") }
    let room = freedBytes(by: node, in: rewriter.graph) + max(0, context.limits.growth - growth)
    let results: [Tensor]
    do throws(OpError) {
      results = try evaluate(
        EvaluationContext(
          op: op, attributes: rewriter.graph[node].attributes, operands: operands,
          wanted: rewriter.graph[node].results.map { $0 != nil }, byteLimit: min(room, context.limits.constantBytes)))
    } catch {
      guard error.kind != .overBudget else { return .skipped("the model would grow beyond the limit") }
      return .skipped("the reference kernel refuses: \(error.message)")
    }
    guard results.count >= rewriter.graph[node].results.count else {
      return .skipped("the reference kernel computes fewer results than the node has")
    }
    let added = zip(results, rewriter.graph[node].results).reduce(0) { $0 + ($1.1 == nil ? 0 : $1.0.byteCount) }
    let change = added - freedBytes(by: node, in: rewriter.graph)
    guard change <= 0 || growth + change <= context.limits.growth else {
      return .skipped("the model would grow beyond the limit")
    }
    growth = max(0, growth + change)
    step = "fold-constant"
    replace(node, results, &rewriter)
    return .applied
  }

  /// Replaces integer results of which inference knows every element. Whether there was one.
  private mutating func foldShapes(_ node: NodeID, _ rewriter: inout Rewriter) -> Bool {
    var folded = false
    for result in rewriter.graph[node].results {
      guard let result, rewriter.graph[result].useCount > 0, let known = inference.symbolic(result),
        let tensor = known.tensor(of: rewriter.graph[result].type.dataType)
      else { continue }
      let initializer = rewriter.addInitializer(rewriter.graph[result].name, tensor)
      rewriter.replaceAllUses(of: result, with: initializer)
      folded = true
    }
    guard folded else { return false }
    step = "fold-shape"
    rewriter.eraseWithProducers(node)
    return true
  }

  /// The operands, nil where left out; nil altogether when one is not constant.
  private func constants(of node: NodeID, in graph: Graph) -> [Tensor?]? {
    var operands: [Tensor?] = []
    for operand in graph[node].operands {
      guard let operand else {
        operands.append(nil)
        continue
      }
      guard let constant = graph[operand].constant else { return nil }
      operands.append(constant)
    }
    return operands
  }

  /// The bytes of operands that only `node` reads.
  private func freedBytes(by node: NodeID, in graph: Graph) -> Int {
    var bytes = 0
    for operand in Set(graph[node].operands.compactMap { $0 }) {
      let reads = graph[node].operands.count { $0 == operand }
      guard graph[operand].useCount == reads else { continue }
      bytes += graph[operand].data?.byteCount ?? 0
    }
    return bytes
  }

  /// Puts initializers in the place of the node's results, under their names.
  private func replace(_ node: NodeID, _ tensors: [Tensor], _ rewriter: inout Rewriter) {
    var renames: [(ValueID, String)] = []
    for (result, tensor) in zip(rewriter.graph[node].results, tensors) {
      guard let result else { continue }
      let name = rewriter.graph[result].name
      let initializer = rewriter.addInitializer(name, tensor)
      rewriter.replaceAllUses(of: result, with: initializer)
      renames.append((initializer, name))
    }
    rewriter.erase(node)
    for (initializer, name) in renames { rewriter.rename(initializer, to: name) }
  }
}

extension Tensor {
  /// Whether its elements are known by digest only.
  var isAbsent: Bool {
    if case .absent = storage { true } else { false }
  }
}

extension SymbolicTensor {
  /// The elements as a tensor, when all are numbers that `dataType` holds.
  fileprivate func tensor(of dataType: DataType?) -> Tensor? {
    let numbers = elements.compactMap(\.fixed)
    guard numbers.count == elements.count, !isScalar || numbers.count == 1 else { return nil }
    let shape = isScalar ? [] : [numbers.count]
    switch dataType {
    case .int64: return Tensor(numbers.map(Int64.init), shape: shape)
    case .int32:
      let narrow = numbers.compactMap { Int32(exactly: $0) }
      return narrow.count == numbers.count ? Tensor(narrow, shape: shape) : nil
    default: return nil
    }
  }
}
