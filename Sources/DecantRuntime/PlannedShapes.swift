internal import DecantIR

/// Which shapes the plans of a model are for.
///
/// Branches of an `If` often hang on shapes of inputs alone. Such a model is planned for the shapes of the first run, which decide
/// them; when others come, for any.
enum PlannedShapes: Equatable, Sendable {
  /// Those of the first run, which has not come.
  case first
  /// These.
  case these([ConcreteType?])
  /// All.
  case any

  init(_ graph: Graph) {
    let isOpen = graph.inputs.contains { graph[$0].type.shape?.fixed == nil }
    self = isOpen && graph.order.contains { graph[$0].op == "If" } ? .first : .any
  }

  /// The types that a plan for `inputs` is made for; nil where it is for any.
  mutating func types(for inputs: [RuntimeValue?]) -> [ConcreteType?]? {
    guard self != .any, let types = BoundPlans.types(of: inputs) else { return nil }
    switch self {
    case .first: self = .these(types)
    case .these(types), .any: break
    case .these: self = .any
    }
    return self == .any ? nil : types
  }
}
