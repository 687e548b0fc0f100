public import DecantForms
public import DecantIR

/// What is in a model, without a look at the weights.
public struct Inspection: Sendable {
  /// An input or an output.
  public struct Port: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// Its declared type.
    public let type: ValueType
  }

  /// A stored tensor.
  public struct Weight: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// Its element type.
    public let dataType: DataType
    /// Its extents.
    public let shape: [Int]
    /// How many bytes it takes.
    public let bytes: Int
  }

  /// Where the model came from.
  public let source: Model.Source
  /// The graph's name.
  public let name: String
  /// The inputs, in order.
  public let inputs: [Port]
  /// The outputs, in order.
  public let outputs: [Port]
  /// Operators and how many nodes apply each, most frequent first; subgraphs and functions included.
  public let operators: [(op: OpName, count: Int)]
  /// How many nodes compute with codes, by form.
  public let quantized: FormCensus
  /// How many nodes, subgraphs included; bodies of functions are not.
  public let nodes: Int
  /// How many model-local functions.
  public let functions: Int
  /// How many stored tensors.
  public let tensors: Int
  /// How many elements the stored tensors have.
  public let parameters: Int
  /// How many bytes the stored tensors take.
  public let bytes: Int
  /// The same by element type, largest first.
  public let bytesByType: [(type: DataType, bytes: Int)]
  /// The largest stored tensors, largest first.
  public let largest: [Weight]

  /// Looks at `model`; lists the `largestCount` largest tensors.
  public init(_ model: Model, largestCount: Int = 10) {
    var counter = Counter()
    counter.visit(model.graph)
    for function in model.functions { counter.countOperators(function.graph) }
    let graph = model.graph
    source = model.source
    name = graph.name
    inputs = graph.inputs.map { Port(name: graph[$0].name, type: graph[$0].type) }
    outputs = graph.outputs.map { output in
      Port(name: output.name, type: output.declaredType.merged(with: graph[output.value].type) ?? output.declaredType)
    }
    operators = counter.operators.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    quantized = FormCensus(model)
    nodes = graph.totalNodeCount
    functions = model.functions.count
    tensors = counter.weights.count
    parameters = counter.weights.reduce(0) { $0 + $1.shape.reduce(1, *) }
    bytes = counter.weights.reduce(0) { $0 + $1.bytes }
    let byType = Dictionary(grouping: counter.weights, by: \.dataType).mapValues { $0.reduce(0) { $0 + $1.bytes } }
    bytesByType = byType.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map { ($0.key, $0.value) }
    largest = Array(counter.weights.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }.prefix(largestCount))
  }

  private struct Counter {
    var operators: [OpName: Int] = [:]
    var weights: [Weight] = []

    mutating func visit(_ graph: Graph) {
      for value in graph.initializers {
        if let data = graph[value].data { add(data, graph[value].name) }
      }
      for id in graph.order {
        let node = graph[id]
        operators[node.op, default: 0] += 1
        if node.op == "Constant", let data = node.attributes.tensor("value") { add(data, node.name) }
        for (_, subgraph) in node.subgraphs { visit(subgraph) }
      }
    }

    mutating func countOperators(_ graph: Graph) {
      for id in graph.order {
        operators[graph[id].op, default: 0] += 1
        for (_, subgraph) in graph[id].subgraphs { countOperators(subgraph) }
      }
    }

    private mutating func add(_ data: Tensor, _ name: String) {
      weights.append(Weight(name: name, dataType: data.dataType, shape: data.shape, bytes: data.byteCount))
    }
  }
}
