package import DecantIR

/// What an expansion sees and builds with: the node, and new nodes before it, typed as they are added.
package struct Expander: ~Copyable {
  /// The graph.
  private(set) var rewriter: Rewriter
  /// The node that is replaced.
  let id: NodeID
  /// The version of the operator set that the parts must suit in the end.
  let opset: Int
  private var inference = TypeInference()
  private var added: [NodeID] = []
  private var constants: [ValueID] = []
  private let name: String

  private init(_ rewriter: consuming Rewriter, _ id: NodeID, opset: Int, name: String) {
    self.rewriter = rewriter
    self.id = id
    self.opset = opset
    self.name = name
  }

  /// Runs `body` on `node`, replaces the node's results by what it returns, and returns the nodes added.
  package static func run(
    on node: NodeID, opset: Int, _ rewriter: inout Rewriter,
    _ body: (inout Expander) throws(OpError) -> [ValueID?]
  ) throws(OpError) -> [NodeID] {
    let result = rewriter.graph[node].results.lazy.compactMap { $0 }.first
    let name = result.map { rewriter.graph[$0].name } ?? rewriter.graph[node].name
    var expander = Expander(Rewriter(Graph(name: "")), node, opset: opset, name: name)
    swap(&expander.rewriter, &rewriter)
    defer { swap(&expander.rewriter, &rewriter) }
    do throws(OpError) {
      let results = try body(&expander)
      return try expander.finish(results)
    } catch {
      for node in expander.added.reversed() { expander.rewriter.erase(node) }
      for constant in expander.constants { expander.rewriter.erase(constant) }
      throw error
    }
  }

  private mutating func finish(_ results: [ValueID?]) throws(OpError) -> [NodeID] {
    let old = rewriter.graph[id].results
    for (index, value) in old.enumerated() {
      guard let value, rewriter.graph[value].useCount > 0 else { continue }
      guard index < results.count, results[index] != nil else {
        throw OpError("result \(index) is read, and there is no other form of it")
      }
    }
    let own = Set(added)
    var renames: [(ValueID, String, ValueType)] = []
    for (old, new) in zip(old, results) {
      guard let old, let new, rewriter.graph[old].useCount > 0 else { continue }
      let (name, type) = (rewriter.graph[old].name, rewriter.graph[old].type)
      rewriter.replaceAllUses(of: old, with: new)
      if rewriter.graph[new].producer.map(own.contains) ?? false { renames.append((new, name, type)) }
    }
    rewriter.erase(id)
    for (value, name, type) in renames {
      rewriter.rename(value, to: name)
      rewriter.setType(value, type)
    }
    return added
  }

  // MARK: The node

  /// The node.
  var node: Node { rewriter.graph[id] }
  /// Its attributes.
  var attributes: Attributes { rewriter.graph[id].attributes }

  /// Operand `index`.
  ///
  /// - Throws: when it is left out.
  func operand(_ index: Int) throws(OpError) -> ValueID {
    guard let value = rewriter.graph[id].operand(index) else { throw OpError("operand \(index) is missing") }
    return value
  }

  /// Operand `index`; nil when it is left out.
  func optional(_ index: Int) -> ValueID? { rewriter.graph[id].operand(index) }

  /// Whether result `index` is read.
  func reads(result index: Int) -> Bool {
    rewriter.graph[id].result(index).map { rewriter.graph[$0].useCount > 0 } ?? false
  }

  /// The constant that a value is; nil when it is computed.
  func constant(_ value: ValueID?) -> Tensor? {
    guard let value else { return nil }
    if let known = rewriter.graph[value].constant { return known }
    guard let producer = rewriter.graph[value].producer, rewriter.graph[producer].op == "Constant" else { return nil }
    return rewriter.graph[producer].attributes.tensor("value")
  }

  /// The element type of a value.
  ///
  /// - Throws: when it is not known.
  func dataType(_ value: ValueID) throws(OpError) -> DataType {
    guard let type = rewriter.graph[value].type.dataType ?? constant(value)?.dataType else {
      throw OpError("the element type of '\(rewriter.graph[value].name)' is not known")
    }
    return type
  }

  /// The shape of a value, as far as known.
  func shape(_ value: ValueID) -> Shape? { rewriter.graph[value].type.shape ?? constant(value)?.type.shape }

  /// The rank of a value.
  ///
  /// - Throws: when it is not known.
  func rank(_ value: ValueID) throws(OpError) -> Int {
    guard let rank = shape(value)?.rank else {
      throw OpError("the rank of '\(rewriter.graph[value].name)' is not known")
    }
    return rank
  }

  /// Extent `axis` of a value, which must be a number.
  ///
  /// - Throws: when it is not known.
  func extent(_ value: ValueID, _ axis: Int) throws(OpError) -> Int {
    guard let shape = shape(value), axis < shape.rank, let extent = shape[axis].fixed else {
      throw OpError("extent \(axis) of '\(rewriter.graph[value].name)' is not known")
    }
    return extent
  }

  // MARK: Building

  /// Adds a node before the one that is replaced, and returns its result, typed.
  mutating func add(_ op: OpName, _ operands: [ValueID?], _ attributes: Attributes = [:]) -> ValueID {
    let value = rewriter.add(op, operands, attributes, name: "\(name)_\(op.type)", at: .before(id))
    if let node = rewriter.graph[value].producer { record(node) }
    return value
  }

  /// Adds a node with `count` results, those without a reader left out.
  mutating func add(
    _ op: OpName, _ operands: [ValueID?], _ attributes: Attributes = [:], results count: Int
  ) -> [ValueID?] {
    let wanted = (0..<count).map { reads(result: $0) || $0 == 0 }
    return add(op, operands, attributes, wanted: wanted)
  }

  /// Adds a node with the results that are `wanted`. Its last `captureCount` operands are what its subgraphs read.
  mutating func add(
    _ op: OpName, _ operands: [ValueID?], _ attributes: Attributes, wanted: [Bool], captureCount: Int = 0
  ) -> [ValueID?] {
    let names = wanted.indices.map { wanted[$0] ? "\(name)_\(op.type)_\($0)" : nil }
    let node = rewriter.addNode(
      op, operands, attributes, resultNames: names, captureCount: captureCount, at: .before(id))
    record(node)
    return rewriter.graph[node].results
  }

  private mutating func record(_ node: NodeID) {
    added.append(node)
    // Names of values are unique, and names of nodes must be.
    if let result = rewriter.graph[node].result(0) { rewriter.setName(node, rewriter.graph[result].name) }
    // Types help the parts that follow; a node that breaks its rules is found when the model is checked.
    _ = try? inference.infer(node, &rewriter)
  }

  /// A vector of int64.
  mutating func integers(_ numbers: [Int]) -> ValueID {
    store(Tensor(numbers.map { Int64($0) }), as: "numbers")
  }

  /// A constant.
  mutating func constant(_ tensor: Tensor) -> ValueID { store(tensor, as: "constant") }

  private mutating func store(_ tensor: Tensor, as role: String) -> ValueID {
    let value = rewriter.addInitializer("\(name)_\(role)", tensor)
    constants.append(value)
    return value
  }

  /// A scalar of the element type of `value`.
  mutating func number(_ number: Double, like value: ValueID) throws(OpError) -> ValueID {
    self.constant(try Expander.converted(Tensor(scalar: number), to: try dataType(value)))
  }

  /// `value` with another element type: itself where it has that, a constant where it is one.
  mutating func cast(_ value: ValueID, to type: DataType) throws(OpError) -> ValueID {
    if try dataType(value) == type { return value }
    if let constant = constant(value) { return self.constant(try Expander.converted(constant, to: type)) }
    return add("Cast", [value], ["to": .int(Int64(type.rawValue))])
  }

  /// The constant `tensor` with another element type, as `Cast` converts it.
  static func converted(_ tensor: Tensor, to type: DataType) throws(OpError) -> Tensor {
    guard tensor.dataType != type else { return tensor }
    let results = try evaluated("Cast", [tensor], ["to": .int(Int64(type.rawValue))])
    guard let result = results.first else { throw OpError("'Cast' gave nothing") }
    return result
  }

  /// What an operator's reference kernel gives for constants.
  static func evaluated(
    _ op: OpName, _ operands: [Tensor?], _ attributes: Attributes, results: Int = 1
  ) throws(OpError) -> [Tensor] {
    guard let definition = StandardOps().definition(of: op), definition.schema.isDeterministic,
      let evaluate = definition.evaluate
    else { throw OpError("'\(op)' has no kernel that always gives the same") }
    return try evaluate(
      EvaluationContext(
        op: op, attributes: attributes, operands: operands, wanted: [Bool](repeating: true, count: results),
        byteLimit: 1 << 28))
  }
}

extension Expander {
  /// `Reshape` to constant extents.
  mutating func reshape(_ value: ValueID, _ extents: [Int]) -> ValueID { add("Reshape", [value, integers(extents)]) }

  /// `Transpose`.
  mutating func transpose(_ value: ValueID, _ order: [Int]) -> ValueID {
    add("Transpose", [value], ["perm": .ints(order.map { Int64($0) })])
  }

  /// `Unsqueeze`.
  mutating func unsqueeze(_ value: ValueID, _ axes: [Int]) -> ValueID { add("Unsqueeze", [value, integers(axes)]) }

  /// Part of one axis.
  mutating func slice(_ value: ValueID, axis: Int, from start: Int, to end: Int = Int.max, step: Int = 1) -> ValueID {
    let steps = step == 1 ? nil : integers([step])
    let operands: [ValueID?] = [value, integers([start]), integers([end]), integers([axis]), steps]
    return add("Slice", operands.droppingLastNils)
  }

  /// Some of the extents of a value, as a vector.
  mutating func extents(_ value: ValueID, _ range: Range<Int>) -> ValueID {
    add("Slice", [add("Shape", [value]), integers([range.lowerBound]), integers([range.upperBound]), integers([0])])
  }

  /// `Concat` along an axis.
  mutating func concat(_ values: [ValueID], axis: Int) -> ValueID { add("Concat", values, ["axis": .int(Int64(axis))]) }
}
