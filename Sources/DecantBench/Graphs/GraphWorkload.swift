import DecantIR

/// What Decision 0001 does to a graph: the same edits to both designs, with names, types and attributes made beforehand.
struct GraphWorkload {
  let count: Int
  let names: [String]
  let inserted: [String]
  let ops: [OpName] = ["Conv", "Add", "Relu"]
  let attributes: Attributes = [
    "kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "strides": .ints([1, 1]),
  ]
  let type = ValueType.tensor(.float32, [.symbol("N"), 64, 56, 56])
  let weight = Tensor([Float](repeating: 1, count: 64))
  static let weightCount = 8

  init(count: Int) {
    self.count = count
    names = (0..<count).map { "/model/features/\($0)/output_0" }
    inserted = (0..<count).map { "/model/inserted/\($0)/output_0" }
  }

  /// A chain in which two of three nodes also read one of a few constants, and every fifth reads its grandparent.
  func buildArena() -> Graph {
    Graph.build { rewriter in
      rewriter.reserve(nodes: count, values: count + GraphWorkload.weightCount + 1)
      var value = rewriter.addInput("input", type)
      var earlier = value
      let weights = (0..<GraphWorkload.weightCount).map { rewriter.addInitializer("weight.\($0)", weight) }
      for index in 0..<count {
        let kind = index % 3
        let other = index % 5 == 0 ? earlier : weights[index % weights.count]
        let result = rewriter.add(
          ops[kind], kind == 2 ? [value] : [value, other], kind == 0 ? attributes : [:], name: names[index], type: type)
        earlier = value
        value = result
      }
      rewriter.addOutput("output", value)
    }
  }

  func buildClasses() -> ClassGraph {
    let graph = ClassGraph()
    graph.reserve(count + GraphWorkload.weightCount + 1)
    var value = graph.addInput("input", type)
    var earlier = value
    let weights = (0..<GraphWorkload.weightCount).map { graph.addInitializer("weight.\($0)", weight) }
    for index in 0..<count {
      let kind = index % 3
      let other = index % 5 == 0 ? earlier : weights[index % weights.count]
      let node = graph.add(
        ops[kind], kind == 2 ? [value] : [value, other], kind == 0 ? attributes : [:], name: names[index], type: type)
      earlier = value
      value = node.results[0]
    }
    graph.addOutput(value)
    return graph
  }

  /// Drops every third node and puts a new one after every other third.
  func rewire(_ graph: inout Graph) {
    graph.edit { rewriter in
      var next = rewriter.graph.firstNode
      var index = 0
      while let node = next {
        next = rewriter.graph.node(after: node)
        defer { index += 1 }
        guard let operand = rewriter.graph[node].operand(0), let result = rewriter.graph[node].result(0) else {
          continue
        }
        switch index % 3 {
        case 0:
          rewriter.replaceAllUses(of: result, with: operand)
          rewriter.erase(node)
        case 1:
          let added = rewriter.add("Clip", [operand], name: inserted[index], type: type, at: .after(node))
          rewriter.replaceAllUses(of: result, with: added)
        default: break
        }
      }
    }
  }

  func rewire(_ graph: ClassGraph) {
    var next = graph.first
    var index = 0
    while let node = next {
      next = node.next
      defer { index += 1 }
      let (operand, result) = (node.operands[0].value, node.results[0])
      switch index % 3 {
      case 0:
        graph.replaceAllUses(of: result, with: operand)
        graph.erase(node)
      case 1:
        let added = graph.add("Clip", [operand], [:], name: inserted[index], type: type, after: node)
        graph.replaceAllUses(of: result, with: added.results[0])
      default: break
      }
    }
  }

  /// Reads every node once, as a pass that finds nothing to do.
  func walk(_ graph: Graph) -> Int {
    var sum = 0
    var next = graph.firstNode
    while let node = next {
      next = graph.node(after: node)
      if graph[node].op.type == "Relu", let producer = graph.producer(ofOperand: 0, of: node) {
        sum += graph[producer].operands.count
      }
    }
    return sum
  }

  func walk(_ graph: ClassGraph) -> Int {
    var sum = 0
    var next = graph.first
    while let node = next {
      next = node.next
      if node.op.type == "Relu", let producer = unsafe node.operands[0].value.producer {
        sum += producer.operands.count
      }
    }
    return sum
  }
}
