internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// Elements copied from places that lie evenly: transpositions, slices and repetitions, of types of 1, 2, 4 and 8 bytes.
struct MovementKernel: Kernel {
  let absorbed: Set<Int>
  private let type: ConcreteType
  private let plan: AxisPlan
  /// The place of the first element.
  private let start: Int
  private let threads: Int

  private init?(
    _ request: KernelRequest, shape: [Int], strides: [Int], start: Int = 0, walking walked: [Int]? = nil,
    absorbed: Set<Int> = []
  ) {
    guard let source = request.operand(0), MovementKernel.moves(source), !shape.contains(0),
      let plan = AxisPlan(walked ?? shape, [strides])
    else { return nil }
    type = ConcreteType(source.dataType, shape)
    self.plan = plan
    self.start = start
    self.absorbed = absorbed
    threads = request.threads
  }

  /// Whether there are elements, of whole bytes.
  static func moves(_ type: ConcreteType) -> Bool {
    [8, 16, 32, 64].contains(type.dataType.bitWidth) && type.dataType != .string && !type.shape.contains(0)
  }

  static let transpose: NativeBackend.Maker = { (request) throws(OpError) in
    guard let source = request.operand(0) else { return nil }
    let order = request.attributes.ints("perm") ?? Array(source.shape.indices.reversed())
    guard order.sorted() == Array(source.shape.indices) else { return nil }
    let strides = AxisPlan.strides(of: source.shape, in: source.shape)
    return MovementKernel(request, shape: order.map { source.shape[$0] }, strides: order.map { strides[$0] })
  }

  static let expand: NativeBackend.Maker = { (request) throws(OpError) in
    guard let source = request.operand(0), let wanted = request.constant(1)?.integers,
      wanted.allSatisfy({ $0 >= 0 }), let shape = AxisPlan.broadcast([source.shape, wanted])
    else { return nil }
    return MovementKernel(
      request, shape: shape, strides: AxisPlan.strides(of: source.shape, in: shape), absorbed: [1])
  }

  static let tile: NativeBackend.Maker = { (request) throws(OpError) in
    guard let source = request.operand(0), let repeats = request.constant(1)?.integers,
      repeats.count == source.rank, repeats.allSatisfy({ (0...Int(Int32.max)).contains($0) })
    else { return nil }
    var shape: [Int] = []
    for (extent, count) in zip(source.shape, repeats) {
      let (product, overflow) = extent.multipliedReportingOverflow(by: count)
      guard !overflow else { return nil }
      shape.append(product)
    }
    let strides = AxisPlan.strides(of: source.shape, in: source.shape)
    // Each axis is walked again and again.
    return MovementKernel(
      request, shape: shape, strides: strides.flatMap { [0, $0] },
      walking: zip(repeats, source.shape).flatMap { [$0, $1] }, absorbed: [1])
  }

  static let slice: NativeBackend.Maker = { (request) throws(OpError) in
    guard let source = request.operand(0), let starts = request.constant(1)?.integers,
      let ends = request.constant(2)?.integers, ends.count == starts.count
    else { return nil }
    guard request.operand(3) == nil || request.constant(3) != nil,
      request.operand(4) == nil || request.constant(4) != nil
    else { return nil }
    let axes = request.constant(3)?.integers ?? Array(starts.indices)
    let steps = request.constant(4)?.integers ?? starts.map { _ in 1 }
    guard axes.count == starts.count, steps.count == starts.count else { return nil }
    var (shape, strides) = (source.shape, AxisPlan.strides(of: source.shape, in: source.shape))
    var (first, seen) = (0, Set<Int>())
    for (index, given) in axes.enumerated() {
      let axis = try normalizeAxis(given, rank: source.rank, name: "axes")
      guard seen.insert(axis).inserted, let cut = Cut(starts[index], ends[index], steps[index], of: shape[axis])
      else { return nil }
      first += cut.first * strides[axis]
      shape[axis] = cut.count
      strides[axis] *= cut.step
    }
    return MovementKernel(
      request, shape: shape, strides: strides, start: first,
      absorbed: Set((1...4).filter { request.constant($0) != nil }))
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let (source, slices, width) = (try call.source(0), OuterSlices(plan), type.dataType.bitWidth / 8)
    let result = try call.make(type, from: [source]) { target in
      Shares.forEach(slices.count, cost: 2 * slices.size, threads: threads) { range in
        unsafe decant_copy_strided(
          width, plan.extents.count, slices.extents(range), plan.strides[0],
          source.bytes(at: (start + slices.start(range, 0)) * width),
          target.bytes(at: range.lowerBound * slices.size * width))
      }
    }
    return [result]
  }

  /// What a slice takes of an axis: at least one element.
  private struct Cut {
    let first: Int
    let count: Int
    let step: Int

    init?(_ start: Int, _ end: Int, _ step: Int, of extent: Int) {
      guard extent > 0, step != 0, abs(step.clamped(to: -extent...extent)) >= 1 else { return nil }
      self.step = step.clamped(to: -extent...extent)
      let (from, to) = (start < 0 ? start &+ extent : start, end < 0 ? end &+ extent : end)
      if step > 0 {
        first = from.clamped(to: 0...extent)
        count = max(0, (to.clamped(to: 0...extent) - first + self.step - 1) / self.step)
      } else {
        first = from.clamped(to: -1...extent - 1)
        // An end far below 0 stays below 0 and stands for the place before the first element.
        let last = (end < -extent ? -1 : to).clamped(to: -1...extent - 1)
        count = max(0, (first - last - self.step - 1) / -self.step)
      }
      guard count > 0 else { return nil }
    }
  }
}

extension Int {
  fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}
