internal import DecantIR

/// What a run does, written down so that the next one with inputs of the same types need not find it out again.
struct RunLog {
  private var steps: [Draft] = []
  private var live = 0
  private var peak = 0
  /// Whether all of it can be written down: kernels on tensors are computed, and nothing else.
  private(set) var isComplete = true

  private struct Draft {
    let step: Step
    let parts: [Step]
    let ready: ReadyKernel
    let results: [BoundStep.Result?]
    var releases: [Int] = []
  }

  /// A kernel has computed `parts` of `step`, and `results` lie at `places`.
  mutating func add(
    _ step: Step, _ parts: [Step], _ ready: ReadyKernel, _ places: [Int?], _ results: [RuntimeTensor?]
  ) {
    guard isComplete else { return }
    var written: [BoundStep.Result?] = []
    for (slot, result) in zip(places, results) {
      guard let slot, let result else {
        written.append(nil)
        continue
      }
      guard result.dataType != .string else { return abandon() }
      written.append(BoundStep.Result(slot: slot, type: ConcreteType(result.dataType, result.shape)))
    }
    steps.append(Draft(step: step, parts: parts, ready: ready, results: written))
  }

  /// Nothing reads `slots` any more.
  mutating func release(_ slots: [Int]) {
    guard isComplete, !steps.isEmpty else { return }
    steps[steps.count - 1].releases += slots
  }

  /// Results take `bytes` more, or less.
  mutating func take(_ bytes: Int) {
    live += bytes
    peak = max(peak, live)
  }

  /// Something happens that cannot be written down.
  mutating func abandon() {
    isComplete = false
    steps = []
  }

  /// The plan for inputs of these types; nil when not all of the run is written down.
  func plan(_ inputs: [ConcreteType?]) -> BoundPlan? {
    guard isComplete else { return nil }
    return BoundPlan(
      inputs: inputs,
      steps: steps.map {
        BoundStep($0.step, $0.parts, $0.ready, $0.step.operands, results: $0.results, releases: $0.releases)
      }, peakBytes: peak)
  }
}
