internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// `Expand` to a shape that is computed.
struct ExpandKernel: Kernel {
  private let source: ConcreteType
  private let threads: Int

  static let make: NativeBackend.Maker = { (request) throws(OpError) in
    if request.constant(1) != nil { return try MovementKernel.expand(request) }
    guard let source = request.operand(0), MovementKernel.moves(source), source.rank <= DECANT_AXES,
      let wanted = request.operand(1), wanted.rank == 1, wanted.shape[0] <= DECANT_AXES
    else { return nil }
    return ExpandKernel(source: source, threads: request.threads)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let wanted = try call.operand(1).plain()
    let sizes = wanted.integers ?? []
    guard sizes.allSatisfy({ $0 >= 0 }), let shape = AxisPlan.broadcast([source.shape, sizes]) else {
      throw OpError("operand 1: expected a shape that \(source.shape) broadcasts with, got \(sizes)")
    }
    guard !shape.contains(0) else {
      return [try call.make(ConcreteType(source.dataType, shape), from: []) { _ in }]
    }
    let request = KernelRequest(
      op: "Expand", operands: [source, ConcreteType(wanted.dataType, wanted.shape)], constants: [nil, wanted],
      threads: threads)
    guard let kernel = try MovementKernel.expand(request) else {
      throw OpError(
        "a result of \(source.dataType)\(shape) needs more than the \(call.byteLimit) allowed", kind: .overBudget)
    }
    return try kernel.run(call)
  }
}
