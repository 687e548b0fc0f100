internal import DecantIR

/// `Einsum`: every element of the result is a sum of products, in the order of the labels that it sums over.
enum EinsumKernel: NumberKernel {
  /// Short integers are computed in `i64` and cut off, which wraps.
  @Sendable static func evaluateAny(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let type = try context.operand(0).dataType
    guard [.int8, .uint8, .int16, .uint16].contains(type) else { return try evaluateNumbers(context) }
    var wide: [Tensor] = []
    for index in context.operands.indices {
      let tensor = try context.operand(index)
      wide.append(Tensor(try context.integers(index).map { Int64($0) }, shape: tensor.shape))
    }
    let result = try evaluate(
      number: Int64.self,
      EvaluationContext(op: context.op, attributes: context.attributes, operands: wide, byteLimit: context.byteLimit))
    let values = result[0].array(of: Int64.self) ?? []
    let shape = result[0].shape
    switch type {
    case .int8: return [Tensor(values.map { Int8(truncatingIfNeeded: $0) }, shape: shape)]
    case .uint8: return [Tensor(values.map { UInt8(truncatingIfNeeded: $0) }, shape: shape)]
    case .int16: return [Tensor(values.map { Int16(truncatingIfNeeded: $0) }, shape: shape)]
    default: return [Tensor(values.map { UInt16(truncatingIfNeeded: $0) }, shape: shape)]
    }
  }

  static func evaluate<T: KernelNumber>(number type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    var tensors: [Tensor] = []
    for index in context.operands.indices { tensors.append(try context.operand(index, holding: T.self)) }
    let plan = try Plan(context, tensors.map(\.shape))
    // Arrays, so that any number of operands can be walked at once.
    let operands = tensors.map { $0.array(of: T.self) ?? [] }
    let result = try context.make(T.self, shape: plan.result) { (span) throws(OpError) in
      plan.outer.forEachRun { target, sources in
        for step in 0..<plan.outer.run {
          var places = sources
          for operand in places.indices { places[operand] += step * plan.outer.runStrides[operand] }
          span[target + step] = sum(operands, places, plan.inner)
        }
      }
    }
    return [result]
  }

  private static func sum<T: KernelNumber>(_ operands: [[T]], _ origin: [Int], _ inner: BroadcastPlan) -> T {
    var sum = T.nought
    inner.forEachRun { _, sources in
      if operands.count == 2 {
        let (p, q) = (origin[0] + sources[0], origin[1] + sources[1])
        let (x, y) = (inner.runStrides[0], inner.runStrides[1])
        for step in 0..<inner.run { sum = sum.plus(operands[0][p + step * x].times(operands[1][q + step * y])) }
        return
      }
      for step in 0..<inner.run {
        var product = operands[0][origin[0] + sources[0] + step * inner.runStrides[0]]
        for operand in operands.indices.dropFirst() {
          let place = origin[operand] + sources[operand] + step * inner.runStrides[operand]
          product = product.times(operands[operand][place])
        }
        sum = sum.plus(product)
      }
    }
    return sum
  }

  /// How to walk the operands: over the result's labels, and for each of its elements over those summed away.
  private struct Plan {
    let result: [Int]
    let outer: BroadcastPlan
    let inner: BroadcastPlan

    init(_ context: EvaluationContext, _ shapes: [[Int]]) throws(OpError) {
      let equation = try EinsumEquation(context.attributes, operands: shapes.count)
      let labels = try equation.labels(ranks: shapes.map(\.count))
      var extents: [EinsumEquation.Label: Int] = [:]
      var strides: [[EinsumEquation.Label: Int]] = []
      for (names, shape) in zip(labels.operands, shapes) {
        for (label, extent) in zip(names, shape) {
          let known = extents[label] ?? 1
          guard known == 1 || extent == 1 || known == extent else {
            throw OpError("'equation' gives two extents to one label: \(known) and \(extent)")
          }
          extents[label] = known == 1 ? extent : known
        }
        var sums: [EinsumEquation.Label: Int] = [:]
        for (label, stride) in zip(names, BroadcastPlan.strides(of: shape, in: shape)) {
          sums[label, default: 0] += stride
        }
        strides.append(sums)
      }
      let summed = extents.keys.filter { !labels.result.contains($0) }.sorted()
      result = labels.result.map { extents[$0] ?? 1 }
      let window = summed.map { extents[$0] ?? 1 }
      let products = try product(of: result + window, what: "the number of products")
      guard products <= 1 << 40 else { throw OpError("'equation' asks for \(products) products", kind: .overBudget) }
      outer = BroadcastPlan(shape: result, strides: strides.map { table in labels.result.map { table[$0] ?? 0 } })
      inner = BroadcastPlan(shape: window, strides: strides.map { table in summed.map { table[$0] ?? 0 } })
    }
  }
}
