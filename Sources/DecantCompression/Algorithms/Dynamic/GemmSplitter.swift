internal import DecantIR

/// Splits Gemm into a product and a sum, for integer products have no bias.
///
/// Given: `%y = Gemm(%x, %w, %b) {transB: 1}`
/// Result: `%p = MatMul(%x, %w')`, `%y = Add(%p, %b)`
///
/// In ONNX Runtime's style every Gemm with alpha and beta of 1 and no transposed first factor is split, chosen or not;
/// in Decant's those chosen, with the factors carried into weight and bias.
struct GemmSplitter {
  let style: QuantizationStyle

  /// Splits, and chooses the products of chosen nodes.
  func split(_ chosen: inout Set<NodeID>, _ rewriter: inout Rewriter) throws(OpError) {
    for id in rewriter.graph.order where rewriter.graph[id].op == "Gemm" {
      guard style == .onnxRuntime || chosen.contains(id), let product = try split(id, &rewriter) else { continue }
      if chosen.remove(id) != nil { chosen.insert(product) }
    }
  }

  private func split(_ id: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> NodeID? {
    let node = rewriter.graph[id]
    guard let x = node.operand(0), let w = node.operand(1), let y = node.result(0) else { return nil }
    let alpha = node.attributes.float("alpha", default: 1)
    let beta = node.attributes.float("beta", default: 1)
    let isTransposed = node.attributes.int("transA", default: 0) != 0
    let isPlain = alpha == 1 && beta == 1 && !isTransposed
    let weight = rewriter.graph[w].constant
    guard isPlain || style == .decant else { return nil }
    guard style == .onnxRuntime || weight?.dataType == .float32 else { return nil }
    var (left, right) = (x, w)
    if isTransposed {
      let type = rewriter.graph[x].type.dataType
      left = rewriter.add(
        "Transpose", [x], ["perm": .ints([1, 0])], name: node.name + "_Transpose_A",
        type: type.map { .tensor($0, nil) } ?? .unknown, at: .before(id))
    }
    if node.attributes.int("transB", default: 0) != 0 || alpha != 1 {
      right = try factor(id, w, isTransposed: node.attributes.int("transB", default: 0) != 0, alpha, &rewriter)
    }
    let bias = node.operand(2)
    let (name, type) = (rewriter.graph[y].name, rewriter.graph[y].type)
    rewriter.rename(y, to: name + "_Gemm")
    let product = rewriter.add(
      "MatMul", [left, right], name: name + (bias == nil ? "" : "_MatMul"), type: type, at: .before(id))
    let producer = rewriter.graph[product].producer
    if let producer { rewriter.setName(producer, node.name + "_MatMul") }
    var result = product
    if let bias {
      let added = scaled(bias, by: beta, before: id, &rewriter)
      result = rewriter.add("Add", [product, added], name: name, type: type, at: .before(id))
      if let sum = rewriter.graph[result].producer { rewriter.setName(sum, node.name + "_Add") }
    }
    rewriter.replaceAllUses(of: y, with: result)
    rewriter.erase(id)
    return producer
  }

  /// The second factor as MatMul reads it.
  private func factor(
    _ id: NodeID, _ w: ValueID, isTransposed: Bool, _ alpha: Float, _ rewriter: inout Rewriter
  ) throws(OpError) -> ValueID {
    let (name, type) = (rewriter.graph[w].name, rewriter.graph[w].type)
    guard let data = rewriter.graph[w].constant, data.dataType == .float32, data.rank == 2,
      let values = data.array(of: Float.self)
    else {
      return rewriter.add(
        "Transpose", [w], ["perm": .ints([1, 0])], name: name + "_Transposed",
        type: type.dataType.map { .tensor($0, nil) } ?? .unknown, at: .before(id))
    }
    let (rows, columns) = (data.shape[0], data.shape[1])
    let changed = Tensor(of: Float.self, shape: isTransposed ? [columns, rows] : [rows, columns]) { target in
      for row in 0..<rows {
        for column in 0..<columns {
          target[isTransposed ? column * rows + row : row * columns + column] = values[row * columns + column] * alpha
        }
      }
    }
    // The weight keeps its name when no other node reads it, and nothing is left of the old one.
    guard rewriter.graph[w].useCount > 1 else {
      rewriter.setData(w, changed)
      return w
    }
    return rewriter.addInitializer(name + "_transposed", changed)
  }

  private func scaled(
    _ bias: ValueID, by beta: Float, before id: NodeID, _ rewriter: inout Rewriter
  ) -> ValueID {
    guard beta != 1 else { return bias }
    let name = rewriter.graph[bias].name
    if let data = rewriter.graph[bias].constant, let values = data.array(of: Float.self) {
      return rewriter.addInitializer(name + "_scaled", Tensor(values.map { $0 * beta }, shape: data.shape))
    }
    let factor = rewriter.addInitializer(name + "_beta", Tensor(scalar: beta))
    return rewriter.add(
      "Mul", [bias, factor], name: name + "_scaled", type: rewriter.graph[bias].type, at: .before(id))
  }
}
