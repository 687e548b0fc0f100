internal import DecantBytes
internal import DecantCompression

/// Chooses bits for groups of weights under a budget.
struct PrecisionSearch {
  /// How many groups are tried for an exchange.
  private static let exchanges = 5

  private let groups: [PrecisionGroups.Group]
  private let budget: PrecisionBudget
  private let fixedBytes: Int
  private let rounds: Int
  private let allocation: BitAllocation
  private let elements: Int

  /// - Parameter harms: what each choice of each group does to the outputs alone.
  init(_ groups: PrecisionGroups, harms: [[Double]], fixedBytes: Int, budget: PrecisionBudget, rounds: Int) {
    self.groups = groups.groups
    self.budget = budget
    self.fixedBytes = fixedBytes
    self.rounds = rounds
    elements = groups.groups.reduce(0) { $0 + $1.elements }
    let countsBits = budget.bits != nil
    allocation = BitAllocation(
      zip(groups.groups, harms).map { group, harms in
        zip(group.choices, harms).map { choice, harm in
          .init(cost: Double(countsBits ? choice.bits * group.elements : choice.bytes), harm: harm)
        }
      })
  }

  /// The configuration that keeps to the budget and harms least, or for a drop alone the cheapest that keeps to it.
  func choose(_ bench: PrecisionBench) throws(DecantError) -> PrecisionAccount {
    var measured = Measurements(bench, groups)
    let limit = try largest(&measured)
    guard let drop = budget.drop else {
      return try account(try exchanged(limit, &measured), &measured)
    }
    guard try measured.drop(limit) <= drop else {
      let least = try measured.drop(limit)
      throw DecantError(
        .overBudget, "nothing within the budget keeps the drop at \(drop): the least is \(least)",
        note: "allow more bits or bytes, or a larger drop")
    }
    // Along the steps the drop falls, but for chance: the first that is small enough.
    var (low, high) = (0, allocation.stepCount)
    while low < high {
      let middle = (low + high) / 2
      let configuration = allocation.configuration(after: middle)
      if try measured.drop(configuration) <= drop { high = middle } else { low = middle + 1 }
    }
    let found = allocation.configuration(after: low)
    guard fits(found), try measured.drop(found) <= drop else { return try account(limit, &measured) }
    return try account(found, &measured)
  }

  /// The best configuration that the limits of cost leave.
  private func largest(_ measured: inout Measurements) throws(DecantError) -> [Int] {
    let all = allocation.configuration(after: allocation.stepCount)
    guard !fits(all) else { return all }
    var limit = Double.infinity
    if let bits = budget.bits { limit = bits * Double(elements) }
    if budget.bits == nil, let bytes = budget.bytes { limit = Double(bytes - fixedBytes) }
    // With both limits the cost is bits; fewer are allowed until the bytes fit too.
    for count in stride(from: allocation.stepCount, through: 0, by: -1) {
      let cost = allocation.cost(of: allocation.configuration(after: count))
      if let found = allocation.configuration(within: min(limit, cost)), fits(found) { return found }
    }
    return allocation.configuration(after: 0)
  }

  /// Checks that the fewest bits keep to the limits of cost.
  ///
  /// - Throws: `overBudget` when they do not.
  static func checkSmallest(of groups: PrecisionGroups, fixedBytes: Int, budget: PrecisionBudget) throws(DecantError) {
    let harms = groups.groups.map { $0.choices.map { _ in 0.0 } }
    let search = PrecisionSearch(groups, harms: harms, fixedBytes: fixedBytes, budget: budget, rounds: 0)
    let smallest = groups.groups.map { _ in 0 }
    guard !search.fits(smallest) else { return }
    throw DecantError(
      .overBudget,
      "the fewest bits are \(search.meanBits(smallest).hundredths) in the mean and \(search.bytes(smallest)) bytes, more than the budget allows",
      note: "allow fewer bits with --choices, larger blocks with --block, or a larger budget")
  }

  /// Tries to give a group more bits and others fewer, and keeps what measures best.
  private func exchanged(_ start: [Int], _ measured: inout Measurements) throws(DecantError) -> [Int] {
    var best = start
    for _ in 0..<rounds {
      let before = best
      for candidate in candidates(best) {
        let other = allocation.paying(for: candidate, in: best, budget: allocation.cost(of: best))
        guard let other, fits(other), try measured.noise(other) < measured.noise(best) else { continue }
        best = other
      }
      guard best != before else { break }
    }
    return best
  }

  /// The groups that would save most harm for the cost of their next choice.
  private func candidates(_ configuration: [Int]) -> [Int] {
    groups.indices.filter { configuration[$0] + 1 < groups[$0].choices.count }
      .map { ($0, allocation.gain(of: $0, in: configuration)) }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
      .prefix(PrecisionSearch.exchanges).map(\.0)
  }

  private func account(_ configuration: [Int], _ measured: inout Measurements) throws(DecantError) -> PrecisionAccount {
    let cost = allocation.cost(of: configuration)
    let path = (0...allocation.stepCount).map { allocation.configuration(after: $0) }
    let cheaper = path.last { allocation.cost(of: $0) < cost }
    let dearer = path.first { allocation.cost(of: $0) > cost }
    let chosen = point(configuration, drop: try measured.drop(configuration))
    return PrecisionAccount(
      groups: groups.map(\.names), chosen: chosen, cheaper: cheaper.map { point($0, drop: measured.known($0)) },
      dearer: dearer.map { point($0, drop: measured.known($0)) }, measured: measured.count, runs: measured.runs)
  }

  private func point(_ configuration: [Int], drop: Double?) -> PrecisionAccount.Point {
    .init(
      bits: zip(groups, configuration).map { $0.choices[$1].bits }, meanBits: meanBits(configuration),
      bytes: bytes(configuration), drop: drop)
  }

  private func fits(_ configuration: [Int]) -> Bool {
    if let bits = budget.bits, meanBits(configuration) > bits { return false }
    if let limit = budget.bytes, bytes(configuration) > limit { return false }
    return true
  }

  private func meanBits(_ configuration: [Int]) -> Double {
    let bits = zip(groups, configuration).reduce(0) { $0 + $1.0.choices[$1.1].bits * $1.0.elements }
    return Double(bits) / Double(max(elements, 1))
  }

  private func bytes(_ configuration: [Int]) -> Int {
    zip(groups, configuration).reduce(fixedBytes) { $0 + $1.0.choices[$1.1].bytes }
  }
}

/// What was measured of whole configurations, each once.
private struct Measurements {
  private var bench: PrecisionBench
  private let groups: [PrecisionGroups.Group]
  private var found: [[Int]: (noise: Double, drop: Double)] = [:]

  init(_ bench: PrecisionBench, _ groups: [PrecisionGroups.Group]) {
    self.bench = bench
    self.groups = groups
  }

  var count: Int { found.count }
  var runs: Int { bench.runs }

  mutating func noise(_ configuration: [Int]) throws(DecantError) -> Double { try measure(configuration).noise }

  mutating func drop(_ configuration: [Int]) throws(DecantError) -> Double { try measure(configuration).drop }

  func known(_ configuration: [Int]) -> Double? { found[configuration]?.drop }

  private mutating func measure(_ configuration: [Int]) throws(DecantError) -> (noise: Double, drop: Double) {
    if let known = found[configuration] { return known }
    let result = try bench.measure(zip(groups, configuration).map { $0.choices[$1].bits })
    found[configuration] = result
    return result
  }
}
