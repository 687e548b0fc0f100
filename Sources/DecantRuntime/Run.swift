internal import DecantBytes
internal import DecantIR

/// One run of a plan: the values that are live, and what they take.
struct Run {
  let plan: ExecutionPlan
  let meter: RunMeter
  let tap: StatisticsTap?
  /// The watched value of each slot; empty without a tap.
  private var watched: [ValueID?] = []
  private var slots: [RuntimeTensor?]
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
    slots = [RuntimeTensor?](repeating: nil, count: plan.slotCount)
    payer = [Int?](repeating: nil, count: plan.slotCount)
    guard let tap else { return }
    watched = [ValueID?](repeating: nil, count: plan.slotCount)
    for value in tap.values {
      if let slot = plan.slots[value] { watched[slot] = value }
    }
  }

  /// Computes the outputs from the inputs; nil stands for an input that is left out.
  ///
  /// - Throws: ``OpError`` that names the node.
  mutating func outputs(from inputs: [Tensor?]) throws(OpError) -> [Tensor?] {
    for index in 0..<plan.inputCount {
      let given = index < inputs.count ? inputs[index] : nil
      slots[index] = given.map { .plain($0) }
      try observe(index)
    }
    for slot in plan.unread { slots[slot] = nil }
    if let tap {
      for (value, constant) in plan.hiddenConstants where tap.values.contains(value) {
        try tap.observe(value, constant.aligned)
      }
    }
    for step in plan.steps {
      do throws(OpError) {
        try run(step)
      } catch {
        throw Step.located(error, step.name, step.op)
      }
    }
    var outputs: [Tensor?] = []
    for output in plan.outputs { outputs.append(try plain(output)) }
    for account in accounts where account.sharers > 0 { meter.giveBack(account.bytes) }
    return outputs
  }

  private mutating func run(_ step: Step) throws(OpError) {
    switch step.work {
    case .node(let work):
      let values = step.operands.map { value($0) }
      let ready = try work.ready(values, step.operands)
      try store(compute(step, work, ready, values), of: step, sharing: step.operands)
    case .call(let body):
      var operands: [Tensor?] = []
      for operand in step.operands { operands.append(try plain(operand)) }
      var inner = Run(body, meter)
      let results = try inner.outputs(from: operands)
      try store(results.map { $0.map { .plain($0) } }, of: step, sharing: step.operands)
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
        slots[slot] = plain
        operands[index] = plain
      }
    }
    var captured: [Tensor] = []
    for operand in step.captured {
      guard let tensor = try plain(operand) else { throw OpError("a captured value is missing") }
      captured.append(tensor)
    }
    let outer = captured
    let meter = meter
    let call = KernelCall(
      operands: operands, captured: captured, byteLimit: meter.remaining, stream: step.stream
    ) {
      (graph, inputs) throws(OpError) -> [Tensor] in
      try meter.enterSubgraph()
      var inner = Run(try work.plan(of: graph), meter)
      var results: [Tensor] = []
      for result in try inner.outputs(from: inputs + outer) {
        guard let result else { throw OpError("the subgraph '\(graph.name)' leaves an output out") }
        results.append(result)
      }
      return results
    }
    let results = try ready.kernel.run(call)
    guard results.count >= step.results.count else {
      throw OpError("expected \(step.results.count) results, got \(results.count)")
    }
    return results
  }

  private mutating func store(
    _ results: [RuntimeTensor?], of step: Step, sharing operands: [ExecutionPlan.Operand]
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
  private func source(of result: RuntimeTensor, among operands: [ExecutionPlan.Operand]) -> ExecutionPlan.Operand? {
    guard case .plain(let tensor) = result, let bytes = tensor.bytes, bytes.count > 0 else { return nil }
    return operands.first { operand in
      switch operand {
      case .slot(let slot):
        guard case .plain(let other)? = slots[slot], let otherBytes = other.bytes else { return false }
        return bytes.isIdentical(to: otherBytes)
      case .constant(let constant):
        return constant.tensor.bytes.map { bytes.isIdentical(to: $0) } ?? false
      case .absent: return false
      }
    }
  }

  private mutating func observe(_ slot: Int) throws(OpError) {
    guard let tap, let value = watched[slot], let tensor = try slots[slot]?.plain() else { return }
    try tap.observe(value, tensor.aligned)
  }

  private mutating func release(_ slot: Int) {
    slots[slot] = nil
    guard let account = payer[slot] else { return }
    payer[slot] = nil
    accounts[account].sharers -= 1
    if accounts[account].sharers == 0 { meter.giveBack(accounts[account].bytes) }
  }

  /// What a slot holds; nil for constants, which kernels have.
  private func value(_ operand: ExecutionPlan.Operand) -> RuntimeTensor? {
    if case .slot(let slot) = operand { slots[slot] } else { nil }
  }

  private func plain(_ operand: ExecutionPlan.Operand) throws(OpError) -> Tensor? {
    switch operand {
    case .slot(let slot): try slots[slot]?.plain()
    case .constant(let constant): constant.aligned
    case .absent: nil
    }
  }
}
