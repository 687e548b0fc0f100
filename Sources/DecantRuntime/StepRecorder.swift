internal import DecantIR
internal import Synchronization

/// Times the steps of one run, subgraphs included, for an observer.
final class StepRecorder: Sendable {
  private let observer: StepObserver
  /// How long the finished steps took that lie inside the step that is running.
  private let nested = Mutex<Duration>(.zero)

  /// When a step began, and what of the step around it was finished by then.
  struct Mark {
    let start: ContinuousClock.Instant
    let finished: Duration
  }

  init(_ observer: StepObserver) { self.observer = observer }

  /// Begins a step.
  func begin() -> Mark {
    let finished = nested.withLock { nested in
      defer { nested = .zero }
      return nested
    }
    return Mark(start: ContinuousClock.now, finished: finished)
  }

  /// Ends a step whose kernel computed `parts`, read `operands`, absorbed constants missing, and made `results`.
  func end(
    _ mark: Mark?, _ step: Step, _ parts: [Step], kernel: Any, operands: [RuntimeTensor?], results: [RuntimeTensor?]
  ) {
    guard let mark else { return }
    let elapsed = mark.start.duration(to: .now)
    let own = nested.withLock { nested in
      defer { nested = mark.finished + elapsed }
      return elapsed - nested
    }
    var types = operands.map { $0.map { ConcreteType($0.dataType, $0.shape) } }
    for (index, operand) in step.operands.enumerated() where index < types.count && types[index] == nil {
      types[index] = operand.constant.map { ConcreteType($0.dataType, $0.shape) }
    }
    observer.observe(
      StepRecord(
        nodes: parts.map { StepRecord.Node(name: $0.name, op: $0.op) }, attributes: parts.first?.attributes ?? [:],
        operands: types,
        results: results.map { $0.map { ConcreteType($0.dataType, $0.shape) } }, kernel: "\(type(of: kernel))",
        duration: own))
  }
}

extension Step {
  /// The attributes of its node.
  fileprivate var attributes: Attributes {
    if case .node(let work) = work { work.attributes } else { [:] }
  }
}
