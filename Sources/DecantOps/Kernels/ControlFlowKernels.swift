internal import DecantBytes
internal import DecantIR

/// `If`: runs one of two subgraphs.
enum BranchKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let isTrue = try truth(try context.operand(0), what: "operand 0")
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
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let body = try ControlFlow.graph(context.attributes, "body")
    let limit = try context.optionalOperand(0) == nil ? Int.max : try count(context)
    var goesOn =
      try context.optionalOperand(1).map { (tensor) throws(OpError) in
        try BranchKernel.truth(tensor, what: "operand 1")
      } ?? true
    var carried: [Tensor] = []
    for index in context.operands.indices.dropFirst(2) { carried.append(try context.operand(index)) }
    let outputs = body.outputs.count - 1 - carried.count
    guard outputs >= 0 else {
      throw OpError("expected a body with at least \(1 + carried.count) outputs, got \(body.outputs.count)")
    }
    var scans = [[Tensor]](repeating: [], count: outputs)
    var iteration = 0
    while goesOn, iteration < limit {
      let inputs = [Tensor(scalar: Int64(iteration)), Tensor(scalar: Boolean(true))] + carried
      let results = try context.runSubgraph(body, inputs)
      guard results.count == 1 + carried.count + outputs else {
        throw OpError("expected \(1 + carried.count + outputs) results of the body, got \(results.count)")
      }
      goesOn = try BranchKernel.truth(results[0], what: "the body's condition")
      carried = Array(results[1..<1 + carried.count])
      for index in 0..<outputs { scans[index].append(results[1 + carried.count + index]) }
      iteration += 1
    }
    var results = carried
    for (index, scan) in scans.enumerated() {
      let type = body[body.outputs[1 + carried.count + index].value].type
      results.append(try TensorStack.stack(scan, axis: 0, type: type, context))
    }
    return results
  }

  private static func count(_ context: EvaluationContext) throws(OpError) -> Int {
    let values = try context.integers(0)
    guard values.count == 1 else { throw OpError("operand 0: expected one number, got \(values.count)") }
    return values[0]
  }
}

/// `Scan`: runs its body over the slices of some operands.
enum ScanKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let body = try ControlFlow.graph(context.attributes, "body")
    let rule = try ScanRule(context.attributes, operands: context.operands.count)
    var states: [Tensor] = []
    for index in 0..<rule.states { states.append(try context.operand(index)) }
    var (inputs, axes): ([Tensor], [Int]) = ([], [])
    for index in 0..<rule.inputs {
      let tensor = try context.operand(rule.states + index)
      inputs.append(tensor)
      axes.append(try context.normalize(axis: rule.inputAxis(index), rank: tensor.rank, name: "scan_input_axes"))
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
      var slices: [Tensor] = []
      for (index, input) in inputs.enumerated() {
        let place = rule.isInputReversed(index) ? steps - 1 - step : step
        slices.append(try TensorStack.slice(input, axis: axes[index], at: place))
      }
      let results = try context.runSubgraph(body, states + slices)
      guard results.count == states.count + outputs else {
        throw OpError("expected \(states.count + outputs) results of the body, got \(results.count)")
      }
      states = Array(results[..<rule.states])
      for index in 0..<outputs { scans[index].append(results[rule.states + index]) }
    }
    for (index, scan) in scans.enumerated() {
      let type = body[body.outputs[rule.states + index].value].type
      let ordered = rule.isOutputReversed(index) ? scan.reversed() : scan
      states.append(try TensorStack.stack(ordered, axis: rule.outputAxis(index), type: type, context))
    }
    return states
  }
}

/// Cuts tensors into slices and stacks them.
enum TensorStack {
  /// Slice `place` along `axis`, without that axis. Precondition: both are in range.
  static func slice(_ tensor: Tensor, axis: Int, at place: Int) throws(OpError) -> Tensor {
    var shape = tensor.shape
    let extent = shape.remove(at: axis)
    let (outer, inner) = (shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *))
    if outer == 1, tensor.dataType.bitWidth >= 8, let slice = tensor.bytes {
      let size = inner * tensor.dataType.bitWidth / 8
      return try Tensor(tensor.dataType, shape: shape, bytes: slice[place * size..<(place + 1) * size])
    }
    let starts = inner == 0 ? [] : (0..<outer).map { ($0 * extent + place) * inner }
    if let strings = tensor.strings {
      return try Tensor(strings: starts.flatMap { strings[$0..<$0 + inner] }, shape: shape)
    }
    let (bytes, width) = try elements(tensor)
    let cut = starts.flatMap { bytes[$0 * width..<($0 + inner) * width] }
    return try joined(cut, tensor.dataType, shape)
  }

  /// The tensors along a new axis. Of none it is empty, and `type` tells the other extents; those that it does not know
  /// are 0.
  static func stack(
    _ tensors: [Tensor], axis: Int, type: ValueType, _ context: EvaluationContext
  ) throws(OpError) -> Tensor {
    let shape = tensors.first?.shape ?? (type.shape ?? []).dimensions.map { $0.fixed ?? 0 }
    guard let dataType = tensors.first?.dataType ?? type.dataType else {
      throw OpError("a loop that ran 0 times has an output of unknown type", kind: .unsupported)
    }
    for tensor in tensors where tensor.shape != shape || tensor.dataType != dataType {
      throw OpError("expected \(dataType)\(shape) of every iteration, got \(tensor.dataType)\(tensor.shape)")
    }
    let place = try normalizeAxis(axis, rank: shape.count + 1)
    var result = shape
    result.insert(tensors.count, at: place)
    try context.checkSize(dataType, shape: result)
    let inner = shape[place...].reduce(1, *)
    let outer = inner == 0 || tensors.isEmpty ? 0 : shape[..<place].reduce(1, *)
    if dataType == .string {
      let parts = tensors.map { $0.strings ?? [] }
      let strings = (0..<outer).flatMap { row in parts.flatMap { $0[row * inner..<(row + 1) * inner] } }
      return try Tensor(strings: strings, shape: result)
    }
    var parts: [[UInt8]] = []
    var width = 1
    for tensor in tensors {
      let (bytes, size) = try elements(tensor)
      parts.append(bytes)
      width = size
    }
    var bytes: [UInt8] = []
    for row in 0..<outer {
      for part in parts { bytes += part[row * inner * width..<(row + 1) * inner * width] }
    }
    return try joined(bytes, dataType, result)
  }

  /// The bytes of the elements, packed ones in a byte each, and how many an element takes.
  private static func elements(_ tensor: Tensor) throws(OpError) -> (bytes: [UInt8], width: Int) {
    guard let slice = PackedElements.unpack(tensor).bytes else { throw OpError("the data of a tensor is not here") }
    return (unsafe slice.bytes.withUnsafeBytes { unsafe Array($0) }, max(tensor.dataType.bitWidth / 8, 1))
  }

  private static func joined(_ bytes: [UInt8], _ dataType: DataType, _ shape: [Int]) throws(OpError) -> Tensor {
    if dataType.isPacked { return try PackedElements.pack(bytes, dataType, shape: shape) }
    return try Tensor(dataType, shape: shape, bytes: ByteSlice(copying: bytes))
  }
}
