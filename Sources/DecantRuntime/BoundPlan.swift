internal import DecantIR
internal import Synchronization

/// What a plan comes to for inputs of certain types: every kernel, and the most bytes that are live. Nothing is looked up any more.
///
/// It is a run written down, and holds for as long as every kernel gives results of the same types as in that run.
final class BoundPlan: Sendable {
  /// The types of the inputs; nil where one is left out.
  let inputs: [ConcreteType?]
  let steps: [BoundStep]
  /// The most bytes that results held at once.
  let peakBytes: Int

  init(inputs: [ConcreteType?], steps: [BoundStep], peakBytes: Int) {
    self.inputs = inputs
    self.steps = steps
    self.peakBytes = peakBytes
  }

  /// Whether it is for `values`.
  func takes(_ values: [RuntimeValue?]) -> Bool {
    guard values.count == inputs.count else { return false }
    for (type, value) in zip(inputs, values) {
      switch (type, value) {
      case (nil, nil): continue
      case (let type?, .tensor(let tensor)?):
        guard tensor.dataType == type.dataType, tensor.shape == type.shape else { return false }
      default: return false
      }
    }
    return true
  }
}

/// A kernel, and where its operands and results are.
final class BoundStep: Sendable {
  /// Names it in errors and records.
  let step: Step
  /// The nodes that it computes.
  let parts: [Step]
  let kernel: any Kernel
  let takesLayouts: Bool
  /// The operands that are constants in their places, and nil in all others.
  let constants: [RuntimeTensor?]
  /// The operands that slots hold.
  let operands: [Operand]
  /// For each result its slot and type; nil where it is left out.
  let results: [Result?]
  /// Slots that nothing reads after the step, besides operands that are read here for the last time.
  let releases: [Int]

  /// An operand that a slot holds.
  struct Operand: Sendable {
    let index: Int
    let slot: Int
    /// Whether nothing else reads the slot from here on.
    let isLast: Bool
  }

  /// A result that somebody reads.
  struct Result: Sendable {
    let slot: Int
    let type: ConcreteType
  }

  init(
    _ step: Step, _ parts: [Step], _ ready: ReadyKernel, _ sources: [ExecutionPlan.Operand], results: [Result?],
    releases: [Int]
  ) {
    self.step = step
    self.parts = parts
    self.results = results
    kernel = ready.kernel
    takesLayouts = ready.kernel.takesLayouts
    constants = ready.operands
    var places: [(index: Int, slot: Int)] = []
    for (index, source) in sources.enumerated() where ready.operands[index] == nil {
      if case .slot(let slot) = source { places.append((index, slot)) }
    }
    let last = Set(releases.filter { slot in places.count { $0.slot == slot } == 1 })
    operands = places.map { Operand(index: $0.index, slot: $0.slot, isLast: last.contains($0.slot)) }
    self.releases = releases.filter { !last.contains($0) }
  }
}

/// The bound plans of a plan, by the types of inputs.
final class BoundPlans: Sendable {
  private let known = Mutex<[Entry]>([])
  /// Enough for the shapes that real data alternates between; others are bound again.
  private static let capacity = 8

  /// What is known for some types of inputs.
  enum Entry: Sendable {
    case bound(BoundPlan)
    /// Kernels give results whose types depend on more than those of the inputs.
    case unsteady([ConcreteType?])
  }

  /// What is known for `values`; nil when they are new.
  func find(_ values: [RuntimeValue?]) -> Entry? {
    known.withLock { known in
      known.last { entry in
        switch entry {
        case .bound(let plan): plan.takes(values)
        case .unsteady(let types): types == BoundPlans.types(of: values)
        }
      }
    }
  }

  /// Keeps what a run has written down.
  func add(_ entry: Entry) {
    known.withLock { known in
      if known.count >= BoundPlans.capacity { known.removeFirst() }
      known.append(entry)
    }
  }

  /// Takes a plan out that did not hold.
  func refuse(_ plan: BoundPlan) {
    known.withLock { known in
      known.removeAll { if case .bound(let other) = $0 { other === plan } else { false } }
    }
    add(.unsteady(plan.inputs))
  }

  /// The types of `values`; nil when one is no tensor of elements of fixed width.
  static func types(of values: [RuntimeValue?]) -> [ConcreteType?]? {
    var types: [ConcreteType?] = []
    types.reserveCapacity(values.count)
    for value in values {
      switch value {
      case nil: types.append(nil)
      case .tensor(let tensor)? where tensor.dataType != .string:
        types.append(ConcreteType(tensor.dataType, tensor.shape))
      default: return nil
      }
    }
    return types
  }
}
