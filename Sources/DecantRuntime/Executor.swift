public import DecantBytes
public import DecantIR
internal import Synchronization

/// Runs a model: compiled once, then called any number of times, from any number of threads.
///
/// Tensors are released as soon as nothing reads them. Constants are never copied, unless the file has them at an odd
/// place; then once.
public final class Executor: Sendable {
  /// How a model is run.
  public struct Options: Sendable, Hashable {
    /// The most bytes that intermediate tensors of one run may hold.
    public var byteLimit: Int
    /// How many threads one run may use.
    public var threads: Int
    /// How often one run may enter subgraphs, all together: the iterations of its loops.
    public var iterationLimit: Int

    /// A limit of 16 GiB and of 100,000 iterations, and one thread, unless said otherwise.
    public init(byteLimit: Int = 1 << 34, threads: Int = 1, iterationLimit: Int = 100_000) {
      self.byteLimit = byteLimit
      self.iterationLimit = iterationLimit
      self.threads = threads
    }
  }

  /// The model's inputs, in order.
  public let inputs: [InputPort]
  /// The names of the model's outputs, in order.
  public let outputNames: [String]
  /// How the model is run.
  public let options: Options
  private let model: Model
  private let backends: [any Backend]
  private let givesOutputs: Bool
  /// The plans of the latest runs, the newest last: by the defaults that a run replaced, and the values that it watched.
  private let plans = Mutex<[(key: PlanKey, plan: ExecutionPlan)]>([])
  private static let planCapacity = 4
  /// Which shapes plans are made for.
  private let shapes: Mutex<PlannedShapes>
  /// What the latest run was, for the next one with inputs of the same types.
  private let latest = Mutex<(plan: ExecutionPlan, bound: BoundPlan)?>(nil)
  private let reporter: any Reporter
  /// What was said already.
  private let told = Mutex<Set<String>>([])

  /// What a plan depends on besides the model.
  private struct PlanKey: Hashable {
    var given: Set<ValueID> = []
    var watching: Set<ValueID> = []
    /// The types of the inputs, where the plan is for them alone.
    var types: [ConcreteType?]?
  }

  /// Compiles `model` for `backends`, which are asked in order for each node. Runs whose tap watches just `watching` find
  /// their plan ready. Without `givesOutputs` a run goes only as far as to the values that its tap watches, and what it gives
  /// for the outputs means nothing. What the backends say of the model goes to `reporter` as notes, each once: that it runs slower
  /// than it might, and why; where the plan waits for the shapes of the first run, so do they.
  ///
  /// - Throws: ``DecantError`` that names the node.
  public init(
    _ model: Model, backends: [any Backend], options: Options = Options(), watching: Set<ValueID> = [],
    givesOutputs: Bool = true, reporter: any Reporter = SilentReporter()
  ) throws(DecantError) {
    self.model = model
    self.reporter = reporter
    self.givesOutputs = givesOutputs
    self.backends = backends
    self.options = options
    inputs = model.inputPorts
    outputNames = model.graph.outputs.map(\.name)
    let shapes = PlannedShapes(model.graph)
    self.shapes = Mutex(shapes)
    if shapes == .any { _ = try plan(PlanKey(watching: watching)) }
  }

  /// Computes the outputs from `inputs`, named as in the model; those with a default may be missing.
  ///
  /// - Throws: ``DecantError`` for inputs that do not fit the model, and for failures of nodes, which it names.
  public func run(
    _ inputs: [String: Tensor], tap: StatisticsTap? = nil, observer: StepObserver? = nil
  ) throws(DecantError) -> RunResult {
    if tap == nil, let result = try runAsBefore(inputs, observer) { return result }
    return try run(values: inputs.mapValues { .tensor($0) }, tap: tap, observer: observer)
  }

  /// Computes the outputs from `inputs`, which may be sequences, optionals and maps too.
  ///
  /// - Throws: ``DecantError`` for inputs that do not fit the model, and for failures of nodes, which it names.
  public func run(
    values inputs: [String: RuntimeValue], tap: StatisticsTap? = nil, observer: StepObserver? = nil
  ) throws(DecantError) -> RunResult {
    let given = try InputCheck.arrange(inputs, for: self.inputs)
    let types = shapes.withLock { $0.types(for: given) }
    let key = PlanKey(given: replaced(by: given), watching: tap?.values ?? [], types: types)
    let plan = try plan(key)
    let meter = RunMeter(options, observer: observer)
    do throws(OpError) {
      let result = try result(try plan.outputs(from: given, meter, tap: tap), meter)
      if tap == nil, let bound = plan.bound(for: given) { latest.withLock { $0 = (plan, bound) } }
      return result
    } catch {
      throw DecantError(error)
    }
  }
}

extension Executor {
  /// Runs the plan of the latest run, when the inputs are of the same types; nil when they are not.
  private func runAsBefore(
    _ inputs: [String: Tensor], _ observer: StepObserver?
  ) throws(DecantError) -> RunResult? {
    guard inputs.count == self.inputs.count, let (plan, bound) = latest.withLock({ $0 }) else { return nil }
    var tensors: [RuntimeTensor?] = []
    tensors.reserveCapacity(inputs.count)
    for (port, type) in zip(self.inputs, bound.inputs) {
      guard let type, let tensor = inputs[port.name], tensor.dataType == type.dataType, tensor.shape == type.shape,
        tensor.bytes != nil, tensor.isAligned
      else { return nil }
      tensors.append(.plain(tensor))
    }
    let meter = RunMeter(options, observer: observer)
    do throws(OpError) {
      guard let outputs = try plan.outputs(from: tensors, bound, meter) else {
        latest.withLock { $0 = nil }
        return nil
      }
      return try result(outputs, meter)
    } catch {
      throw DecantError(error)
    }
  }

  private func result(_ values: [RuntimeValue?], _ meter: RunMeter) throws(OpError) -> RunResult {
    var outputs: [NamedValue] = []
    outputs.reserveCapacity(values.count)
    for (name, value) in zip(outputNames, values) {
      guard let value else { throw OpError("the output '\(name)' is missing") }
      outputs.append(NamedValue(name: name, value: value))
    }
    return RunResult(outputs: outputs, peakBytes: meter.peak)
  }

  /// The inputs whose defaults `values` replaces: they are no constants of that run.
  private func replaced(by values: [RuntimeValue?]) -> Set<ValueID> {
    var given: Set<ValueID> = []
    for (input, value) in zip(model.graph.inputs, values) where value != nil && model.graph[input].data != nil {
      given.insert(input)
    }
    return given
  }

  private func plan(_ key: PlanKey) throws(DecantError) -> ExecutionPlan {
    if let known = plans.withLock({ plans in plans.last { $0.key == key }?.plan }) { return known }
    let prepared = try PreparedModel(
      model, given: key.given, watching: key.watching, types: key.types, givesOutputs: givesOutputs, backends)
    for note in prepared.notes where told.withLock({ $0.insert(note).inserted }) { reporter.note(note) }
    let environment = PlanEnvironment(
      backends: backends, functions: prepared.functions, threads: max(1, options.threads))
    let made: ExecutionPlan
    do throws(OpError) {
      made = try ExecutionPlan(prepared, given: key.given, environment)
    } catch {
      throw DecantError(error)
    }
    plans.withLock { plans in
      // What was made for other types would hold weights twice.
      plans.removeAll { $0.key.types != nil && $0.key.types != key.types }
      if plans.count >= Executor.planCapacity { plans.removeFirst() }
      plans.append((key, made))
    }
    return made
  }
}

/// An input of a model.
public struct InputPort: Sendable, Hashable {
  /// Its name.
  public let name: String
  /// Its declared type.
  public let type: ValueType
  /// Whether it may be missing.
  public let hasDefault: Bool
}

extension Model {
  /// The inputs as a run takes them, in order.
  public var inputPorts: [InputPort] {
    graph.inputs.map { InputPort(name: graph[$0].name, type: graph[$0].type, hasDefault: graph[$0].data != nil) }
  }
}

/// A value and the name of the input or output that it is for.
public struct NamedValue: Sendable, Hashable {
  /// The name.
  public let name: String
  /// The value.
  public let value: RuntimeValue

  /// From its parts.
  public init(name: String, value: RuntimeValue) {
    self.name = name
    self.value = value
  }

  /// The tensor that it is.
  ///
  /// - Throws: `unsupported` for sequences, optionals and maps.
  public var tensor: Tensor {
    get throws(DecantError) {
      guard let tensor = value.tensor else {
        throw DecantError(.unsupported, "'\(name)' is \(value.kind), and this is for tensors only")
      }
      return tensor
    }
  }
}

/// What a run gave.
public struct RunResult: Sendable {
  /// The outputs, in the model's order.
  public let outputs: [NamedValue]
  /// The most bytes that results of nodes held at once; inputs and constants not counted.
  public let peakBytes: Int

  /// The tensor that the output called `name` is; nil when there is none.
  public subscript(name: String) -> Tensor? { outputs.first { $0.name == name }?.value.tensor }
}
