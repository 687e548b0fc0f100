import DecantForms
import DecantIR
import Testing

@testable import DecantCompression

/// Configurations by budget against all that there are.
@Suite struct BitAllocationTests {
  /// Six groups of three choices, harms that fall and costs that rise at random.
  private static func groups(_ seed: UInt64) -> [[BitAllocation.Choice]] {
    let noise = LinearAlgebraTests.noise(36, seed: seed).map { Double(abs($0)) + 0.05 }
    return (0..<6).map { group in
      var (cost, harm) = (0.0, 10.0)
      return (0..<3).map { choice in
        cost += noise[group * 6 + choice]
        harm -= noise[group * 6 + 3 + choice]
        return .init(cost: cost, harm: harm)
      }
    }
  }

  /// What a configuration does to the result.
  private static func harm(of configuration: [Int], _ groups: [[BitAllocation.Choice]]) -> Double {
    zip(groups, configuration).reduce(0) { $0 + $1.0[$1.1].harm }
  }

  private static let all: [[Int]] = (0..<729).map { number in
    var (rest, digits) = (number, [Int]())
    for _ in 0..<6 {
      digits.append(rest % 3)
      rest /= 3
    }
    return digits
  }

  /// Each configuration on the way is the best of its cost: there is none of at most its cost that harms less.
  @Test(arguments: 1...8) func stepsAreBestForTheirCost(_ seed: Int) {
    let groups = Self.groups(UInt64(seed))
    let allocation = BitAllocation(groups)
    for count in 0...allocation.stepCount {
      let found = allocation.configuration(after: count)
      let (cost, harm) = (allocation.cost(of: found), Self.harm(of: found, groups))
      let better = Self.all.filter { allocation.cost(of: $0) <= cost && Self.harm(of: $0, groups) < harm - 1e-9 }
      #expect(better.isEmpty, "\(found) against \(better)")
    }
  }

  @Test(arguments: 1...8) func budgetsHold(_ seed: Int) throws {
    let groups = Self.groups(UInt64(seed))
    let allocation = BitAllocation(groups)
    let cheapest = allocation.cost(of: allocation.configuration(after: 0))
    let dearest = allocation.cost(of: allocation.configuration(after: allocation.stepCount))
    #expect(allocation.configuration(within: cheapest - 0.01) == nil)
    var before = Double.infinity
    for share in stride(from: 0.0, through: 1.0, by: 0.05) {
      let budget = cheapest + share * (dearest - cheapest) + 1e-9
      let found = try #require(allocation.configuration(within: budget))
      #expect(allocation.cost(of: found) <= budget)
      let harm = Self.harm(of: found, groups)
      let best = Self.all.filter { allocation.cost(of: $0) <= budget }.map { Self.harm(of: $0, groups) }.min() ?? 0
      // Off by what the last step that did not fit would have saved, at most.
      let granularity = groups.map { ($0.first?.harm ?? 0) - ($0.last?.harm ?? 0) }.max() ?? 0
      #expect(harm <= best + granularity)
      #expect(harm <= before + granularity)
      before = harm
    }
  }

  /// A choice above the line between its neighbours is passed over.
  @Test func onlyTheHullIsTaken() {
    let allocation = BitAllocation([
      [.init(cost: 1, harm: 10), .init(cost: 2, harm: 9.5), .init(cost: 3, harm: 0), .init(cost: 4, harm: 0)]
    ])
    #expect(allocation.stepCount == 1)
    #expect(allocation.configuration(after: 1) == [2])
    #expect(allocation.configuration(within: 2.9) == [0])
  }

  @Test func paying() throws {
    let allocation = BitAllocation([
      [.init(cost: 2, harm: 8), .init(cost: 3, harm: 2)], [.init(cost: 2, harm: 3), .init(cost: 3, harm: 1)],
      [.init(cost: 2, harm: 9), .init(cost: 3, harm: 8.5)],
    ])
    // The third group loses least by going down.
    #expect(allocation.paying(for: 0, in: [0, 1, 1], budget: 8) == [1, 1, 0])
    #expect(allocation.paying(for: 0, in: [0, 0, 0], budget: 6) == nil)
  }

  @Test func productsOfOneActivationAndUsesOfOneWeightGoTogether() throws {
    let graph = Graph.build(name: "main") { graph in
      let x = graph.addInput("x", .tensor(.float32, Shape([4, 32])))
      let y = graph.addInput("y", .tensor(.float32, Shape([4, 32])))
      let shared = graph.addInitializer("shared", Tensor([Float](repeating: 1, count: 1024), shape: [32, 32]))
      let other = graph.addInitializer("other", Tensor([Float](repeating: 1, count: 1024), shape: [32, 32]))
      let alone = graph.addInitializer("alone", Tensor([Float](repeating: 1, count: 1024), shape: [32, 32]))
      let a = graph.add("MatMul", [x, shared], [:], name: "a", type: .tensor(.float32, Shape([4, 32])))
      let b = graph.add("MatMul", [x, other], [:], name: "b", type: .tensor(.float32, Shape([4, 32])))
      let c = graph.add("MatMul", [y, shared], [:], name: "c", type: .tensor(.float32, Shape([4, 32])))
      let d = graph.add("MatMul", [a, alone], [:], name: "d", type: .tensor(.float32, Shape([4, 32])))
      for (index, value) in [a, b, c, d].enumerated() { graph.addOutput("y\(index)", value) }
    }
    let algorithm = try #require(WeightAlgorithm.named("rtn"))
    let options = WeightOnlyOptions(
      try BlockFormat(bits: 4, blockSize: 32, isSymmetric: false), algorithm: algorithm)
    let groups = try PrecisionGroups(graph, options, bits: [2, 4, 8], isSymmetric: nil)
    #expect(groups.groups.map(\.names) == [["a", "b", "c"], ["d"]])
    #expect(groups.groups.map(\.elements) == [2048, 1024])
    // 32 rows of 8 bytes of codes, 4 of scale and 1 of zero point, for each of two weights.
    #expect(groups.groups[0].choices.map(\.bytes) == [2 * 32 * (8 + 4 + 1), 2 * 32 * (16 + 4 + 1), 2 * 32 * (32 + 4)])
  }
}
