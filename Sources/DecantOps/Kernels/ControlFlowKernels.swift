internal import DecantIR

/// `If`: runs one of two subgraphs.
enum BranchKernel {
  @Sendable static func evaluate(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    let isTrue = try truth(try context.tensor(0), what: "operand 0")
    return try context.runSubgraph(
      try ControlFlow.graph(context.attributes, isTrue ? "then_branch" : "else_branch"), [])
  }

  /// The one bool that a tensor holds.
  static func truth(_ tensor: Tensor, what: String) throws(OpError) -> Bool {
    guard let values = tensor.array(of: Boolean.self), values.count == 1 else {
      throw OpError("\(what): expected one bool, got \(tensor.dataType)\(tensor.shape)")
    }
    return values[0].value
  }
}

/// `Loop`: runs its body while a condition holds, at most a number of times.
enum LoopKernel {
  @Sendable static func evaluate(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    let body = try ControlFlow.graph(context.attributes, "body")
    let limit = context.optionalOperand(0) == nil ? Int.max : try count(context)
    var goesOn =
      context.optionalOperand(1) == nil ? true : try BranchKernel.truth(try context.tensor(1), what: "operand 1")
    var carried: [RuntimeValue] = []
    for index in context.operands.indices.dropFirst(2) { carried.append(try context.operand(index)) }
    let outputs = body.outputs.count - 1 - carried.count
    guard outputs >= 0 else {
      throw OpError("expected a body with at least \(1 + carried.count) outputs, got \(body.outputs.count)")
    }
    var scans = [[Tensor]](repeating: [], count: outputs)
    var iteration = 0
    while goesOn, iteration < limit {
      let inputs: [RuntimeValue] = [.tensor(Tensor(scalar: Int64(iteration))), .tensor(Tensor(scalar: Boolean(true)))]
      let results = try context.runSubgraph(body, inputs + carried)
      guard results.count == 1 + carried.count + outputs else {
        throw OpError("expected \(1 + carried.count + outputs) results of the body, got \(results.count)")
      }
      goesOn = try BranchKernel.truth(try results[0].asTensor(), what: "the body's condition")
      carried = Array(results[1..<1 + carried.count])
      for index in 0..<outputs { scans[index].append(try results[1 + carried.count + index].asTensor()) }
      iteration += 1
    }
    var results = carried
    for (index, scan) in scans.enumerated() {
      let type = body[body.outputs[1 + carried.count + index].value].type
      results.append(.tensor(try TensorStack.stack(scan, axis: 0, type: type, context.evaluation(of: []))))
    }
    return results
  }

  private static func count(_ context: ValueContext) throws(OpError) -> Int {
    guard let values = try context.tensor(0).integers, values.count == 1 else {
      throw OpError("operand 0: expected one integer")
    }
    return values[0]
  }
}

/// `Scan`: runs its body over the slices of some operands.
enum ScanKernel {
  @Sendable static func evaluate(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    let body = try ControlFlow.graph(context.attributes, "body")
    let rule = try ScanRule(context.attributes, operands: context.operands.count)
    var states: [RuntimeValue] = []
    for index in 0..<rule.states { states.append(try context.operand(index)) }
    var (inputs, axes): ([Tensor], [Int]) = ([], [])
    for index in 0..<rule.inputs {
      let tensor = try context.tensor(rule.states + index)
      inputs.append(tensor)
      axes.append(try normalizeAxis(rule.inputAxis(index), rank: tensor.rank, name: "scan_input_axes"))
    }
    let steps = inputs[0].shape[axes[0]]
    for (input, axis) in zip(inputs, axes) where input.shape[axis] != steps {
      throw OpError("expected scan inputs of \(steps) slices, got \(input.shape[axis])")
    }
    let outputs = body.outputs.count - states.count
    guard outputs >= 0 else {
      throw OpError("expected a body with at least \(states.count) outputs, got \(body.outputs.count)")
    }
    var scans = [[Tensor]](repeating: [], count: outputs)
    for step in 0..<steps {
      var slices: [RuntimeValue] = []
      for (index, input) in inputs.enumerated() {
        let place = rule.isInputReversed(index) ? steps - 1 - step : step
        slices.append(.tensor(try TensorStack.slice(input, axis: axes[index], at: place)))
      }
      let results = try context.runSubgraph(body, states + slices)
      guard results.count == states.count + outputs else {
        throw OpError("expected \(states.count + outputs) results of the body, got \(results.count)")
      }
      states = Array(results[..<rule.states])
      for index in 0..<outputs { scans[index].append(try results[rule.states + index].asTensor()) }
    }
    for (index, scan) in scans.enumerated() {
      let type = body[body.outputs[rule.states + index].value].type
      let ordered = rule.isOutputReversed(index) ? scan.reversed() : scan
      let evaluation = context.evaluation(of: [])
      states.append(
        .tensor(try TensorStack.stack(ordered, axis: rule.outputAxis(index), type: type, evaluation)))
    }
    return states
  }
}

extension RuntimeValue {
  /// The tensor that it is.
  ///
  /// - Throws: ``OpError`` for everything else.
  func asTensor() throws(OpError) -> Tensor {
    guard let tensor else { throw OpError("expected a tensor of the body, got \(kind)") }
    return tensor
  }
}
