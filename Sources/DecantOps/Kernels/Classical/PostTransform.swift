internal import DecantIR

/// What is done with the scores of a row at the end.
enum PostTransform: String, CaseIterable {
  // In the order of their numbers in `TreeEnsemble`.
  case none = "NONE"
  case softmax = "SOFTMAX"
  case logistic = "LOGISTIC"
  case softmaxZero = "SOFTMAX_ZERO"
  case probit = "PROBIT"

  /// The attribute `post_transform`, as text.
  ///
  /// - Throws: ``OpError`` when it is none of the five.
  init(_ attributes: Attributes) throws(OpError) {
    let text = try attributes.choice("post_transform", of: PostTransform.allCases.map(\.rawValue))
    self = PostTransform(rawValue: text) ?? .none
  }

  /// Transforms the scores of one row. A score that stands alone has nothing to be compared with: only `PROBIT` changes it,
  /// as in ONNX Runtime.
  func apply<T: KernelFloat>(_ scores: inout [T]) {
    switch self {
    case .none: break
    case .probit: scores = scores.map(PostTransform.probit)
    case .logistic where scores.count > 1: scores = scores.map(PostTransform.logistic)
    case .softmax where scores.count > 1: PostTransform.softmax(&scores, keepingZeros: false)
    case .softmaxZero where scores.count > 1: PostTransform.softmax(&scores, keepingZeros: true)
    default: break
    }
  }

  /// The scores of both classes from that of the second.
  ///
  /// - Parameter isShare: whether the score is a share of 1, and not a distance.
  func pair<T: KernelFloat>(_ score: T, isShare: Bool) -> [T] {
    switch self {
    case .logistic: [PostTransform.logistic(-score), PostTransform.logistic(score)]
    case .probit: [isShare ? 1 - score : -score, score].map(PostTransform.probit)
    default: [isShare ? 1 - score : -score, score]
    }
  }

  /// `1 / (1 + e^-x)`.
  static func logistic<T: KernelFloat>(_ x: T) -> T {
    let share = 1 / (1 + T.exp(-x.magnitude))
    return x < 0 ? 1 - share : share
  }

  /// The quantile of the normal distribution for the probability `x`, by Winitzki's approximation of the inverse error
  /// function with the constant 0.147.
  static func probit<T: KernelFloat>(_ x: T) -> T {
    let y = 2 * x - 1
    let logarithm = T.log((1 - y) * (1 + y))
    let half = 2 / (T.pi * 0.147) + logarithm / 2
    let root = (-half + (half * half - logarithm / 0.147).squareRoot()).squareRoot()
    return T(2).squareRoot() * (y < 0 ? -root : root)
  }

  /// Shares of `e^x`; with `keepingZeros` a score of zero stays out of the competition, and is only scaled.
  private static func softmax<T: KernelFloat>(_ scores: inout [T], keepingZeros: Bool) {
    let largest = scores.max() ?? 0
    for (index, score) in scores.enumerated() {
      let counts = !keepingZeros || score.magnitude > 0.0000001
      scores[index] = counts ? T.exp(score - largest) : score * T.exp(-largest)
    }
    let sum = scores.reduce(0, +)
    scores = sum == 0 && keepingZeros ? scores.map { _ in 0.5 } : scores.map { $0 / sum }
  }
}

extension Array where Element: Comparable {
  /// The place of the largest element, the first of equal ones; 0 where there is none.
  var argMax: Int {
    var best = 0
    for index in indices where self[index] > self[best] { best = index }
    return best
  }
}
