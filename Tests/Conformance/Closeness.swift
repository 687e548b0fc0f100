import Decant

/// How far values may be apart: types and shapes exactly, numbers within a tolerance, text not at all.
struct Closeness {
  let relative: Double
  let absolute: Double
  /// Whether the numbers are drawn: then only type, shape and mean must agree.
  let isRandom: Bool

  /// What is different; nil when nothing is.
  func difference(_ got: RuntimeValue, _ wanted: RuntimeValue) -> String? {
    switch (got, wanted) {
    case (.tensor(let a), .tensor(let b)): return difference(a, b)
    case (.sequence(let a), .sequence(let b)):
      guard a.count == b.count else { return "expected \(b.count) elements, got \(a.count)" }
      return zip(a, b).lazy.compactMap { difference($0, $1) }.first
    case (.optional(let a?), .optional(let b?)): return difference(a, b)
    case (.optional(nil), .optional(nil)): return nil
    case (.optional(let a?), let b): return difference(a, b)
    case (let a, .optional(let b?)): return difference(a, b)
    case (.map(let keys, let values), .map(let wantedKeys, let wantedValues)):
      guard keys == wantedKeys, values.count == wantedValues.count else { return "expected other keys" }
      return zip(values, wantedValues).lazy.compactMap { difference($0, $1) }.first
    default: return "expected \(wanted.kind), got \(got.kind)"
    }
  }

  private func difference(_ got: Tensor, _ wanted: Tensor) -> String? {
    guard got.dataType == wanted.dataType, got.shape == wanted.shape else {
      return "expected \(wanted.type), got \(got.type)"
    }
    if isRandom { return differenceOfMeans(got, wanted) }
    if got == wanted { return nil }
    guard let a = got.numbers, let b = wanted.numbers else { return "expected other text" }
    var (worst, place) = (0.0, -1)
    for (index, (x, y)) in zip(a, b).enumerated() where x != y && !(x.isNaN && y.isNaN) {
      let off = abs(x - y)
      guard !(off <= absolute + relative * abs(y)) else { continue }
      if place < 0 || off > worst { (worst, place) = (off, index) }
    }
    return place < 0 ? nil : "element \(place): expected \(b[place]), got \(a[place])"
  }

  /// Five standard errors of the mean.
  private func differenceOfMeans(_ got: Tensor, _ wanted: Tensor) -> String? {
    guard let a = got.numbers, let b = wanted.numbers, !b.isEmpty else { return nil }
    let count = Double(b.count)
    let (mean, wantedMean) = (a.reduce(0, +) / count, b.reduce(0, +) / count)
    let variance = (a + b).map { ($0 - wantedMean) * ($0 - wantedMean) }.reduce(0, +) / (2 * count)
    guard abs(mean - wantedMean) <= 5 * (2 * variance / count).squareRoot() + absolute else {
      return "expected a mean near \(wantedMean), got \(mean)"
    }
    return nil
  }
}

extension Tensor {
  /// The elements as numbers, complex ones as two each; nil for text.
  fileprivate var numbers: [Double]? {
    switch dataType {
    case .string: nil
    case .float64: array(of: Double.self)
    case .complex64: bytes.flatMap { try? Tensor(.float32, shape: [elementCount * 2], bytes: $0).numbers }
    case .complex128: bytes.flatMap { try? Tensor(.float64, shape: [elementCount * 2], bytes: $0).numbers }
    default: integers.map { $0.map(Double.init) } ?? floats.map { $0.map(Double.init) }
    }
  }
}
