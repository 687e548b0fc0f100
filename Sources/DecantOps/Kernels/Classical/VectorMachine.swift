internal import DecantIR

/// A classifier by support vectors: one decision for every pair of classes, or, without vectors, one score for each class.
struct VectorMachine {
  /// The classes.
  let labels: ClassLabels
  private let kernel: VectorKernel
  private let vectors: [Float]
  private let coefficients: [Float]
  private let offsets: [Float]
  private let transform: PostTransform
  /// How many vectors each class has; empty for a linear model.
  private let counts: [Int]
  /// Where the vectors of each class begin.
  private var starts: [Int] = []
  /// How many vectors.
  private var total = 0
  /// Slopes and intercepts that turn decisions into probabilities; empty where scores are raw.
  private let slopes: [Float]
  private let intercepts: [Float]

  /// From a node's attributes.
  ///
  /// - Throws: ``OpError`` for lists that do not go together.
  init(_ attributes: Attributes) throws(OpError) {
    labels = try ClassLabels(attributes, integers: "classlabels_ints", strings: "classlabels_strings")
    counts = attributes.ints("vectors_per_class") ?? []
    vectors = attributes.floats("support_vectors") ?? []
    coefficients = attributes.floats("coefficients") ?? []
    offsets = attributes.floats("rho") ?? []
    slopes = counts.isEmpty ? [] : attributes.floats("prob_a") ?? []
    intercepts = counts.isEmpty ? [] : attributes.floats("prob_b") ?? []
    transform = try PostTransform(attributes)
    kernel = counts.isEmpty ? .linear : try VectorKernel(attributes)
    for count in counts {
      guard count >= 0 else { throw OpError("'vectors_per_class' expected no negative numbers, got \(counts)") }
      starts.append(total)
      total = try sum(total, count)
    }
    try checkLists()
  }

  /// How many decisions: one for each pair of classes.
  private var pairs: Int { labels.count * (labels.count - 1) / 2 }

  /// How many scores a row gets.
  var columns: Int { counts.isEmpty || !slopes.isEmpty || labels.count <= 2 ? max(labels.count, 2) : pairs }

  private func checkLists() throws(OpError) {
    let classes = labels.count
    if counts.isEmpty {
      guard !offsets.isEmpty, classes > 1 else { throw OpError("expected two classes or more, and 'rho'") }
      return
    }
    guard classes > 1, counts.count == classes, total > 0 else {
      throw OpError("'vectors_per_class' expected a number for each of \(classes) classes, got \(counts)")
    }
    guard offsets.count == pairs, coefficients.count == (try product(classes - 1, total)) else {
      throw OpError(
        "expected 'rho' for \(pairs) pairs and \(classes - 1) coefficients for each of \(total) vectors, got"
          + " \(offsets.count) and \(coefficients.count)")
    }
    guard slopes.count == intercepts.count, slopes.isEmpty || slopes.count == pairs else {
      throw OpError(
        "'prob_a' and 'prob_b' expected \(pairs) numbers, got \(slopes.count) and \(intercepts.count)")
    }
  }

  /// Checks that vectors, or coefficients, are for rows of as many features.
  func check(features: Int) throws(OpError) {
    let (count, got) = counts.isEmpty ? (labels.count, coefficients.count) : (total, vectors.count)
    guard got == (try product(count, features)) else {
      throw OpError("expected \(count) vectors of \(features) features, got \(got) numbers")
    }
  }

  /// The number of a row's class, and its scores.
  func classify(_ row: ArraySlice<Float>) -> (choice: Int, scores: [Float]) {
    guard !counts.isEmpty else {
      var scores = kernel.values(row, coefficients, count: labels.count).map { $0 + offsets[0] }
      let choice = scores.argMax
      transform.apply(&scores)
      return (choice, scores)
    }
    let (decisions, votes) = decide(kernel.values(row, vectors, count: total))
    if !slopes.isEmpty {
      var scores = PairwiseCoupling.probabilities(shares(decisions), classes: labels.count)
      transform.apply(&scores)
      return (votes.argMax, scores)
    }
    guard labels.count > 2 else { return (votes.argMax, transform.pair(decisions[0], isShare: transform != .none)) }
    var scores = decisions
    transform.apply(&scores)
    return (votes.argMax, scores)
  }

  /// The decision for each pair of classes, positive for the first of the two, and the votes that each class gets.
  private func decide(_ nearness: [Float]) -> (decisions: [Float], votes: [Int]) {
    var decisions: [Float] = []
    var votes = [Int](repeating: 0, count: labels.count)
    for first in 0..<labels.count {
      for second in (first + 1)..<max(labels.count, first + 1) {
        let sum =
          offsets[decisions.count] + weigh(nearness, of: first, row: second - 1)
          + weigh(nearness, of: second, row: first)
        decisions.append(sum)
        votes[sum > 0 ? first : second] += 1
      }
    }
    return (decisions, votes)
  }

  /// The sum over the vectors of a class, with a row of the coefficients.
  private func weigh(_ nearness: [Float], of group: Int, row: Int) -> Float {
    var sum: Float = 0
    for index in starts[group]..<(starts[group] + counts[group]) {
      sum += coefficients[row * total + index] * nearness[index]
    }
    return sum
  }

  /// How probable the first class of each pair is against the second.
  private func shares(_ decisions: [Float]) -> [Float] {
    decisions.enumerated().map { pair, decision in
      let share = 1 - PostTransform.logistic(decision * slopes[pair] + intercepts[pair])
      return min(max(share, 1e-7), 1 - 1e-7)
    }
  }
}

/// Probabilities of classes from those of pairs: the second method of Wu, Lin and Weng, "Probability Estimates for
/// Multi-class Classification by Pairwise Coupling", 2004.
enum PairwiseCoupling {
  /// The probability of each class.
  ///
  /// - Parameter shares: for each pair, in order, how probable the first is against the second.
  static func probabilities(_ shares: [Float], classes: Int) -> [Float] {
    let matrix = matrix(shares, classes: classes)
    var result = [Float](repeating: 1 / Float(classes), count: classes)
    let close = 0.005 / Float(classes)
    for _ in 0..<max(100, classes) {
      var products = (0..<classes).map { row in
        (0..<classes).reduce(Float(0)) { $0 + matrix[row * classes + $1] * result[$1] }
      }
      var quadratic = zip(result, products).reduce(Float(0)) { $0 + $1.0 * $1.1 }
      guard products.contains(where: { ($0 - quadratic).magnitude >= close }) else { break }
      for index in 0..<classes {
        let diagonal = matrix[index * classes + index]
        let step = (quadratic - products[index]) / diagonal
        result[index] += step
        quadratic = (quadratic + step * (step * diagonal + 2 * products[index])) / (1 + step) / (1 + step)
        for other in 0..<classes {
          products[other] = (products[other] + step * matrix[index * classes + other]) / (1 + step)
          result[other] /= 1 + step
        }
      }
    }
    return result
  }

  /// The matrix whose quadratic form the probabilities make least.
  private static func matrix(_ shares: [Float], classes: Int) -> [Float] {
    var against = [Float](repeating: 0, count: classes * classes)
    var pair = 0
    for first in 0..<classes {
      for second in (first + 1)..<max(classes, first + 1) {
        against[first * classes + second] = shares[pair]
        against[second * classes + first] = 1 - shares[pair]
        pair += 1
      }
    }
    var matrix = against
    for row in 0..<classes {
      for column in 0..<classes where column != row {
        matrix[row * classes + column] = -against[column * classes + row] * against[row * classes + column]
      }
      matrix[row * classes + row] = (0..<classes).reduce(Float(0)) { sum, other in
        other == row ? sum : sum + against[other * classes + row] * against[other * classes + row]
      }
    }
    return matrix
  }
}
