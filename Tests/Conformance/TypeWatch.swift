import Decant
import Synchronization

/// Holds what one run computes against what inference finds, tensors between nodes included.
final class TypeWatch: Sendable {
  private let graph: Graph
  private let state = Mutex<(agreement: TypeAgreement, contradiction: String?)>((TypeAgreement(), nil))

  /// Watches a run of the model that `inferred` is of.
  init(_ inferred: InferredTypes) { graph = inferred.graph }

  /// What was computed against what was inferred, first of all; nil when everything agrees.
  var contradiction: String? { state.withLock { $0.contradiction } }

  /// Sees every tensor of the main graph.
  var tap: StatisticsTap {
    let results = graph.order.flatMap { graph[$0].results.compactMap { $0 } }
    return StatisticsTap(Set(results)) { [self] (value, tensor) throws(OpError) in see(.tensor(tensor), as: value) }
  }

  /// Compares one value. Inputs come first: they say what the declared symbols stand for.
  func see(_ computed: RuntimeValue, as value: ValueID) {
    let (name, type) = (graph[value].name, graph[value].type)
    state.withLock { state in
      guard let contradiction = state.agreement.contradiction(type, computed) else { return }
      state.contradiction = state.contradiction ?? "'\(name)': \(contradiction)"
    }
  }
}
