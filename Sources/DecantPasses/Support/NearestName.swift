/// The name among `names` that takes the fewest edits to become `name`; nil when none is near. Ties go to the first in
/// alphabetical order.
func nearestName(to name: String, among names: some Collection<String>) -> String? {
  let limit = max(2, name.count / 3)
  let characters = Array(name)
  var best: (distance: Int, name: String)?
  for candidate in names where abs(candidate.count - characters.count) <= limit {
    let distance = editDistance(characters, Array(candidate))
    guard distance <= limit else { continue }
    if let best, (best.distance, best.name) <= (distance, candidate) { continue }
    best = (distance, candidate)
  }
  return best?.name
}

/// Insertions, deletions and substitutions between two words, after Wagner and Fischer. O(product of lengths).
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
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
