internal import DecantIR

/// Chooses a type for every open unit, so that casts and what stays float32 cost the least in all.
///
/// The choice is a minimum cut between "half" and "float32". A value whose producer and readers do not agree costs a cast;
/// one inside a loop costs as much as eight. A unit that stays float32 costs its gain.
enum HalfSolver {
  private static let castCost = 2
  private static let loopFactor = 8

  /// Whether each unit of `network` is half. `masks` are values that must be clipped before a cast to half.
  static func solve(_ network: HalfNetwork, masks: Set<ValuePlace>) -> [Bool] {
    // Points 0 and 1 are half and float32; every open unit is a point of its own.
    var points = [Int](repeating: 0, count: network.units.count)
    var count = 2
    for (index, unit) in network.units.enumerated() {
      if let isHalf = unit.isHalf {
        points[index] = isHalf ? 0 : 1
      } else {
        points[index] = count
        count += 1
      }
    }
    var cut = MinimumCut(points: count)
    for (index, unit) in network.units.enumerated() where unit.isHalf == nil {
      cut.addEdge(0, points[index], unit.gain)
    }
    for value in network.values { add(value, network, points, masks, &cut) }
    let isHalf = cut.solve()
    return points.map { isHalf[$0] }
  }

  private static func add(
    _ value: HalfNetwork.FloatValue, _ network: HalfNetwork, _ points: [Int], _ masks: Set<ValuePlace>,
    _ cut: inout MinimumCut
  ) {
    var members = value.readers.map { points[$0] }
    var producer: Int?
    switch value.source {
    case .constant: return
    case .cast: break
    case .unit(let unit):
      producer = points[unit]
      members.append(points[unit])
    }
    let distinct = Set(members).sorted()
    guard distinct.count > 1 else { return }
    if let producer, masks.contains(value.place) {
      for member in distinct where member != producer { cut.addEdge(member, producer, 2 * castCost) }
    }
    let cost =
      value.isComposite
      ? MinimumCut.infinite : castCost * (network.entries[value.place.graph].loops > 0 ? loopFactor : 1)
    if distinct.count == 2 {
      cut.addEdge(distinct[0], distinct[1], cost, back: cost)
      return
    }
    // Parted already: whatever the others choose, one cast serves them.
    guard value.isComposite || !(distinct[0] == 0 && distinct[1] == 1) else { return }
    let (entry, exit) = (cut.addPoint(), cut.addPoint())
    cut.addEdge(entry, exit, cost)
    for member in distinct {
      cut.addEdge(member, entry, MinimumCut.infinite)
      cut.addEdge(exit, member, MinimumCut.infinite)
    }
  }
}
