import Testing

@testable import DecantCompression

@Suite struct MinimumCutTests {
  /// All splits, tried one by one.
  private func cheapest(_ count: Int, _ edges: [(Int, Int, Int, Int)]) -> Int {
    (0..<(1 << (count - 2))).map { choice in
      let isFirst = [true, false] + (0..<count - 2).map { choice >> $0 & 1 == 1 }
      return cost(isFirst, edges)
    }.min() ?? 0
  }

  private func cost(_ isFirst: [Bool], _ edges: [(Int, Int, Int, Int)]) -> Int {
    edges.reduce(0) { sum, edge in
      sum + (isFirst[edge.0] && !isFirst[edge.1] ? edge.2 : 0) + (isFirst[edge.1] && !isFirst[edge.0] ? edge.3 : 0)
    }
  }

  @Test(arguments: 1...200) func costsTheLeast(seed: Int) {
    var state = UInt64(seed)
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let count = 3 + random(6)
    let edges = (0..<random(20)).map { _ in (random(count), random(count), random(5), random(5)) }
    var cut = MinimumCut(points: count)
    for edge in edges { cut.addEdge(edge.0, edge.1, edge.2, back: edge.3) }
    let isFirst = cut.solve()
    #expect(isFirst[0] && !isFirst[1])
    #expect(cost(isFirst, edges.filter { $0.0 != $0.1 }) == cheapest(count, edges))
  }

  @Test func aLongChainIsSolved() {
    let count = 20_000
    var cut = MinimumCut(points: count)
    cut.addEdge(0, 2, 5)
    for point in 2..<count - 1 { cut.addEdge(point, point + 1, point == 9_000 ? 1 : 3, back: 3) }
    cut.addEdge(count - 1, 1, 5)
    let isFirst = cut.solve()
    #expect(isFirst[9_000] && !isFirst[9_001])
  }
}
