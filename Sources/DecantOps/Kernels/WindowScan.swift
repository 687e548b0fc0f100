internal import DecantIR

/// Walks a pooling window over every plane of a tensor, one row of positions at a time.
struct WindowScan {
  let window: Window
  let planes: Int
  /// Elements of one plane of the input.
  let plane: Int
  /// Window positions along the last axis.
  let last: Window.Axis
  /// How many rows of positions one plane has.
  let rows: Int
  /// Extents of the result.
  let result: [Int]
  private let outer: ArraySlice<Window.Axis>
  private let strides: [Int]

  /// A window described by `attributes` over a tensor of `shape`, which is in memory.
  init(_ attributes: Attributes, shape: [Int]) throws(OpError) {
    guard shape.count >= 3 else { throw OpError("expected rank 3 or more, got \(shape)") }
    let rule = try WindowRule(attributes, kernel: attributes.ints("kernel_shape") ?? [])
    let window = try rule.resolve(Array(shape[2...]))
    for axis in window.axes.indices where window.axes[axis].padBegin >= rule.reach(axis) {
      throw OpError("'pads' expected below the window's \(rule.reach(axis)), got \(window.axes[axis].padBegin)")
    }
    guard let last = window.axes.last else { throw OpError("expected at least one spatial axis") }
    self.window = window
    self.last = last
    outer = window.axes.dropLast()
    result = Array(shape[..<2]) + window.outputs
    _ = try Tensor.elementCount(shape: result)
    planes = try product(shape[0], shape[1])
    rows = try product(of: outer.map(\.output))
    plane = try product(of: shape[2...])
    strides = BroadcastPlan.strides(of: Array(shape[2...]))
  }

  /// Calls `body` for each row of window positions: its number, where the rows of the input under the window begin in
  /// the plane, and the taps along the outer axes that lie inside the padded input.
  func forEachRow(_ body: (_ row: Int, _ bases: [Int], _ paddedTaps: Int) -> Void) {
    guard planes > 0, last.output > 0 else { return }
    for row in 0..<rows {
      var bases = [0]
      var padded = 1
      var rest = row
      for axis in outer.indices.reversed() {
        let shape = outer[axis]
        let position = rest % shape.output
        rest /= shape.output
        padded = padded &* shape.paddedTaps(position)
        let taps = shape.taps(position)
        bases = taps.flatMap { tap in bases.map { $0 + shape.place(position, tap) * strides[axis] } }
      }
      body(row, bases.sorted(), padded)
    }
  }

  /// Fills `output` with `finish(fold of the elements under the window, their number, taps in the padded input)`.
  @inline(__always)
  func reduce<T: KernelFloat>(
    _ input: UnsafePointer<T>, into output: UnsafeMutablePointer<T>, initial: T, combine: (T, T) -> T,
    finish: (T, Int, Int) -> T
  ) {
    forEachRow { row, bases, padded in
      for number in 0..<planes {
        let source = unsafe input + number * plane
        let target = unsafe output + (number * rows + row) * last.output
        for position in 0..<last.output {
          let taps = last.taps(position)
          var value = initial
          for base in bases {
            for tap in taps { value = combine(value, unsafe source[base &+ last.place(position, tap)]) }
          }
          unsafe target[position] = finish(value, bases.count * taps.count, padded * last.paddedTaps(position))
        }
      }
    }
  }
}

extension Window.Axis {
  /// How many taps of the window at `position` lie inside the input or its padding.
  package func paddedTaps(_ position: Int) -> Int {
    let start = position * stride - padBegin
    let end = input + padEnd
    return start >= end ? 0 : min(kernel, (end - 1 - start) / dilation + 1)
  }
}
