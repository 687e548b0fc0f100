import DecantIR

/// A small random generator with a seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Makes graphs full of what passes look for: constants, no-ops, pairs that undo each other, shape arithmetic, duplicates,
/// dead branches, layers with arithmetic behind them. All values are f32 and stay small.
struct RandomGraph {
  private struct Item {
    let value: ValueID
    let shape: [Int]
  }

  private var random: SplitMix
  private var items: [Item] = []
  private var counter = 0

  /// What stands for the first input's batch size at run time.
  static let batch = 2

  /// A graph from a seed: one input of shape `[N,4,6,6]`, `steps` random steps, two outputs.
  static func make(seed: UInt64, steps: Int = 24) -> Graph {
    var maker = RandomGraph(random: SplitMix(state: seed))
    return Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, [.symbol("N"), 4, 6, 6]))
      maker.items = [Item(value: x, shape: [batch, 4, 6, 6])]
      for _ in 0..<steps { maker.step(&rewriter) }
      rewriter.addOutput("first", maker.pick().value, declaredType: .unknown)
      rewriter.addOutput("last", maker.items[maker.items.count - 1].value, declaredType: .unknown)
    }
  }

  private mutating func pick() -> Item { items[Int.random(in: max(0, items.count - 6)..<items.count, using: &random)] }

  private mutating func name(_ base: String) -> String {
    counter += 1
    return "\(base)\(counter)"
  }

  private mutating func add(
    _ op: OpName, _ operands: [ValueID?], _ attributes: Attributes = [:], shape: [Int], _ rewriter: inout Rewriter
  ) {
    let result = rewriter.add(op, operands, attributes, name: name("v"))
    items.append(Item(value: result, shape: shape))
  }

  private mutating func constant(_ shape: [Int], _ rewriter: inout Rewriter, _ choices: [Float]? = nil) -> ValueID {
    let count = shape.reduce(1, *)
    let values = (0..<count).map { _ in
      choices.map { $0.randomElement(using: &random) ?? 0 } ?? Float.random(in: -1...1, using: &random)
    }
    let tensor = Tensor(values, shape: shape)
    guard Bool.random(using: &random) else { return rewriter.addInitializer(name("c"), tensor) }
    return rewriter.add("Constant", [], ["value": .tensor(tensor)], name: name("c"))
  }

  private mutating func integers(_ values: [Int], _ rewriter: inout Rewriter) -> ValueID {
    rewriter.addInitializer(name("i"), Tensor(values.map(Int64.init)))
  }

  private mutating func step(_ rewriter: inout Rewriter) {
    let item = pick()
    switch Int.random(in: 0..<12, using: &random) {
    case 0, 1: unary(item, &rewriter)
    case 2, 3: arithmetic(item, &rewriter)
    case 4: noOp(item, &rewriter)
    case 5: reshape(item, &rewriter)
    case 6: transpose(item, &rewriter)
    case 7, 8: layer(item, &rewriter)
    case 9: combine(item, &rewriter)
    case 10: constantChain(item, &rewriter)
    default: shapeArithmetic(item, &rewriter)
    }
  }

  private mutating func unary(_ item: Item, _ rewriter: inout Rewriter) {
    let ops: [OpName] = ["Relu", "Sigmoid", "Tanh", "Neg", "Abs", "Relu", "Neg", "Abs", "Floor", "Identity"]
    let op = ops.randomElement(using: &random) ?? "Relu"
    add(op, [item.value], shape: item.shape, &rewriter)
    if Bool.random(using: &random) { add(op, [item.value], shape: item.shape, &rewriter) }
    if Int.random(in: 0..<4, using: &random) == 0 {
      let bounds = [constant([], &rewriter, [-0.5, 0, 0.1]), constant([], &rewriter, [0.2, 0.9, 3])]
      add("Clip", [items[items.count - 1].value] + bounds, shape: item.shape, &rewriter)
    }
  }

  private mutating func arithmetic(_ item: Item, _ rewriter: inout Rewriter) {
    let ops: [OpName] = ["Add", "Mul", "Sub", "Div"]
    let op = ops.randomElement(using: &random) ?? "Add"
    let shapes = [[], [1], item.shape.suffix(1).map { $0 }, Array(repeating: 1, count: item.shape.count)]
    let shape = shapes.randomElement(using: &random) ?? []
    let choices: [Float]? = op == "Div" ? [1, 2, -4] : [[0], [1], [-1, 0.5]].randomElement(using: &random)
    let operand = constant(shape, &rewriter, choices)
    let isSwapped = op != "Div" && Bool.random(using: &random)
    add(op, isSwapped ? [operand, item.value] : [item.value, operand], shape: item.shape, &rewriter)
  }

  private mutating func noOp(_ item: Item, _ rewriter: inout Rewriter) {
    let rank = item.shape.count
    switch Int.random(in: 0..<5, using: &random) {
    case 0: add("Dropout", [item.value], shape: item.shape, &rewriter)
    case 1: add("Cast", [item.value], ["to": .int(1)], shape: item.shape, &rewriter)
    case 2:
      let wide = rewriter.add("Cast", [item.value], ["to": .int(11)], name: name("wide"))
      add("Cast", [wide], ["to": .int(1)], shape: item.shape, &rewriter)
    case 3:
      let pads = integers(Array(repeating: 0, count: 2 * rank), &rewriter)
      add("Pad", [item.value, pads], shape: item.shape, &rewriter)
    default: add("Concat", [item.value], ["axis": .int(0)], shape: item.shape, &rewriter)
    }
  }

  private mutating func reshape(_ item: Item, _ rewriter: inout Rewriter) {
    let count = item.shape.reduce(1, *)
    switch Int.random(in: 0..<4, using: &random) {
    case 0 where item.shape.count > 1:
      let rest = item.shape.dropFirst().reduce(1, *)
      add("Flatten", [item.value], ["axis": .int(1)], shape: [item.shape[0], rest], &rewriter)
    case 1:
      let axes = integers([1], &rewriter)
      var shape = item.shape
      shape.insert(1, at: 1)
      add("Unsqueeze", [item.value, axes], shape: shape, &rewriter)
      add("Squeeze", [items[items.count - 1].value, axes], shape: item.shape, &rewriter)
    case 2 where count % 144 == 0:
      let target = integers([-1, 4, 6, 6], &rewriter)
      add("Reshape", [item.value, target], shape: [count / 144, 4, 6, 6], &rewriter)
    default: add("Reshape", [item.value, integers(item.shape, &rewriter)], shape: item.shape, &rewriter)
    }
  }

  private mutating func transpose(_ item: Item, _ rewriter: inout Rewriter) {
    let permutation = Array(item.shape.indices).shuffled(using: &random)
    let inverse = permutation.indices.map { permutation.firstIndex(of: $0) ?? 0 }
    let attribute = { (axes: [Int]) in Attribute.ints(axes.map(Int64.init)) }
    add(
      "Transpose", [item.value], ["perm": attribute(permutation)], shape: permutation.map { item.shape[$0] }, &rewriter)
    guard Bool.random(using: &random) else { return }
    let middle = items[items.count - 1]
    add("Relu", [middle.value], shape: middle.shape, &rewriter)
    let last = items[items.count - 1]
    add("Transpose", [last.value], ["perm": attribute(inverse)], shape: item.shape, &rewriter)
  }

  private mutating func layer(_ item: Item, _ rewriter: inout Rewriter) {
    guard item.shape.count == 4 || item.shape.count == 2 else { return unary(item, &rewriter) }
    let channels = item.shape[1]
    guard item.shape.count == 4, channels <= 8, item.shape[2] * item.shape[3] <= 64 else {
      guard item.shape.count == 2, item.shape[1] <= 256 else { return }
      let weight = constant([item.shape[1], 3], &rewriter)
      add("MatMul", [item.value, weight], shape: [item.shape[0], 3], &rewriter)
      add("Add", [items[items.count - 1].value, constant([3], &rewriter)], shape: [item.shape[0], 3], &rewriter)
      return
    }
    var source = item
    if Bool.random(using: &random) {
      let pads = integers([0, 0, 1, 1, 0, 0, 1, 1], &rewriter)
      let shape = [item.shape[0], channels, item.shape[2] + 2, item.shape[3] + 2]
      add("Pad", [item.value, pads], shape: shape, &rewriter)
      source = items[items.count - 1]
    }
    let weight = constant([4, channels, 1, 1], &rewriter)
    let bias: ValueID? = Bool.random(using: &random) ? constant([4], &rewriter) : nil
    let shape = [source.shape[0], 4, source.shape[2], source.shape[3]]
    add("Conv", bias.map { [source.value, weight, $0] } ?? [source.value, weight], shape: shape, &rewriter)
    switch Int.random(in: 0..<3, using: &random) {
    case 0:
      let parameters = (0..<3).map { _ in constant([4], &rewriter) }
      let variance = constant([4], &rewriter, [0.25, 1, 2])
      add("BatchNormalization", [items[items.count - 1].value] + parameters + [variance], shape: shape, &rewriter)
    case 1: add("Mul", [items[items.count - 1].value, constant([4, 1, 1], &rewriter)], shape: shape, &rewriter)
    default: add("Sub", [constant([], &rewriter), items[items.count - 1].value], shape: shape, &rewriter)
    }
  }

  private mutating func combine(_ item: Item, _ rewriter: inout Rewriter) {
    let same = items.filter { $0.shape == item.shape }
    guard let other = same.randomElement(using: &random) else { return }
    let op: OpName = Bool.random(using: &random) ? "Add" : "Max"
    add(op, [item.value, other.value], shape: item.shape, &rewriter)
    add("Tanh", [items[items.count - 1].value], shape: item.shape, &rewriter)
  }

  private mutating func constantChain(_ item: Item, _ rewriter: inout Rewriter) {
    let a = constant([item.shape[item.shape.count - 1]], &rewriter)
    let b = rewriter.add("Tanh", [a], name: name("k"))
    let c = rewriter.add("Mul", [a, b], name: name("k"))
    add("Add", [item.value, c], shape: item.shape, &rewriter)
  }

  private mutating func shapeArithmetic(_ item: Item, _ rewriter: inout Rewriter) {
    let shape = rewriter.add("Shape", [item.value], name: name("s"))
    let zero = rewriter.addInitializer(name("i"), Tensor(scalar: Int64(0)))
    let first = rewriter.add("Gather", [shape, zero], ["axis": .int(0)], name: name("s"))
    let vector = rewriter.add("Unsqueeze", [first, integers([0], &rewriter)], name: name("s"))
    let rest = integers([-1], &rewriter)
    let target = rewriter.add("Concat", [vector, rest], ["axis": .int(0)], name: name("s"))
    let flat = [item.shape[0], item.shape.dropFirst().reduce(1, *)]
    add("Reshape", [item.value, target], shape: flat, &rewriter)
    guard item.shape.count > 1 else { return }
    add("Sigmoid", [items[items.count - 1].value], shape: flat, &rewriter)
    add("Reshape", [items[items.count - 1].value, shape], shape: item.shape, &rewriter)
  }
}
