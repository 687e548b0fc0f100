internal import DecantIR

/// A product taken apart: a number and the other factors, a power as often as it says.
struct Product {
  private(set) var number = 1.0
  private(set) var factors: [ValueID] = []

  /// How deep nested products are taken apart.
  private static let depth = 8

  /// Of the value that `node` computes: products, quotients by numbers and small powers. What is read elsewhere too is a factor of
  /// its own.
  init(_ node: NodeID, in graph: Graph) {
    add(node, in: graph, times: 1, depth: Product.depth)
  }

  /// Of `value`, which is itself a factor where it is no product.
  init(of value: ValueID, in graph: Graph) {
    add(value, in: graph, times: 1, depth: Product.depth)
  }

  /// Whether the factors are `expected`, in any order.
  func isProduct(of expected: [ValueID]) -> Bool {
    var rest = factors
    for factor in expected {
      guard let place = rest.firstIndex(of: factor) else { return false }
      rest.remove(at: place)
    }
    return rest.isEmpty
  }

  private mutating func add(_ value: ValueID, in graph: Graph, times: Int, depth: Int) {
    if let own = graph.number(value) {
      for _ in 0..<times { number *= own }
    } else if depth > 0, let node = graph.ownProducer(of: value, among: ["Div", "Mul", "Pow"]) {
      add(node, in: graph, times: times, depth: depth - 1)
    } else {
      factors += Array(repeating: value, count: times)
    }
  }

  private mutating func add(_ node: NodeID, in graph: Graph, times: Int, depth: Int) {
    let (a, b) = (graph[node].operand(0), graph[node].operand(1))
    guard let a, let b, factors.count < Product.depth else { return give(node, in: graph, times) }
    switch graph[node].op {
    case "Mul":
      add(a, in: graph, times: times, depth: depth)
      add(b, in: graph, times: times, depth: depth)
    case "Div":
      guard let divisor = graph.number(b), divisor != 0 else { return give(node, in: graph, times) }
      for _ in 0..<times { number /= divisor }
      add(a, in: graph, times: times, depth: depth)
    default:
      guard let exponent = graph.number(b), exponent == 2 || exponent == 3 else { return give(node, in: graph, times) }
      add(a, in: graph, times: times * Int(exponent), depth: depth)
    }
  }

  private mutating func give(_ node: NodeID, in graph: Graph, _ times: Int) {
    if let result = graph[node].result(0) { factors += Array(repeating: result, count: times) }
  }
}
