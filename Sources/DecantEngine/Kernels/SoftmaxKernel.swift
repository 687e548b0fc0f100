internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// Softmax along the last axis of a float32 tensor.
struct SoftmaxKernel: Kernel {
  private let type: ConcreteType
  private let width: Int
  private let threads: Int

  static let make: NativeBackend.Maker = { (request) throws(OpError) in
    guard let type = request.operand(0, of: .float32), type.rank >= 1 else { return nil }
    let axis = try normalizeAxis(request.attributes.int("axis", default: -1), rank: type.rank)
    guard type.shape[(axis + 1)...].allSatisfy({ $0 == 1 }) else { return nil }
    return SoftmaxKernel(type: type, width: type.shape[axis], threads: request.threads)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let x = try call.source(0)
    let result = try call.make(type, from: [x]) { target in
      Shares.forEach(type.shape.reduce(1, *) / width, cost: 6 * width, threads: threads) { rows in
        let start = rows.lowerBound * width
        unsafe decant_softmax_f32(x.floats(at: start), rows.count, width, target.floats(at: start))
      }
    }
    return [result]
  }
}
