internal import DecantIR

/// Decision trees, whatever operator wrote them down.
struct Forest {
  /// What a branch asks of a feature. Raw values are those of `TreeEnsemble`.
  enum Mode: Int {
    case atMost = 0
    case below = 1
    case atLeast = 2
    case above = 3
    case equal = 4
    case notEqual = 5
    case member = 6

    /// The name in the older operators; nil for others, `LEAF` too.
    init?(name: String) {
      let names = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
      guard let index = names.firstIndex(of: name) else { return nil }
      self.init(rawValue: index)
    }
  }

  /// Where a way through a tree goes on, or ends.
  enum Place {
    case branch(Int)
    case leaf(Int)
  }

  /// A node with two ways on.
  struct Branch {
    var mode: Mode
    var feature: Int
    var threshold: Double
    var members: Set<Double> = []
    /// Whether NaN goes on at ``yes``.
    var missingGoesOn: Bool
    var yes: Place
    var no: Place
  }

  /// What a leaf gives to a target, or to a class.
  struct Vote {
    var target: Int
    var weight: Double
  }

  /// The branches of all trees.
  var branches: [Branch] = []
  /// The votes of each leaf.
  var leaves: [[Vote]] = []
  /// Where each tree begins.
  var roots: [Place] = []

  /// The leaf of a tree to which a row of features leads.
  ///
  /// - Throws: ``OpError`` when the tree goes in a circle. Features must have been checked, see ``check(features:targets:)``.
  func leaf(from root: Place, _ row: ArraySlice<Double>) throws(OpError) -> Int {
    var place = root
    for _ in 0...branches.count {
      switch place {
      case .leaf(let leaf): return leaf
      case .branch(let index):
        let branch = branches[index]
        place = branch.holds(row[row.startIndex + branch.feature]) ? branch.yes : branch.no
      }
    }
    throw OpError("a tree goes in a circle")
  }

  /// Checks that every feature that is asked for exists, and every target.
  ///
  /// - Throws: ``OpError`` that says which does not.
  func check(features: Int, targets: Int) throws(OpError) {
    for branch in branches where !(0..<features).contains(branch.feature) {
      throw OpError("a tree asks for feature \(branch.feature), and a row has \(features)")
    }
    for vote in leaves.joined() where !(0..<targets).contains(vote.target) {
      throw OpError("a leaf votes for target \(vote.target) of \(targets)")
    }
  }
}

extension Forest.Branch {
  /// Whether the way goes on at ``yes``.
  func holds(_ value: Double) -> Bool {
    if value.isNaN { return missingGoesOn }
    return switch mode {
    case .atMost: value <= threshold
    case .below: value < threshold
    case .atLeast: value >= threshold
    case .above: value > threshold
    case .equal: value == threshold
    case .notEqual: value != threshold
    case .member: members.contains(value)
    }
  }
}
