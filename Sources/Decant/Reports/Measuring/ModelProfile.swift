public import DecantBytes
public import DecantIR
internal import DecantOps
public import DecantRuntime

/// Where the time of a run goes, by node and by operator, and how far each is from the ceilings of the machine.
public struct ModelProfile: Sendable {
  /// Kernels that compute the same nodes, or all nodes of the same operators.
  public struct Entry: Sendable {
    /// The operators that are computed at once, the first one first: `Conv+Clip`.
    public let operators: String
    /// The name of the first node; nil where the entry stands for several.
    public let name: String?
    /// The kernels' types.
    public let kernels: [String]
    /// How often kernels ran, in one run of the model.
    public internal(set) var calls: Int
    /// How long that took.
    public internal(set) var milliseconds: Double
    /// Operations of arithmetic; 0 for operators that are no products.
    public internal(set) var operations: Double
    /// Bytes read and written, constants included.
    public internal(set) var bytes: Double
    /// How long it would take at the ceilings of the machine.
    public internal(set) var leastMilliseconds: Double

    /// Operations a second.
    public var operationRate: Double { milliseconds > 0 ? operations / milliseconds * 1e3 : 0 }
    /// Bytes a second.
    public var byteRate: Double { milliseconds > 0 ? bytes / milliseconds * 1e3 : 0 }
    /// The share of the machine's ceiling that it reaches; beyond 1 where caches hold what it reads.
    public var shareOfCeiling: Double { milliseconds > 0 ? leastMilliseconds / milliseconds : 0 }
  }

  /// By nodes, in the order in which they run.
  public let nodes: [Entry]
  /// By operators, the costliest first.
  public let operators: [Entry]
  /// A run: the times of all entries and what lies between them.
  public let milliseconds: Double
  /// How long a run was not in any kernel: the median over the runs.
  public let otherMilliseconds: Double
  /// What this machine can do at most.
  public let ceilings: MachineCeilings

  /// Watches runs on `inputs` for at least `seconds`, and at least 5 of them, at most 1,000. The time of an entry is the median
  /// over the runs.
  ///
  /// - Throws: what running throws.
  public init(_ executor: Executor, inputs: [String: Tensor], seconds: Double = 1) throws(DecantError) {
    let ceilings = MachineCeilings.measured(threads: executor.options.threads)
    _ = try executor.run(inputs)
    var (order, watched): ([[StepRecord.Node]], [[StepRecord.Node]: Watched]) = ([], [:])
    var others: [Double] = []
    let start = ContinuousClock.now
    while others.count < 5 || (start.duration(to: .now) < .seconds(seconds) && others.count < 1000) {
      let collector = RecordCollector()
      let before = ContinuousClock.now
      _ = try executor.run(inputs, observer: StepObserver { collector.add($0) })
      let elapsed = before.duration(to: .now)
      let records = collector.records
      others.append(max(0, (elapsed - records.reduce(.zero) { $0 + $1.duration }) / .milliseconds(1)))
      for record in records {
        if watched[record.nodes] == nil { order.append(record.nodes) }
        watched[record.nodes, default: Watched(first: record)].add(record, run: others.count - 1)
      }
    }
    let nodes = order.compactMap { watched[$0]?.entry(runs: others.count, ceilings) }
    self.nodes = nodes
    operators = ModelProfile.grouped(nodes)
    otherMilliseconds = ModelProfile.median(others)
    milliseconds = nodes.reduce(otherMilliseconds) { $0 + $1.milliseconds }
    self.ceilings = ceilings
  }

  /// Entries of the same operators as one each.
  private static func grouped(_ nodes: [Entry]) -> [Entry] {
    var (places, groups): ([String: Int], [Entry]) = ([:], [])
    for node in nodes {
      guard let place = places[node.operators] else {
        places[node.operators] = groups.count
        groups.append(
          Entry(
            operators: node.operators, name: nil, kernels: node.kernels, calls: node.calls,
            milliseconds: node.milliseconds, operations: node.operations, bytes: node.bytes,
            leastMilliseconds: node.leastMilliseconds))
        continue
      }
      groups[place].calls += node.calls
      groups[place].milliseconds += node.milliseconds
      groups[place].operations += node.operations
      groups[place].bytes += node.bytes
      groups[place].leastMilliseconds += node.leastMilliseconds
    }
    return groups.sorted { ($1.milliseconds, $0.operators) < ($0.milliseconds, $1.operators) }
  }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
  }
}

/// What was seen of nodes that are computed at once.
private struct Watched {
  let first: StepRecord
  var kernels: [String] = []
  var records = 0
  var times: [Int: Double] = [:]
  var operations = 0.0
  var byteOperations = 0.0
  var bytes = 0.0

  init(first: StepRecord) { self.first = first }

  mutating func add(_ record: StepRecord, run: Int) {
    records += 1
    times[run, default: 0] += record.duration / .milliseconds(1)
    if !kernels.contains(record.kernel) { kernels.append(record.kernel) }
    let counted = record.operations
    operations += counted
    if record.multipliesBytes { byteOperations += counted }
    bytes += record.bytes
  }

  func entry(runs: Int, _ ceilings: MachineCeilings) -> ModelProfile.Entry {
    let runs = Double(max(1, runs))
    let least = ceilings.leastSeconds(
      operations: operations / runs, onBytes: byteOperations > operations / 2, bytes: bytes / runs)
    return ModelProfile.Entry(
      operators: first.nodes.map { $0.op.type }.joined(separator: "+"), name: first.nodes.first?.name, kernels: kernels,
      calls: Int((Double(records) / runs).rounded()), milliseconds: ModelProfile.median(Array(times.values)),
      operations: operations / runs, bytes: bytes / runs, leastMilliseconds: (least ?? 0) * 1e3)
  }
}

extension StepRecord {
  /// The operations of its first node, of which the others are small followers.
  fileprivate var operations: Double {
    guard let op = nodes.first?.op else { return 0 }
    let shapes = OperationCosts.Shapes(operands: operands.map { $0?.shape }, results: results.map { $0?.shape })
    return OperationCosts.operations(of: op, attributes, shapes) ?? 0
  }

  /// Whether its products are of bytes: every factor that counts has elements of at most 8 bits.
  fileprivate var multipliesBytes: Bool {
    guard let op = nodes.first?.op else { return false }
    let factors = OperationCosts.factors(of: op).map { $0 < operands.count ? operands[$0]?.dataType : nil }
    return !factors.isEmpty && factors.allSatisfy { $0.map { $0.isInteger && $0.bitWidth <= 8 } ?? false }
  }

  /// The bytes of its operands and results.
  fileprivate var bytes: Double {
    (operands + results).reduce(0) { sum, type in
      guard let type else { return sum }
      return sum + type.shape.reduce(Double(type.dataType.bitWidth) / 8) { $0 * Double($1) }
    }
  }
}
