/// The cheapest way to split points into two sides, when some belong to one side and pairs cost where they are parted.
///
/// Dinic's algorithm with its own stack: O(edges · √edges) where costs are small, and nothing where one side is empty.
struct MinimumCut {
  /// The cost of what may not be.
  static let infinite = 1 << 40

  private var heads: [Int32]
  private var next: [Int32] = []
  private var targets: [Int32] = []
  private var room: [Int] = []
  private let source = 0
  private let sink = 1

  /// Points 0 and 1 are the sides; others follow.
  init(points: Int) { heads = [Int32](repeating: -1, count: max(points, 2)) }

  /// Adds a point.
  mutating func addPoint() -> Int {
    heads.append(-1)
    return heads.count - 1
  }

  /// Costs `cost` when `a` is on the first side and `b` on the second, and `back` the other way round.
  mutating func addEdge(_ a: Int, _ b: Int, _ cost: Int, back: Int = 0) {
    guard a != b, cost > 0 || back > 0 else { return }
    append(a, b, cost)
    append(b, a, back)
  }

  private mutating func append(_ from: Int, _ to: Int, _ cost: Int) {
    targets.append(Int32(to))
    room.append(cost)
    next.append(heads[from])
    heads[from] = Int32(targets.count - 1)
  }

  /// Whether each point is on the first side; of equally cheap splits the one with the most points there.
  mutating func solve() -> [Bool] {
    var levels = [Int32](repeating: -1, count: heads.count)
    while findLevels(&levels) { saturate(levels) }
    return reachesSink().map { !$0 }
  }

  /// The distance of each point from the source along edges with room; whether the sink has one.
  private func findLevels(_ levels: inout [Int32]) -> Bool {
    for index in levels.indices { levels[index] = -1 }
    levels[source] = 0
    var queue = [source]
    var first = 0
    while first < queue.count {
      let point = queue[first]
      first += 1
      var edge = heads[point]
      while edge >= 0 {
        let target = Int(targets[Int(edge)])
        if room[Int(edge)] > 0, levels[target] < 0 {
          levels[target] = levels[point] + 1
          queue.append(target)
        }
        edge = next[Int(edge)]
      }
    }
    return levels[sink] >= 0
  }

  /// Fills paths along rising levels until none is left.
  private mutating func saturate(_ levels: [Int32]) {
    var cursor = heads
    var path: [Int] = []
    var point = source
    while true {
      if point == sink {
        let flow = path.reduce(Int.max) { min($0, room[$1]) }
        for edge in path {
          room[edge] -= flow
          room[edge ^ 1] += flow
        }
        // Go on from where the path is full first.
        let full = path.firstIndex { room[$0] == 0 } ?? 0
        point = Int(targets[path[full] ^ 1])
        path.removeSubrange(full...)
        continue
      }
      var edge = cursor[point]
      while edge >= 0, room[Int(edge)] == 0 || levels[Int(targets[Int(edge)])] != levels[point] + 1 {
        edge = next[Int(edge)]
      }
      cursor[point] = edge
      if edge >= 0 {
        path.append(Int(edge))
        point = Int(targets[Int(edge)])
      } else {
        guard let last = path.popLast() else { return }
        point = Int(targets[last ^ 1])
        cursor[point] = next[Int(cursor[point])]
      }
    }
  }

  /// The points from which the sink can still be reached: the second side.
  private func reachesSink() -> [Bool] {
    var reaches = [Bool](repeating: false, count: heads.count)
    reaches[sink] = true
    var pending = [sink]
    while let point = pending.popLast() {
      var edge = heads[point]
      while edge >= 0 {
        let other = Int(targets[Int(edge)])
        if room[Int(edge) ^ 1] > 0, !reaches[other] {
          reaches[other] = true
          pending.append(other)
        }
        edge = next[Int(edge)]
      }
    }
    return reaches
  }
}
