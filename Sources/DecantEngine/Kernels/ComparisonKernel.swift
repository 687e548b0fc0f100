internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// Comparisons of two tensors that broadcast, and logic of bools.
struct ComparisonKernel: Kernel {
  private let comparison: decant_comparison
  private let element: decant_element
  private let type: ConcreteType
  private let plan: AxisPlan
  private let threads: Int

  static func make(_ comparison: decant_comparison) -> NativeBackend.Maker {
    { (request) throws(OpError) in ComparisonKernel(request, comparison) }
  }

  private init?(_ request: KernelRequest, _ comparison: decant_comparison) {
    guard request.operands.count == 2, let a = request.operand(0), let b = request.operand(1, of: a.dataType),
      !a.shape.contains(0), let element = ComparisonKernel.elements[a.dataType],
      let shape = AxisPlan.broadcast([a.shape, b.shape]),
      let plan = AxisPlan(shape, [a.shape, b.shape].map { AxisPlan.strides(of: $0, in: shape) })
    else { return nil }
    let isLogic = comparison == DECANT_AND || comparison == DECANT_OR
    guard !isLogic || a.dataType == .bool else { return nil }
    self.comparison = comparison
    self.element = element
    self.plan = plan
    type = ConcreteType(.bool, shape)
    threads = request.threads
  }

  private static let elements: [DataType: decant_element] = [
    .bool: DECANT_BOOL, .float32: DECANT_FLOAT32, .int32: DECANT_INT32, .int64: DECANT_INT64,
  ]

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let (a, b) = (try call.source(0), try call.source(1))
    let (slices, width) = (OuterSlices(plan), a.tensor.dataType.bitWidth / 8)
    let result = try call.make(type, from: [a, b]) { target in
      Shares.forEach(slices.count, cost: slices.size, threads: threads) { range in
        unsafe decant_compare(
          comparison, element, plan.extents.count, slices.extents(range),
          a.bytes(at: width * slices.start(range, 0)), plan.strides[0],
          b.bytes(at: width * slices.start(range, 1)), plan.strides[1],
          target.bytes(at: range.lowerBound * slices.size).assumingMemoryBound(to: UInt8.self))
      }
    }
    return [result]
  }
}
