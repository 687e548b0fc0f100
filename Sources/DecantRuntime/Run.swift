internal import DecantBytes
internal import DecantIR

/// One run of a plan: the values that are live, and what they take.
struct Run {
  let plan: ExecutionPlan
  let meter: RunMeter
  let tap: StatisticsTap?
  private var slots: [SlotValue?]
  /// The account that pays for each slot; slots that share memory share one, and nobody pays for the caller's tensors.
  private var payer: [Int?]
  private var accounts: [Account] = []

  private struct Account {
    let bytes: Int
    var sharers: Int
  }

  init(_ plan: ExecutionPlan, _ meter: RunMeter, tap: StatisticsTap? = nil) {
    self.plan = plan
    self.meter = meter
    self.tap = tap
    slots = [SlotValue?](repeating: nil, count: plan.slotCount)
    payer = [Int?](repeating: nil, count: plan.slotCount)
  }

  /// Computes the outputs from the inputs; nil stands for an input that is left out.
  ///
  /// - Throws: ``OpError`` that names the node.
  mutating func outputs(from inputs: [RuntimeValue?]) throws(OpError) -> [RuntimeValue?] {
    for index in 0..<plan.inputCount {
      let given = index < inputs.count ? inputs[index] : nil
      slots[index] = given.map { SlotValue($0) }
      try observe(index)
    }
    for slot in plan.unread { slots[slot] = nil }
    if let tap {
      for (value, constant) in plan.watchedConstants { try tap.observe(value, constant.aligned) }
    }
    for step in plan.steps {
      do throws(OpError) {
        try run(step)
      } catch {
        throw Step.located(error, step.name, step.op)
      }
    }
    var outputs: [RuntimeValue?] = []
    for output in plan.outputs { outputs.append(try value(output)) }
    for account in accounts where account.sharers > 0 { meter.giveBack(account.bytes) }
    return outputs
  }

  private mutating func run(_ step: Step) throws(OpError) {
    switch step.work {
    case .node(let work):
      if let kernel = work.valueKernel, kernel.isOnly || step.operands.contains(where: { isComposite($0) }) {
        try store(compute(step, work, kernel), of: step, sharing: step.operands)
      } else {
        var tensors: [RuntimeTensor?] = []
        for operand in step.operands { tensors.append(try tensor(operand)) }
        let ready = try work.ready(tensors, step.operands)
        let results = try compute(step, work, ready, tensors)
        try store(results.map { $0.map { .tensor($0) } }, of: step, sharing: step.operands)
      }
    case .call(let body):
      var operands: [RuntimeValue?] = []
      for operand in step.operands { operands.append(try value(operand)) }
      var inner = Run(body, meter)
      let results = try inner.outputs(from: operands)
      try store(results.map { $0.map { SlotValue($0) } }, of: step, sharing: step.operands)
    }
    for slot in step.releases { release(slot) }
  }

  private mutating func compute(
    _ step: Step, _ work: NodeWork, _ ready: NodeWork.Ready, _ values: [RuntimeTensor?]
  ) throws(OpError) -> [RuntimeTensor?] {
    var operands = values
    for (index, constant) in ready.operands.enumerated() where constant != nil { operands[index] = constant }
    if !ready.kernel.takesLayouts {
      for index in operands.indices {
        guard case .laidOut(let tensor)? = operands[index], case .slot(let slot) = step.operands[index] else {
          continue
        }
        let plain = RuntimeTensor.plain(try tensor.unpack())
        slots[slot] = .tensor(plain)
        operands[index] = plain
      }
    }
    let enter = try subgraphs(of: step, work)
    let call = KernelCall(operands: operands, byteLimit: meter.remaining, stream: step.stream) {
      (graph, inputs) throws(OpError) -> [Tensor] in
      var tensors: [Tensor] = []
      for value in try enter(graph, inputs.map { .tensor($0) }) {
        guard let tensor = value.tensor else { throw OpError("expected a tensor of a subgraph, got \(value.kind)") }
        tensors.append(tensor)
      }
      return tensors
    }
    let results = try ready.kernel.run(call)
    guard results.count >= step.results.count else {
      throw OpError("expected \(step.results.count) results, got \(results.count)")
    }
    return results
  }

  /// The results of a kernel on values.
  private func compute(_ step: Step, _ work: NodeWork, _ kernel: ValueKernel) throws(OpError) -> [SlotValue?] {
    var operands: [RuntimeValue?] = []
    for operand in step.operands { operands.append(try value(operand)) }
    let results = try kernel.run(
      ValueContext(
        op: step.op, attributes: work.attributes, operands: operands, wanted: work.wanted, byteLimit: meter.remaining,
        runSubgraph: try subgraphs(of: step, work)))
    guard results.count >= step.results.count else {
      throw OpError("expected \(step.results.count) results, got \(results.count)")
    }
    return results.map { SlotValue($0) }
  }

  /// A way into the subgraphs of a step, its captured values at hand.
  private func subgraphs(
    of step: Step, _ work: NodeWork
  ) throws(OpError) -> @Sendable (Graph, [RuntimeValue]) throws(OpError) -> [RuntimeValue] {
    var captured: [RuntimeValue] = []
    for operand in step.captured {
      guard let value = try value(operand) else { throw OpError("a captured value is missing") }
      captured.append(value)
    }
    let (outer, meter) = (captured, meter)
    return { (graph, inputs) throws(OpError) -> [RuntimeValue] in
      try meter.enterSubgraph()
      var inner = Run(try work.plan(of: graph), meter)
      var results: [RuntimeValue] = []
      for result in try inner.outputs(from: inputs + outer) {
        guard let result else { throw OpError("the subgraph '\(graph.name)' leaves an output out") }
        results.append(result)
      }
      return results
    }
  }

  private mutating func store(
    _ results: [SlotValue?], of step: Step, sharing operands: [ExecutionPlan.Operand]
  ) throws(OpError) {
    for (slot, result) in zip(step.results, results) {
      guard let slot, let result else { continue }
      slots[slot] = result
      switch source(of: result, among: operands) {
      case .constant?, .absent?: break
      case .slot(let shared)?:
        payer[slot] = payer[shared]
        if let account = payer[shared] { accounts[account].sharers += 1 }
      case nil:
        payer[slot] = accounts.count
        accounts.append(Account(bytes: result.byteCount, sharers: 1))
        try meter.take(result.byteCount)
      }
      try observe(slot)
    }
  }

  /// The operand whose memory `result` is, as after a reshape.
  private func source(of result: SlotValue, among operands: [ExecutionPlan.Operand]) -> ExecutionPlan.Operand? {
    guard case .tensor(.plain(let tensor)) = result, let bytes = tensor.bytes, bytes.count > 0 else { return nil }
    return operands.first { operand in
      switch operand {
      case .slot(let slot):
        guard case .tensor(.plain(let other))? = slots[slot], let otherBytes = other.bytes else { return false }
        return bytes.isIdentical(to: otherBytes)
      case .constant(let constant):
        return constant.tensor.bytes.map { bytes.isIdentical(to: $0) } ?? false
      case .absent: return false
      }
    }
  }

  private mutating func observe(_ slot: Int) throws(OpError) {
    guard let tap, !plan.watched.isEmpty, !plan.watched[slot].isEmpty, let tensor = try slots[slot]?.value().tensor
    else { return }
    for value in plan.watched[slot] { try tap.observe(value, tensor.aligned) }
  }

  private mutating func release(_ slot: Int) {
    slots[slot] = nil
    guard let account = payer[slot] else { return }
    payer[slot] = nil
    accounts[account].sharers -= 1
    if accounts[account].sharers == 0 { meter.giveBack(accounts[account].bytes) }
  }

  /// The tensor that a slot holds; nil for constants, which kernels have.
  private func tensor(_ operand: ExecutionPlan.Operand) throws(OpError) -> RuntimeTensor? {
    if case .slot(let slot) = operand { try slots[slot]?.tensor() } else { nil }
  }

  private func isComposite(_ operand: ExecutionPlan.Operand) -> Bool {
    if case .slot(let slot) = operand, case .composite? = slots[slot] { true } else { false }
  }

  private func value(_ operand: ExecutionPlan.Operand) throws(OpError) -> RuntimeValue? {
    switch operand {
    case .slot(let slot): try slots[slot]?.value()
    case .constant(let constant): .tensor(constant.aligned)
    case .absent: nil
    }
  }
}
