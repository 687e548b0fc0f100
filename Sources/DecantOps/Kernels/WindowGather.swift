internal import DecantIR

/// Copies what lies under each tap of a sliding window into the rows of a matrix, and adds it back.
///
/// Row `channel · taps + tap` of the matrix has one column for each window position in `positions`.
struct WindowGather {
  let window: Window
  let channels: Int
  let taps: Int
  /// Elements of one channel of the input.
  let plane: Int
  /// How many positions the window has.
  let positions: Int
  /// Strides of the input's axes but the last.
  private let outerStrides: [Int]
  private let outerAxes: ArraySlice<Window.Axis>
  private let last: Window.Axis
  /// `tapPlaces[tap][axis]`
  private let tapPlaces: [[Int]]

  /// Precondition: the input of `channels` planes is in memory, so that its size does not overflow.
  init(_ window: Window, channels: Int) throws(OpError) {
    self.window = window
    self.channels = channels
    taps = try window.taps()
    positions = try product(of: window.outputs, what: "the number of window positions")
    guard let last = window.axes.last else { throw OpError("expected at least one spatial axis") }
    guard taps <= 1 << 22 else { throw OpError("a window of \(taps) taps is too large", kind: .overBudget) }
    self.last = last
    outerAxes = window.axes.dropLast()
    let strides = BroadcastPlan.strides(of: window.axes.map(\.input))
    outerStrides = Array(strides.dropLast())
    plane = window.axes.reduce(1) { $0 &* $1.input }
    let kernel = window.axes.map(\.kernel)
    let kernelStrides = BroadcastPlan.strides(of: kernel)
    tapPlaces = (0..<taps).map { tap in zip(kernel, kernelStrides).map { tap / $1 % $0 } }
  }

  /// Whether the matrix is the input itself: one tap, every position, in order.
  var isIdentity: Bool {
    window.axes.allSatisfy { $0.kernel == 1 && $0.stride == 1 && $0.padBegin == 0 && $0.input == $0.output }
  }

  /// Calls `body` for each run of one matrix row that lies inside the input: the row, the first column, how many, the
  /// input's first place, and the step there.
  @inline(__always)
  private func forEachRun(_ range: Range<Int>, _ body: (_ row: Int, _ column: Int, _ count: Int, _ place: Int) -> Void)
  {
    for tap in 0..<taps {
      let places = tapPlaces[tap]
      let valid = last.inside(places[places.count - 1])
      var position = range.lowerBound
      while position < range.upperBound {
        let start = position % last.output
        let end = min(last.output, start + range.upperBound - position)
        var base = 0
        var inside = true
        var rest = position / last.output
        for axis in outerAxes.indices.reversed() {
          let shape = outerAxes[axis]
          let place = shape.place(rest % shape.output, places[axis])
          rest /= shape.output
          if place < 0 || place >= shape.input { inside = false } else { base += place * outerStrides[axis] }
        }
        let (lower, upper) = (max(start, valid.lowerBound), min(end, valid.upperBound))
        if inside, lower < upper {
          let place = base + last.place(lower, places[places.count - 1])
          let column = position - range.lowerBound + lower - start
          for channel in 0..<channels {
            body(channel &* taps &+ tap, column, upper - lower, channel &* plane &+ place)
          }
        }
        position += end - start
      }
    }
  }

  /// Fills `matrix`, `channels · taps` rows of `range.count`, from `input`.
  @specialized(where T == Float)
  @specialized(where T == Double)
  @specialized(where T == Int32)
  func gather<T: KernelNumber>(_ input: UnsafePointer<T>, _ range: Range<Int>, into matrix: UnsafeMutablePointer<T>) {
    let width = range.count
    unsafe matrix.update(repeating: .nought, count: channels * taps * width)
    let step = last.stride
    forEachRun(range) { row, column, count, place in
      let target = unsafe matrix + (row &* width &+ column)
      let source = unsafe input + place
      if step == 1 {
        unsafe target.update(from: source, count: count)
      } else {
        for index in 0..<count { unsafe target[index] = source[index &* step] }
      }
    }
  }

  /// Adds `matrix` to the places of `output` that the window had taken it from.
  @specialized(where T == Float)
  @specialized(where T == Double)
  func scatter<T: KernelNumber>(_ matrix: UnsafePointer<T>, _ range: Range<Int>, into output: UnsafeMutablePointer<T>) {
    let width = range.count
    let step = last.stride
    forEachRun(range) { row, column, count, place in
      let source = unsafe matrix + (row &* width &+ column)
      let target = unsafe output + place
      for index in 0..<count { unsafe target[index &* step] = target[index &* step].plus(source[index]) }
    }
  }

  /// How many positions to treat at once, so that the matrix stays near 1 MiB of floats.
  var tile: Int { min(max((1 << 18) / max(channels * taps, 1), 16), 1024, max(positions, 1)) }
}
