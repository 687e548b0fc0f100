internal import DecantForms
internal import DecantIR

/// Recurrent networks and fused attention of com.microsoft with integer weights.
extension DynamicQuantizer {
  /// Given: `%y = LSTM(%x, %w, %r, …)` with constant weights
  /// Result: `DynamicQuantizeLSTM`, its weights int8 and laid out input first.
  mutating func recurrence(_ id: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> NodeOutcome {
    let node = rewriter.graph[id]
    guard isCompatible || node.attributes.int("layout", default: 0) == 0 else {
      return .skipped("its integer form has sequences first")
    }
    guard let w = node.operand(1), let r = node.operand(2),
      let first = rewriter.graph[w].constant, let second = rewriter.graph[r].constant,
      [first, second].allSatisfy({ $0.dataType == .float32 && $0.rank == 3 })
    else { return .unconcerned("its weights are computed, or not float32") }
    let input = try recurrentWeight(w, first, &rewriter)
    let state = try recurrentWeight(r, second, &rewriter)
    var operands: [ValueID?] = [node.operand(0), input.codes, state.codes]
    for index in 3...7 { operands.append(node.operand(index)) }
    operands += [input.scale, input.zeroPoint, state.scale, state.zeroPoint]
    rewriter.setOperands(id, operands)
    rewriter.setAttribute(id, "layout", nil)
    rewriter.setOp(id, .microsoft("DynamicQuantizeLSTM"))
    rewriter.setName(id, node.name + "_quant")
    coded.readFloats(id, &rewriter)
    return .quantized("weights int8")
  }

  /// Codes of `[directions, 4 · hidden, input]` with a scale for each row or each direction, as `[directions, input, rows]`.
  private mutating func recurrentWeight(
    _ value: ValueID, _ data: Tensor, _ rewriter: inout Rewriter
  ) throws(OpError) -> CodedValues.Coded {
    let name = rewriter.graph[value].name
    let (directions, rows, columns) = (data.shape[0], data.shape[1], data.shape[2])
    guard let grid = IntegerGrid(.int8) else { throw OpError("int8 has a grid") }
    let flat = options.isPerChannel ? data.reshaped([directions * rows, columns]) : data
    let weight: QuantizedWeight
    do throws(OpError) {
      let parameters = try QuantizedWeight.fit(flat, grid: grid, symmetric: true, axis: 0, isReduced: options.isReduced)
      weight = try QuantizedWeight(flat, grid: grid, parameters: parameters, axis: 0)
    } catch {
      throw OpError("initializer '\(name)': \(error.message)", kind: error.kind)
    }
    let rowsFirst = weight.codes
    let source = rowsFirst.span(of: Int8.self)
    let codes = Tensor(of: Int8.self, shape: [directions, columns, rows]) { target in
      for index in 0..<target.count {
        let (direction, inside) = (index / (rows * columns), index % (rows * columns))
        let (column, row) = (inside / rows, inside % rows)
        target[index] = source[(direction * rows + row) * columns + column]
      }
    }
    let shape = options.isPerChannel ? [directions, rows] : [directions]
    recurrentWeights += 1
    return .init(
      codes: rewriter.addInitializer(name + "_quantized", codes),
      scale: rewriter.addInitializer(name + "_scale", weight.scales.reshaped(shape)),
      zeroPoint: rewriter.addInitializer(name + "_zero_point", weight.zeroPoints.reshaped(shape)), axis: nil)
  }

  /// com.microsoft's Attention: input as uint8 codes at run time, the weights of queries, keys and values as codes.
  mutating func attention(_ id: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> NodeOutcome {
    let node = rewriter.graph[id]
    guard node.attributes["qkv_hidden_sizes"] == nil else {
      return .skipped("its integer form has one size for queries, keys and values")
    }
    guard let x = node.operand(0), let w = node.operand(1), let bias = node.operand(2),
      rewriter.graph[w].constant?.dataType == .float32
    else { return .unconcerned("its weight is computed, or not float32") }
    let input = try activation(x, before: id, &rewriter)
    let factor = try weight(w, axis: -1, &rewriter)
    rewriter.setOperands(
      id,
      [
        input.codes, factor.codes, bias, input.scale, factor.scale, node.operand(3), input.zeroPoint,
        factor.zeroPoint, node.operand(4),
      ])
    rewriter.setOp(id, .microsoft("QAttention"))
    rewriter.setName(id, node.name + "_quant")
    return .quantized("weight \(weights.type), activation uint8 at run time")
  }
}
