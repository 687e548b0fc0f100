/// Names that a mistyped one may have meant.
package enum NearestNames {
  /// At most three of `known` within an edit distance of a third of the length (at least 2), nearest first, ties in
  /// alphabetical order.
  package static func of(_ name: String, among known: some Collection<String>) -> [String] {
    let characters = Array(name.lowercased())
    let limit = max(2, characters.count / 3)
    let scored = known.compactMap { candidate -> (name: String, distance: Int)? in
      guard abs(candidate.count - characters.count) <= limit else { return nil }
      let distance = editDistance(characters, Array(candidate.lowercased()))
      return distance <= limit ? (candidate, distance) : nil
    }
    return scored.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
  }

  /// The remedy for a name that is not known, as in `did you mean 'conv1'?`; nil when none is near.
  package static func note(_ name: String, among known: some Collection<String>) -> String? {
    let near = of(name, among: known).map { "'\($0)'" }
    return near.isEmpty ? nil : "did you mean \(near.joined(separator: " or "))?"
  }

  /// Insertions, deletions and substitutions between two words, after Wagner and Fischer. O(product of lengths).
  private static func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for (i, left) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, right) in b.enumerated() {
        let substitution = diagonal + (left == right ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substitution, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }
}
