internal import DecantIR

extension Graph {
  /// The axes that a `Transpose` puts at each place; nil when it reverses all of a rank that is not known, or is not a
  /// permutation.
  func permutation(of node: NodeID) -> [Int]? {
    if let given = self[node].attributes.ints("perm") {
      return given.sorted() == Array(given.indices) ? given : nil
    }
    return shape(of: self[node].operand(0)).map { Array((0..<$0.rank).reversed()) }
  }
}

/// The permutation that does `first` and then `second`; nil for different ranks.
func composed(_ first: [Int], _ second: [Int]) -> [Int]? {
  first.count == second.count ? second.map { first[$0] } : nil
}
