internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// Arithmetic on two float32 tensors that broadcast.
struct ArithmeticKernel: Kernel {
  let takesLayouts = true
  private let operation: decant_arithmetic
  private let type: ConcreteType
  private let plan: AxisPlan
  /// For operands that lie with their channels innermost; nil where one of them could not.
  private let imagePlan: AxisPlan?
  private let threads: Int

  static func make(_ operation: decant_arithmetic) -> NativeBackend.Maker {
    { (request) throws(OpError) in ArithmeticKernel(request, operation) }
  }

  private init?(_ request: KernelRequest, _ operation: decant_arithmetic) {
    guard request.operands.count == 2, let a = request.operand(0, of: .float32),
      let b = request.operand(1, of: .float32), let shape = AxisPlan.broadcast([a.shape, b.shape]),
      let plan = AxisPlan(shape, [a.shape, b.shape].map { AxisPlan.strides(of: $0, in: shape) })
    else { return nil }
    self.operation = operation
    self.plan = plan
    imagePlan = ArithmeticKernel.imagePlan(shape, [a.shape, b.shape])
    type = ConcreteType(.float32, shape)
    threads = request.threads
  }

  private static func imagePlan(_ shape: [Int], _ operands: [[Int]]) -> AxisPlan? {
    guard (3...5).contains(shape.count) else { return nil }
    let extents = ChannelsLast.extents(of: shape)
    var strides: [[Int]] = []
    for operand in operands {
      let padded = [Int](repeating: 1, count: shape.count - operand.count) + operand
      // With one axis that counts, the elements lie alike in both orders.
      guard operand == shape || padded.count(where: { $0 > 1 }) <= 1 else { return nil }
      strides.append(AxisPlan.strides(of: ChannelsLast.extents(of: padded), in: extents))
    }
    return AxisPlan(extents, strides)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let operands = [try call.operand(0), try call.operand(1)]
    guard let imagePlan, operands.contains(where: { ChannelsLast.of($0)?.shape == type.shape }) else {
      return [try run(call, Source(operands[0].plain()), Source(operands[1].plain()), plan, type)]
    }
    var sources: [Source] = []
    for operand in operands {
      sources.append(
        try Source(operand.shape == type.shape ? ChannelsLast.tensor(operand) : operand.plain()))
    }
    let result = try run(
      call, sources[0], sources[1], imagePlan, ConcreteType(.float32, ChannelsLast.extents(of: type.shape)))
    return [ChannelsLast(try result.plain()).runtime]
  }

  private func run(
    _ call: KernelCall, _ a: Source, _ b: Source, _ plan: AxisPlan, _ type: ConcreteType
  ) throws(OpError) -> RuntimeTensor {
    let slices = OuterSlices(plan)
    return try call.make(type, from: [a, b]) { target in
      Shares.forEach(slices.count, cost: slices.size, threads: threads) { range in
        unsafe decant_arithmetic_f32(
          operation, plan.extents.count, slices.extents(range), a.floats(at: slices.start(range, 0)), plan.strides[0],
          b.floats(at: slices.start(range, 1)), plan.strides[1], target.floats(at: range.lowerBound * slices.size))
      }
    }
  }
}

/// A choice between the elements of two tensors, of 4 bytes each, by a tensor of bools; all broadcast.
struct SelectKernel: Kernel {
  private let type: ConcreteType
  private let plan: AxisPlan
  private let threads: Int

  static let make: NativeBackend.Maker = { (request) throws(OpError) in
    guard let condition = request.operand(0, of: .bool), let a = request.operand(1),
      let b = request.operand(2, of: a.dataType), !a.shape.contains(0), a.dataType.bitWidth == 32,
      let shape = AxisPlan.broadcast([condition.shape, a.shape, b.shape]),
      let plan = AxisPlan(shape, [condition.shape, a.shape, b.shape].map { AxisPlan.strides(of: $0, in: shape) })
    else { return nil }
    return SelectKernel(type: ConcreteType(a.dataType, shape), plan: plan, threads: request.threads)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let (condition, a, b) = (try call.source(0), try call.source(1), try call.source(2))
    let slices = OuterSlices(plan)
    let result = try call.make(type, from: [condition, a, b]) { target in
      Shares.forEach(slices.count, cost: slices.size, threads: threads) { range in
        unsafe decant_select_4(
          plan.extents.count, slices.extents(range),
          condition.bytes(at: slices.start(range, 0)).assumingMemoryBound(to: UInt8.self), plan.strides[0],
          a.bytes(at: 4 * slices.start(range, 1)), plan.strides[1], b.bytes(at: 4 * slices.start(range, 2)),
          plan.strides[2], target.bytes(at: 4 * range.lowerBound * slices.size))
      }
    }
    return [result]
  }
}

/// A plan cut along its first axis.
struct OuterSlices {
  private let plan: AxisPlan
  /// How many slices there are.
  let count: Int
  /// How many elements of the result one has.
  let size: Int

  init(_ plan: AxisPlan) {
    self.plan = plan
    count = plan.extents.first ?? 1
    size = plan.extents.dropFirst().reduce(1, *)
  }

  /// The extents of some slices.
  func extents(_ range: Range<Int>) -> [Int] {
    plan.extents.isEmpty ? [] : [range.count] + plan.extents.dropFirst()
  }

  /// Where operand `operand` of some slices begins.
  func start(_ range: Range<Int>, _ operand: Int) -> Int { range.lowerBound * (plan.strides[operand].first ?? 0) }
}
