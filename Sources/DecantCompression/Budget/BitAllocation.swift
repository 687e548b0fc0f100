/// How a budget is shared out: for each group one choice, so that harm is least for what it costs.
///
/// Only choices on the lower convex hull of cost and harm are taken. From the cheapest of every group, steps go to the next choice
/// of one group at a time, the one that saves most harm for its cost first: each configuration on the way is the best for its cost
/// of all that harm adds up for (the relaxed knapsack).
public struct BitAllocation: Sendable {
  /// One way to treat a group.
  public struct Choice: Sendable, Hashable {
    /// What it costs: bits, bytes, or time.
    public let cost: Double
    /// What it does to the result; adds up over groups.
    public let harm: Double

    /// From its parts.
    public init(cost: Double, harm: Double) {
      self.cost = cost
      self.harm = harm
    }
  }

  /// A group going from one choice to a dearer one.
  private struct Step {
    let group: Int
    let choice: Int
    let cost: Double
    let harm: Double
    /// How much harm a unit of cost saves.
    var gain: Double { -harm / cost }
  }

  private let groups: [[Choice]]
  private let cheapest: [Int]
  private let steps: [Step]

  /// For the choices of each group, cheapest first.
  ///
  /// Precondition: each group has a choice.
  public init(_ groups: [[Choice]]) {
    self.groups = groups
    let hulls = groups.map(BitAllocation.hull)
    cheapest = hulls.map { $0[0] }
    var steps: [Step] = []
    for (group, hull) in hulls.enumerated() {
      for (from, to) in zip(hull, hull.dropFirst()) {
        let (a, b) = (groups[group][from], groups[group][to])
        steps.append(Step(group: group, choice: to, cost: b.cost - a.cost, harm: b.harm - a.harm))
      }
    }
    // Along a hull gains fall, so the steps of a group stay in order; equal gains stay in the order of the groups.
    self.steps = steps.enumerated().sorted { ($1.1.gain, $0.0) < ($0.1.gain, $1.0) }.map(\.1)
  }

  /// How many steps there are from the cheapest configuration to the dearest.
  public var stepCount: Int { steps.count }

  /// The choice of each group after `count` steps.
  public func configuration(after count: Int) -> [Int] {
    var result = cheapest
    for step in steps.prefix(count) { result[step.group] = step.choice }
    return result
  }

  /// The best configuration that costs at most `budget`; nil when the cheapest costs more.
  ///
  /// After the last step that fits, later ones that still fit are taken too.
  public func configuration(within budget: Double) -> [Int]? {
    var result = cheapest
    var left = budget - cost(of: result)
    guard left >= 0 else { return nil }
    // A group whose next step was too dear stays where it is: its later steps start from there.
    var stopped: Set<Int> = []
    for step in steps where !stopped.contains(step.group) {
      guard step.cost <= left else {
        stopped.insert(step.group)
        continue
      }
      left -= step.cost
      result[step.group] = step.choice
    }
    return result
  }

  /// How much harm a unit of cost saves where `group` goes to its next dearer choice, hull or not.
  public func gain(of group: Int, in configuration: [Int]) -> Double {
    let (now, next) = (groups[group][configuration[group]], groups[group][configuration[group] + 1])
    return (now.harm - next.harm) / max(next.cost - now.cost, .leastNormalMagnitude)
  }

  /// `configuration` with the next dearer choice for `group`, and cheaper ones for others, those that harm least for what they
  /// save first, until it costs at most `budget`; nil when that cannot be.
  public func paying(for group: Int, in configuration: [Int], budget: Double) -> [Int]? {
    var result = configuration
    result[group] += 1
    while cost(of: result) > budget {
      let cheaper = result.indices.filter { $0 != group && result[$0] > 0 }
        .map { other in
          var lowered = result
          lowered[other] -= 1
          return (other, gain(of: other, in: lowered))
        }
      guard let (other, _) = cheaper.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }) else { return nil }
      result[other] -= 1
    }
    return result
  }

  /// What a configuration costs.
  public func cost(of configuration: [Int]) -> Double {
    zip(groups, configuration).reduce(0) { $0 + $1.0[$1.1].cost }
  }

  /// The choices on the lower convex hull that are worth their cost, cheapest first.
  private static func hull(_ choices: [Choice]) -> [Int] {
    let order = choices.indices.sorted {
      (choices[$0].cost, choices[$0].harm, $0) < (choices[$1].cost, choices[$1].harm, $1)
    }
    var hull: [Int] = []
    for index in order {
      let new = choices[index]
      // One that costs more and does no less harm is never taken.
      if let last = hull.last, choices[last].harm <= new.harm { continue }
      while hull.count >= 2 {
        let (a, b) = (choices[hull[hull.count - 2]], choices[hull[hull.count - 1]])
        let isAbove = (b.harm - a.harm) * (new.cost - a.cost) >= (new.harm - a.harm) * (b.cost - a.cost)
        guard isAbove else { break }
        hull.removeLast()
      }
      hull.append(index)
    }
    return hull
  }
}
