internal import DecantIR

/// Puts each element of the source at a place of the result, which is empty elsewhere.
struct Placement: Movement {
  /// Within the result; as many as the source has elements.
  let places: [Int]

  func move<Cell>(_ sources: [UnsafeBufferPointer<Cell>], into target: UnsafeMutableBufferPointer<Cell>) {
    for (index, place) in places.enumerated() { unsafe target[place] = sources[0][index] }
  }
}

/// Takes chunks of the source, one after the other, from the places where they begin.
struct ChunkGather: Movement {
  /// Each with a whole chunk after it in the source.
  let places: [Int]
  let chunk: Int

  func move<Cell>(_ sources: [UnsafeBufferPointer<Cell>], into target: UnsafeMutableBufferPointer<Cell>) {
    let source = unsafe sources[0]
    var start = 0
    for place in places {
      for index in 0..<chunk { unsafe target[start + index] = source[place + index] }
      start += chunk
    }
  }
}

/// Copies the first source, and then chunks of the second over it.
struct ChunkScatter: Movement {
  /// Each with a whole chunk after it in the result; as many as the second source has chunks.
  let places: [Int]
  let chunk: Int

  func move<Cell>(_ sources: [UnsafeBufferPointer<Cell>], into target: UnsafeMutableBufferPointer<Cell>) {
    for index in 0..<target.count { unsafe target[index] = sources[0][index] }
    var start = 0
    for place in places {
      for index in 0..<chunk { unsafe target[place + index] = sources[1][start + index] }
      start += chunk
    }
  }
}

/// For each line of `depth` elements along an axis: the second element of the source at a place, the first elsewhere.
struct OneHotPlacement: Movement {
  /// The place along the axis, or -1 for none; `outer · inner` of them.
  let hot: [Int]
  let depth: Int
  let inner: Int

  func move<Cell>(_ sources: [UnsafeBufferPointer<Cell>], into target: UnsafeMutableBufferPointer<Cell>) {
    let (off, on) = unsafe (sources[0][0], sources[0][1])
    for index in 0..<target.count { unsafe target[index] = off }
    for (index, place) in hot.enumerated() where place >= 0 {
      unsafe target[index / inner * depth * inner + place * inner + index % inner] = on
    }
  }
}
