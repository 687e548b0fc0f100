internal import DecantForms
internal import DecantIR

/// Matrix products and convolutions of codes.
extension DynamicQuantizer {
  /// Given: `%y = MatMul(%x, %w)` with a constant `%w`
  /// Result: `%y = Cast(MatMulInteger(%x_codes, %w_codes)) · (x_scale · w_scale)`, which ONNX Runtime runs as one
  /// operator.
  mutating func product(_ id: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> NodeOutcome {
    let node = rewriter.graph[id]
    guard let x = node.operand(0), let w = node.operand(1), let y = node.result(0),
      isFloat(x, rewriter.graph), isFloat(w, rewriter.graph)
    else { return .unconcerned("an operand is not float32") }
    guard let data = rewriter.graph[w].constant else {
      guard options.includesComputedFactors else { return .unconcerned("its second factor is computed") }
      let (left, right) = (
        try activation(x, before: id, &rewriter), try activation(w, before: id, &rewriter)
      )
      replace(id, y, "MatMulInteger", left, right, &rewriter)
      return .quantized("both factors as uint8 codes, at run time")
    }
    guard data.rank >= 2 else { return .skipped("its weight is a vector") }
    let left = try activation(x, before: id, &rewriter)
    var right = try weight(w, axis: -1, &rewriter)
    if !isCompatible, data.rank > 2, right.axis != nil {
      // ONNX Runtime takes zero points of columns for matrices only; these are all alike.
      let middle = weights.isSigned ? 0 : 128
      right = .init(
        codes: right.codes, scale: right.scale,
        zeroPoint: rewriter.addInitializer(
          rewriter.graph[w].name + "_zero_point",
          AffineParameters.zeroPoints([middle], type: weights.type, isScalar: true)), axis: right.axis)
    }
    replace(id, y, "MatMulInteger", left, right, &rewriter)
    let scales = right.axis.map { "per channel of axis \($0)" } ?? "per tensor"
    return .quantized("weight \(weights.type) \(scales), activation uint8 at run time")
  }

  /// Given: `%y = Conv(%x, %w, %b)`
  /// Result: ConvInteger, its scale, and the bias as a sum.
  mutating func convolution(_ id: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> NodeOutcome {
    let node = rewriter.graph[id]
    guard let x = node.operand(0), let w = node.operand(1), let y = node.result(0),
      isFloat(x, rewriter.graph), let data = rewriter.graph[w].constant, data.dataType == .float32, data.rank >= 3
    else { return .unconcerned("an operand is not float32, or the weight is computed") }
    let left = try activation(x, before: id, &rewriter)
    var right = try weight(w, axis: isCompatible ? nil : 0, &rewriter)
    if right.axis != nil, let scales = rewriter.graph[right.scale].constant {
      // One scale a channel, laid out beside the result's channels.
      let column = scales.reshaped([data.shape[0]] + [Int](repeating: 1, count: data.rank - 2))
      right = .init(
        codes: right.codes, scale: rewriter.addInitializer(rewriter.graph[w].name + "_scale", column),
        zeroPoint: rewriter.addInitializer(
          rewriter.graph[w].name + "_zero_point",
          AffineParameters.zeroPoints([0], type: weights.type, isScalar: true)), axis: right.axis)
    }
    let bias = node.operand(2)
    var column: ValueID?
    if let bias {
      let name = rewriter.graph[y].name
      let shape = rewriter.addInitializer(
        name + "_bias_reshape_shape", Tensor([1, -1] + [Int64](repeating: 1, count: data.rank - 2)))
      column = rewriter.add(
        "Reshape", [bias, shape], name: name + "_bias_reshape_output", type: .tensor(.float32, nil), at: .before(id))
    }
    if !isCompatible {
      report.notes.append("'\(node.name)' runs as ConvInteger, which is slower than float in ONNX Runtime")
    }
    replace(id, y, "ConvInteger", left, right, attributes: node.attributes, bias: column, &rewriter)
    return .quantized("weight \(weights.type), activation uint8 at run time; slower than float")
  }

  /// Puts the integer operator, its scales and a bias in the place of node `id` and its result `y`.
  private mutating func replace(
    _ id: NodeID, _ y: ValueID, _ op: OpName, _ left: CodedValues.Coded, _ right: CodedValues.Coded,
    attributes: Attributes = [:], bias: ValueID? = nil, _ rewriter: inout Rewriter
  ) {
    let (name, type, nodeName) = (rewriter.graph[y].name, rewriter.graph[y].type, rewriter.graph[id].name)
    rewriter.rename(y, to: name + "_float")
    func add(
      _ op: OpName, _ operands: [ValueID?], _ attributes: Attributes = [:], _ result: String, _ node: String,
      _ type: ValueType, _ rewriter: inout Rewriter
    ) -> ValueID {
      let value = rewriter.add(op, operands, attributes, name: result, type: type, at: .before(id))
      if let producer = rewriter.graph[value].producer { rewriter.setName(producer, node) }
      return value
    }
    let sums = add(
      op, [left.codes, right.codes, left.zeroPoint, right.zeroPoint], attributes, name + "_output_quantized",
      nodeName + "_quant", .tensor(.int32, type.shape), &rewriter)
    let cast = add(
      "Cast", [sums], ["to": .int(Int64(DataType.float32.rawValue))], name + "_output_quantized_cast_output",
      name + "_output_quantized_cast", .tensor(.float32, type.shape), &rewriter)
    let scale = add(
      "Mul", [left.scale, right.scale], [:], nodeName + "_quant_scales_mul:0", nodeName + "_quant_scales_mul",
      rewriter.graph[right.scale].type, &rewriter)
    let scaledName = bias == nil ? name : name + "quant_scaled_output"
    var result = add(
      "Mul", [cast, scale], [:], scaledName, nodeName + "_quant_output_scale_mul", type, &rewriter)
    if let bias { result = add("Add", [result, bias], [:], name, name + "_bias_add", type, &rewriter) }
    rewriter.replaceAllUses(of: y, with: result)
    rewriter.erase(id)
  }
}
