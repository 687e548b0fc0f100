public import DecantIR

extension StaticQuantizationOptions {
  /// Chooses what suits `target` where the user chose nothing: the type of activations' codes, and 7 bits for weights whose
  /// products saturate there.
  ///
  /// - Parameter activationType: the type that the user chose; nil for none.
  /// - Returns: what was chosen and why, one sentence each.
  public mutating func suit(_ target: DeploymentTarget, activationType given: DataType?) -> [String] {
    self.target = target
    let profile = target.profile
    var choices: [String] = []
    if given == nil, activationType != profile.activationType {
      activationType = profile.activationType
      choices.append("activations are \(activationType) codes, which suit \(target.rawValue)")
    }
    if profile.saturates, !isReduced, activationType == .uint8, weightType == .int8 {
      isReduced = true
      choices.append(target.reduction)
    }
    return choices
  }
}

extension DynamicQuantizationOptions {
  /// Chooses 7 bits for weights whose products saturate on `target`; says so.
  public mutating func suit(_ target: DeploymentTarget) -> [String] {
    guard target.profile.saturates, !isReduced, weightType == .int8 else { return [] }
    isReduced = true
    return [target.reduction]
  }
}

extension DeploymentTarget {
  fileprivate var reduction: String {
    "weights use 7 bits: \(rawValue) adds products of uint8 and int8 in 16 bits, which 8 bits overflow"
  }
}
