internal import DecantIR

/// How near a row of features is to a support vector.
enum VectorKernel {
  case linear
  case polynomial(gamma: Float, added: Float, degree: Float)
  case radial(gamma: Float)
  case sigmoid(gamma: Float, added: Float)

  /// From the attributes `kernel_type` and `kernel_params`.
  init(_ attributes: Attributes) throws(OpError) {
    let name = try attributes.choice("kernel_type", of: ["LINEAR", "POLY", "RBF", "SIGMOID"])
    let given = attributes.floats("kernel_params") ?? []
    guard given.isEmpty || given.count == 3 else {
      throw OpError("'kernel_params' expected 3 numbers, got \(given.count)")
    }
    let parameters = given.isEmpty ? [0, 0, 0] : given
    switch name {
    case "POLY": self = .polynomial(gamma: parameters[0], added: parameters[1], degree: parameters[2])
    case "RBF": self = .radial(gamma: parameters[0])
    case "SIGMOID": self = .sigmoid(gamma: parameters[0], added: parameters[1])
    default: self = .linear
    }
  }

  /// The nearness of a row to each of `count` vectors that stand one after the other. Precondition: each has as many features
  /// as the row.
  func values(_ row: ArraySlice<Float>, _ vectors: [Float], count: Int) -> [Float] {
    (0..<count).map { value(row, vectors[($0 * row.count)..<(($0 + 1) * row.count)]) }
  }

  private func value(_ row: ArraySlice<Float>, _ vector: ArraySlice<Float>) -> Float {
    if case .radial(let gamma) = self {
      let distance = zip(row, vector).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      return Float.exp(-gamma * distance)
    }
    let product = zip(row, vector).reduce(Float(0)) { $0 + $1.0 * $1.1 }
    return switch self {
    case .polynomial(let gamma, let added, let degree): Float.pow(gamma * product + added, degree)
    case .sigmoid(let gamma, let added): Float.tanh(gamma * product + added)
    default: product
    }
  }
}
