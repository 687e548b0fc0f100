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
  /// What was done so far; nil when nobody wants to know.
  private(set) var log: RunLog?

  private struct Account {
    let bytes: Int
    var sharers: Int
  }

  init(_ plan: ExecutionPlan, _ meter: RunMeter, tap: StatisticsTap? = nil, writingDown: Bool = false) {
    self.plan = plan
    self.meter = meter
    self.tap = tap
    log = writingDown ? RunLog() : nil
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
      for (value, constant) in plan.watchedConstants { try tap.observe(value, .plain(constant.aligned)) }
    }
    for step in plan.steps { try run(step) }
    var outputs: [RuntimeValue?] = []
    for output in plan.outputs { outputs.append(try value(output)) }
    for account in accounts where account.sharers > 0 { meter.giveBack(account.bytes) }
    return outputs
  }

  private mutating func run(_ step: Step) throws(OpError) {
    if case .group(let work) = step.work {
      try run(step, work)
    } else {
      do throws(OpError) {
        try perform(step)
      } catch {
        throw Step.located(error, step.name, step.op)
      }
    }
    for slot in step.releases { release(slot) }
    log?.release(step.releases)
  }

  private mutating func perform(_ step: Step) throws(OpError) {
    switch step.work {
    case .node(let work):
      if let kernel = work.valueKernel, kernel.isOnly || step.operands.contains(where: { isComposite($0) }) {
        log?.abandon()
        try store(compute(step, work, kernel), in: step.results, sharing: step.operands)
      } else {
        let tensors = try tensors(step.operands)
        let ready = try work.ready(tensors, step.operands)
        if !work.subplans.isEmpty { log?.abandon() }
        let results = try compute(step, [step], ready, tensors, subgraphs: subgraphs(of: step, work))
        log?.add(step, [step], ready, step.results, results)
        try store(results.map { $0.map { .tensor($0) } }, in: step.results, sharing: step.operands)
      }
    case .group: break
    case .call(let body):
      log?.abandon()
      var operands: [RuntimeValue?] = []
      for operand in step.operands { operands.append(try value(operand)) }
      let results = try body.outputs(from: operands, meter)
      try store(results.map { $0.map { SlotValue($0) } }, in: step.results, sharing: step.operands)
    }
  }

  /// Computes the nodes of a group at once as far as a kernel can, and the others one by one.
  private mutating func run(_ step: Step, _ work: GroupWork) throws(OpError) {
    var taken = 0
    do throws(OpError) {
      taken = try runFused(step, work)
    } catch {
      throw Step.located(error, step.name, step.op)
    }
    for part in work.parts.dropFirst(taken) { try run(part) }
  }

  /// How many nodes of the group were computed at once.
  private mutating func runFused(_ step: Step, _ work: GroupWork) throws(OpError) -> Int {
    guard !step.operands.contains(where: { isComposite($0) }) else { return 0 }
    let tensors = try tensors(step.operands)
    guard let fused = try work.fused(tensors) else { return 0 }
    let parts = Array(work.parts.prefix(fused.taken))
    let results = try compute(step, parts, fused.ready, tensors, subgraphs: nil)
    let places = work.parts[fused.taken - 1].results
    log?.add(step, parts, fused.ready, places, results)
    try store(results.map { $0.map { .tensor($0) } }, in: places, sharing: step.operands)
    return fused.taken
  }

  /// The results of a kernel for `step`, or for those of its `parts` that it computes at once.
  private mutating func compute(
    _ step: Step, _ parts: [Step], _ ready: ReadyKernel, _ values: [RuntimeTensor?], subgraphs enter: Subgraphs?
  ) throws(OpError) -> [RuntimeTensor?] {
    let mark = meter.recorder?.begin()
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
    let call: KernelCall
    if let enter {
      call = KernelCall(operands: operands, byteLimit: meter.remaining, stream: step.stream) {
        (graph, inputs) throws(OpError) -> [Tensor] in
        var tensors: [Tensor] = []
        for value in try enter(graph, inputs.map { .tensor($0) }) {
          guard let tensor = value.tensor else { throw OpError("expected a tensor of a subgraph, got \(value.kind)") }
          tensors.append(tensor)
        }
        return tensors
      }
    } else {
      call = KernelCall(operands: operands, byteLimit: meter.remaining, stream: step.stream)
    }
    let results = try ready.kernel.run(call)
    meter.recorder?.end(mark, step, parts, kernel: ready.kernel, operands: operands, results: results)
    guard results.count >= step.results.count else {
      throw OpError("expected \(step.results.count) results, got \(results.count)")
    }
    return results
  }

  /// The results of a kernel on values.
  private func compute(_ step: Step, _ work: NodeWork, _ kernel: ValueKernel) throws(OpError) -> [SlotValue?] {
    let mark = meter.recorder?.begin()
    var operands: [RuntimeValue?] = []
    for operand in step.operands { operands.append(try value(operand)) }
    let results = try kernel.run(
      ValueContext(
        op: step.op, attributes: work.attributes, operands: operands, wanted: work.wanted, byteLimit: meter.remaining,
        runSubgraph: try subgraphs(of: step, work) ?? noSubgraph))
    meter.recorder?.end(
      mark, step, [step], kernel: kernel, operands: operands.map { $0?.tensor.map { .plain($0) } },
      results: results.map { $0.tensor.map { .plain($0) } })
    guard results.count >= step.results.count else {
      throw OpError("expected \(step.results.count) results, got \(results.count)")
    }
    return results.map { SlotValue($0) }
  }

  private typealias Subgraphs = @Sendable (Graph, [RuntimeValue]) throws(OpError) -> [RuntimeValue]

  /// A way into the subgraphs of a step, its captured values at hand; nil when it has none.
  private func subgraphs(of step: Step, _ work: NodeWork) throws(OpError) -> Subgraphs? {
    guard !work.subplans.isEmpty else { return nil }
    var captured: [RuntimeValue] = []
    for operand in step.captured {
      guard let value = try value(operand) else { throw OpError("a captured value is missing") }
      captured.append(value)
    }
    let (outer, meter) = (captured, meter)
    return { (graph, inputs) throws(OpError) -> [RuntimeValue] in
      try meter.enterSubgraph()
      var results: [RuntimeValue] = []
      for result in try work.plan(of: graph).outputs(from: inputs + outer, meter) {
        guard let result else { throw OpError("the subgraph '\(graph.name)' leaves an output out") }
        results.append(result)
      }
      return results
    }
  }

  private mutating func store(
    _ results: [SlotValue?], in places: [Int?], sharing operands: [ExecutionPlan.Operand]
  ) throws(OpError) {
    for (slot, result) in zip(places, results) {
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
        log?.take(result.byteCount)
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
    guard let tap, !plan.watched.isEmpty, !plan.watched[slot].isEmpty, case .tensor(let tensor)? = slots[slot] else {
      return
    }
    for value in plan.watched[slot] { try tap.observe(value, tensor) }
  }

  private mutating func release(_ slot: Int) {
    slots[slot] = nil
    guard let account = payer[slot] else { return }
    payer[slot] = nil
    accounts[account].sharers -= 1
    guard accounts[account].sharers == 0 else { return }
    log?.take(-accounts[account].bytes)
    meter.giveBack(accounts[account].bytes)
  }

  private func tensors(_ operands: [ExecutionPlan.Operand]) throws(OpError) -> [RuntimeTensor?] {
    var tensors: [RuntimeTensor?] = []
    tensors.reserveCapacity(operands.count)
    for operand in operands { tensors.append(try tensor(operand)) }
    return tensors
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
