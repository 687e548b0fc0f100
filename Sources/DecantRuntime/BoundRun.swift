internal import DecantIR

/// One run of a bound plan: kernel after kernel, with nothing between them but a look at what types they gave.
struct BoundRun {
  private let bound: BoundPlan
  private let meter: RunMeter
  private let byteLimit: Int
  private var slots: [RuntimeTensor?]

  /// The outputs of `plan`, bound as `bound`, from inputs of its types; nil when a kernel gave a result of another type, and the
  /// plan does not hold.
  ///
  /// - Throws: ``OpError`` that names the node.
  static func outputs(
    of plan: ExecutionPlan, _ bound: BoundPlan, from inputs: [RuntimeTensor?], _ meter: RunMeter
  ) throws(OpError) -> [RuntimeValue?]? {
    var run = BoundRun(plan, bound, inputs, meter)
    try meter.take(bound.peakBytes)
    defer { meter.giveBack(bound.peakBytes) }
    for step in bound.steps {
      do throws(OpError) {
        guard try run.perform(step) else { return nil }
      } catch {
        throw Step.located(error, step.step.name, step.step.op)
      }
    }
    var outputs: [RuntimeValue?] = []
    outputs.reserveCapacity(plan.outputs.count)
    for output in plan.outputs {
      switch output {
      case .slot(let slot):
        outputs.append(try run.slots[slot].map { (tensor) throws(OpError) in .tensor(try tensor.plain()) })
      case .constant(let constant): outputs.append(.tensor(constant.aligned))
      case .absent: outputs.append(nil)
      }
    }
    return outputs
  }

  private init(_ plan: ExecutionPlan, _ bound: BoundPlan, _ inputs: [RuntimeTensor?], _ meter: RunMeter) {
    self.bound = bound
    self.meter = meter
    byteLimit = meter.remaining
    slots = inputs
    slots.reserveCapacity(plan.slotCount)
    for _ in slots.count..<plan.slotCount { slots.append(nil) }
    for slot in plan.unread { slots[slot] = nil }
  }

  /// Whether the results are of the types that the plan holds for.
  private mutating func perform(_ step: BoundStep) throws(OpError) -> Bool {
    let mark = meter.recorder?.begin()
    var operands = step.constants
    for place in step.operands { operands[place.index] = try operand(place, step) }
    let results = try step.kernel.run(
      KernelCall(operands: operands, byteLimit: byteLimit, stream: step.step.stream))
    meter.recorder?.end(mark, step.step, step.parts, kernel: step.kernel, operands: operands, results: results)
    guard results.count >= step.results.count else {
      throw OpError("expected \(step.results.count) results, got \(results.count)")
    }
    for index in step.results.indices {
      guard let place = step.results[index] else { continue }
      guard results[index].has(place.type) else { return false }
      slots[place.slot] = results[index]
    }
    for slot in step.releases { slots[slot] = nil }
    return true
  }

  /// The tensor at `place`, plain where the kernel needs it so.
  private mutating func operand(_ place: BoundStep.Operand, _ step: BoundStep) throws(OpError) -> RuntimeTensor? {
    let tensor = place.isLast ? slots[place.slot].take() : slots[place.slot]
    guard !step.takesLayouts, case .laidOut(let own)? = tensor else { return tensor }
    let plain = RuntimeTensor.plain(try own.unpack())
    if !place.isLast { slots[place.slot] = plain }
    return plain
  }
}

extension RuntimeTensor {
  /// Whether it is of this type.
  func has(_ type: ConcreteType) -> Bool {
    switch self {
    case .plain(let tensor): tensor.dataType == type.dataType && tensor.shape == type.shape
    case .laidOut(let tensor): tensor.type == type
    }
  }
}
