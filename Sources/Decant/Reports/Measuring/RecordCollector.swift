internal import DecantRuntime
internal import Synchronization

/// Keeps the records of a run.
final class RecordCollector: Sendable {
  private let kept = Mutex<[StepRecord]>([])

  /// In the order in which the steps ended.
  var records: [StepRecord] { kept.withLock { $0 } }

  func add(_ record: StepRecord) { kept.withLock { $0.append(record) } }
}
