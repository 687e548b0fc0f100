internal import DecantIR

/// Walks the source with strides of its own, once for each axis of the result: transposes, slices and repeats.
///
/// Element `i` of the result is element `offset + Σ iₖ · strideₖ` of the source.
struct StridedCopy: Movement {
  private let plan: BroadcastPlan
  private let offset: Int

  /// Precondition: every index that the strides lead to lies within the source.
  init(shape: [Int], strides: [Int], offset: Int = 0) {
    plan = BroadcastPlan(shape: shape, strides: [strides])
    self.offset = offset
  }

  func move<Cell>(_ sources: [UnsafeBufferPointer<Cell>], into target: UnsafeMutableBufferPointer<Cell>) {
    let source = unsafe sources[0]
    let (run, step) = (plan.run, plan.runStrides[0])
    plan.forEachRun { start, places in
      var place = offset + places[0]
      switch step {
      case 0:
        let element = unsafe source[place]
        for index in start..<start + run { unsafe target[index] = element }
      case 1:
        for index in 0..<run { unsafe target[start + index] = source[place + index] }
      default:
        for index in start..<start + run {
          unsafe target[index] = source[place]
          place += step
        }
      }
    }
  }
}

/// Puts sources one after the other: `outer` times a chunk of each.
struct ChunkJoin: Movement {
  let outer: Int
  /// How many elements of each source form a chunk.
  let chunks: [Int]

  func move<Cell>(_ sources: [UnsafeBufferPointer<Cell>], into target: UnsafeMutableBufferPointer<Cell>) {
    let period = chunks.reduce(0, +)
    var first = 0
    for (which, chunk) in chunks.enumerated() where chunk > 0 {
      let source = unsafe sources[which]
      for block in 0..<outer {
        let (from, to) = (block * chunk, block * period + first)
        for index in 0..<chunk { unsafe target[to + index] = source[from + index] }
      }
      first += chunk
    }
  }
}

/// Looks each index of the result up in a map of its axis; where one of them says -1, the element is the second source's only
/// one.
struct MappedCopy: Movement {
  /// For each axis, the source's index for each index of the result, or -1.
  let maps: [[Int]]
  /// The extents of the source.
  let source: [Int]

  func move<Cell>(_ sources: [UnsafeBufferPointer<Cell>], into target: UnsafeMutableBufferPointer<Cell>) {
    guard let last = maps.last, target.count > 0 else {
      if target.count > 0 { unsafe target[0] = sources[0][0] }
      return
    }
    let strides = BroadcastPlan.strides(of: source)
    let outer = BroadcastPlan(shape: maps.dropLast().map(\.count), strides: [])
    var index = [Int](repeating: 0, count: maps.count - 1)
    let data = unsafe sources[0]
    for block in 0..<outer.count {
      var (base, inside) = (0, true)
      for axis in index.indices {
        let place = maps[axis][index[axis]]
        inside = inside && place >= 0
        base += place * strides[axis]
      }
      let start = block * last.count
      for (offset, place) in last.enumerated() {
        unsafe target[start + offset] = inside && place >= 0 ? data[base + place] : sources[1][0]
      }
      for axis in index.indices.reversed() {
        index[axis] += 1
        if index[axis] < maps[axis].count { break }
        index[axis] = 0
      }
    }
  }
}
