internal import DecantBytes
internal import DecantIR
internal import Synchronization

/// Whether a file may use an operator: it must exist at the imported version, or be a function of the model.
final class OperatorRules: Sendable {
  private let opsets: Opsets
  private let functions: Set<FunctionKey>
  private let allowsUnknownDomains: Bool
  private let accepted = Mutex<Set<OpName>>([])

  init(_ context: ReadingContext, _ opsets: Opsets) {
    self.opsets = opsets
    functions = context.functions
    allowsUnknownDomains = context.options.allowsUnknownDomains
  }

  func check(_ op: OpName, overload: String) throws(DecantError) {
    if overload.isEmpty, accepted.withLock({ $0.contains(op) }) { return }
    if functions.contains(FunctionKey(op: op, overload: overload)) { return }
    guard overload.isEmpty else {
      throw DecantError(.malformed, "calls the overload '\(overload)' of '\(op)', which the model does not define")
    }
    try checkOperator(op)
    accepted.withLock { _ = $0.insert(op) }
  }

  private func checkOperator(_ op: OpName) throws(DecantError) {
    let domain = op.domain.isEmpty ? "ai.onnx" : op.domain
    guard let version = opsets.version(of: op.domain) else {
      throw DecantError(.malformed, "uses the domain '\(domain)', which is not imported")
    }
    guard OpsetTable.range(of: op.domain) != nil else {
      guard OpsetTable.isForeign(op.domain) || allowsUnknownDomains else {
        throw DecantError(.unsupported, "operator '\(op.type)' of the domain '\(domain)', which is not known")
      }
      return
    }
    guard let versions = OpsetTable.versions(of: op), let first = versions.first else {
      throw DecantError(.unsupported, "operator '\(op.type)' is not known in '\(domain)'")
    }
    guard first <= version else {
      throw DecantError(
        .malformed, "operator '\(op.type)' exists from version \(first) of '\(domain)' on, and \(version) is imported")
    }
    if let removal = OpsetTable.removal(of: op), removal <= version {
      throw DecantError(
        .malformed,
        "operator '\(op.type)' is gone from version \(removal) of '\(domain)' on, and \(version) is imported")
    }
  }
}
