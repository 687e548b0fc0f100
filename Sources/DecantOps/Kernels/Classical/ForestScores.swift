internal import DecantIR

/// How votes for one target are joined. Raw values are those of `TreeEnsemble`.
enum ForestAggregate: Int {
  case average = 0
  case sum = 1
  case least = 2
  case largest = 3

  /// The attribute `aggregate_function`, as text.
  ///
  /// - Throws: ``OpError`` when it is none of the four.
  init(_ attributes: Attributes) throws(OpError) {
    switch try attributes.choice("aggregate_function", of: ["SUM", "AVERAGE", "MIN", "MAX"]) {
    case "AVERAGE": self = .average
    case "MIN": self = .least
    case "MAX": self = .largest
    default: self = .sum
    }
  }
}

/// How the votes of the trees become one score for each target; sums are of type `T`.
struct ForestScores<T: KernelFloat> {
  private let forest: Forest
  private let aggregate: ForestAggregate
  private let targets: Int

  /// For a forest that has been checked.
  init(_ forest: Forest, targets: Int, _ aggregate: ForestAggregate) {
    self.forest = forest
    self.aggregate = aggregate
    self.targets = targets
  }

  /// The scores of a row, and which targets a leaf voted for; the others have 0.
  func scores(_ row: ArraySlice<Double>) throws(OpError) -> (values: [T], isVoted: [Bool]) {
    var values = [T](repeating: 0, count: targets)
    var isVoted = [Bool](repeating: false, count: targets)
    for root in forest.roots {
      for vote in forest.leaves[try forest.leaf(from: root, row)] {
        let weight = T(vote.weight)
        switch aggregate {
        case .least where isVoted[vote.target]: values[vote.target] = min(values[vote.target], weight)
        case .largest where isVoted[vote.target]: values[vote.target] = max(values[vote.target], weight)
        default: values[vote.target] += weight
        }
        isVoted[vote.target] = true
      }
    }
    if aggregate == .average { values = values.map { $0 / T(forest.roots.count) } }
    return (values, isVoted)
  }
}
