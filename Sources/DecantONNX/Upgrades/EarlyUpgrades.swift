internal import DecantIR

/// What the first seven versions said otherwise: attributes that became operands or changed their kind, defaults, and notes
/// on memory that mean nothing here.
enum EarlyUpgrades {
  static let steps =
    [
      OpsetStep("BatchNormalization", 7, testMode), OpsetStep("Cast", 6, type), OpsetStep("Concat", 4, axis),
      OpsetStep("Dropout", 7, testMode), OpsetStep("GRU", 7, sequence), OpsetStep("GlobalLpPool", 2, power),
      OpsetStep("LSTM", 7, sequence), OpsetStep("LpPool", 2, power), OpsetStep("Pad", 2, pads),
      OpsetStep("RNN", 7, sequence), OpsetStep("Reshape", 5, shape), OpsetStep("Selu", 6, constants),
      OpsetStep("Split", 2, parts), OpsetStep("Tile", 6, repeats), OpsetStep("Upsample", 7, scales),
    ]
    + inPlace.map { OpsetStep($0, 6, memory) }

  /// The operators that could be told to work in place.
  private static let inPlace = [
    "Abs", "Add", "BatchNormalization", "Ceil", "Clip", "Div", "Dropout", "Elu", "Exp", "Floor", "HardSigmoid",
    "InstanceNormalization", "LeakyRelu", "Log", "Max", "Mean", "Min", "Mul", "Neg", "PRelu", "Reciprocal", "Relu",
    "Selu", "Sigmoid", "Sqrt", "Sub", "Sum", "Tanh",
  ]

  private static func memory(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.setAttribute(node, "consumed_inputs", nil)
  }

  /// Inference was a mode. A model that is run is run for inference, unless statistics of training are read.
  private static func testMode(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.setAttribute(node, "is_test", nil)
  }

  /// The type was spelled out.
  private static func type(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let name = rewriter.graph[node].attributes.string("to") else {
      throw OpError("attribute 'to' is missing, or no text")
    }
    let names: [String: DataType] = [
      "FLOAT": .float32, "UINT8": .uint8, "INT8": .int8, "UINT16": .uint16, "INT16": .int16, "INT32": .int32,
      "INT64": .int64, "STRING": .string, "BOOL": .bool, "FLOAT16": .float16, "DOUBLE": .float64, "UINT32": .uint32,
      "UINT64": .uint64, "COMPLEX64": .complex64, "COMPLEX128": .complex128,
    ]
    guard let type = names[name.uppercased()] else {
      throw OpError("'to' expected one of \(names.keys.sorted().joined(separator: ", ")), got '\(name)'")
    }
    rewriter.setAttribute(node, "to", .int(Int64(type.rawValue)))
  }

  private static func axis(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].attributes["axis"] == nil else { return }
    rewriter.setAttribute(node, "axis", .int(1))
  }

  /// Whether all steps are wanted follows from the results that are named.
  private static func sequence(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.setAttribute(node, "output_sequence", nil)
  }

  private static func power(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let power = rewriter.graph[node].attributes.float("p") else { return }
    guard let whole = Int64(exactly: power) else {
      throw OpError("'p' expected a whole number, got \(power)", kind: .unsupported)
    }
    rewriter.setAttribute(node, "p", .int(whole))
  }

  private static func pads(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let pads = rewriter.graph[node].attributes["paddings"] else {
      throw OpError("attribute 'paddings' is missing")
    }
    rewriter.setAttribute(node, "paddings", nil)
    rewriter.setAttribute(node, "pads", pads)
  }

  private static func shape(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].attributes.ints("shape") != nil else { throw OpError("attribute 'shape' is missing") }
    rewriter.moveToOperand("shape", 1, of: node)
    rewriter.setAttribute(node, "consumed_inputs", nil)
  }

  /// The defaults had fewer digits.
  private static func constants(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    for (name, value) in [("alpha", Float(1.6732)), ("gamma", 1.0507)]
    where rewriter.graph[node].attributes[name] == nil {
      rewriter.setAttribute(node, name, .float(value))
    }
  }

  /// The sizes of the parts could be an operand, of the type of what is split.
  private static func parts(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let operand = rewriter.graph[node].operand(1) else { return }
    guard let sizes = rewriter.knownOperand(1, of: node)?.numbers else {
      let whole = rewriter.add(
        "Cast", [operand], ["to": .int(Int64(DataType.int64.rawValue))], name: "\(rewriter.graph[operand].name)_whole",
        at: .before(node))
      rewriter.setOperand(1, of: node, to: whole)
      return
    }
    rewriter.cutOperands(from: 1, of: node)
    rewriter.setAttribute(node, "split", .ints(sizes.map { Int64($0) }))
  }

  /// One axis was repeated.
  private static func repeats(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].operand(2) != nil else { return }
    guard let input = rewriter.graph[node].operand(0), let rank = rewriter.graph.rank(of: input),
      let count = rewriter.knownOperand(1, of: node)?.numbers?.first,
      let axis = rewriter.knownOperand(2, of: node)?.numbers?.first
    else { throw OpError("'tiles' and 'axis' that are computed, or an operand of unknown rank", kind: .unsupported) }
    let place = try normalizeAxis(axis, rank: rank)
    var repeats = [Int64](repeating: 1, count: rank)
    repeats[place] = Int64(count)
    rewriter.cutOperands(from: 1, of: node)
    rewriter.putOperand(1, of: node, rewriter.sharedInitializer(Tensor(repeats), role: "repeats"))
  }

  private static func scales(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let attributes = rewriter.graph[node].attributes
    guard let height = attributes.float("height_scale"), let width = attributes.float("width_scale") else {
      guard attributes["scales"] == nil else { return }
      throw OpError("attributes 'height_scale' and 'width_scale' are missing")
    }
    rewriter.setAttribute(node, "height_scale", nil)
    rewriter.setAttribute(node, "width_scale", nil)
    rewriter.setAttribute(node, "scales", .floats([1, 1, height, width]))
  }
}

extension Tensor {
  /// The elements as whole numbers, floats too.
  fileprivate var numbers: [Int]? {
    if let integers { return integers }
    guard let floats else { return nil }
    let whole = floats.compactMap { Int(exactly: $0) }
    return whole.count == floats.count ? whole : nil
  }
}
