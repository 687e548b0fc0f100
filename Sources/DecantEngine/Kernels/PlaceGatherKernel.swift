internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// `GatherND` without batch axes: elements or slices of a tensor by the indices of their leading axes.
struct PlaceGatherKernel: Kernel {
  private let type: ConcreteType
  private let extents: [Int]
  private let width: Int
  private let count: Int

  static let make: NativeBackend.Maker = { (request) throws(OpError) in
    guard let data = request.operand(0), let indices = request.operand(1, of: .int64),
      request.attributes.int("batch_dims", default: 0) == 0, let depth = indices.shape.last, depth <= data.rank,
      data.dataType != .string, data.dataType.bitWidth % 8 == 0, !data.shape.contains(0)
    else { return nil }
    return PlaceGatherKernel(
      type: ConcreteType(data.dataType, indices.shape.dropLast() + data.shape[depth...]),
      extents: Array(data.shape[..<depth]), width: data.shape[depth...].reduce(data.dataType.bitWidth / 8, *),
      count: indices.shape.dropLast().reduce(1, *))
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let (data, places) = (try call.source(0), try call.source(1))
    return try call.make([type], from: [data, places]) { (targets) throws(OpError) in
      guard let target = targets[0] else { return }
      let done = unsafe decant_gather_places(
        data.bytes(), extents.count, extents, width, places.bytes().assumingMemoryBound(to: Int64.self), count,
        target.bytes())
      guard done == count else {
        let wrong = places.tensor.integers?[done * extents.count..<(done + 1) * extents.count] ?? []
        throw OpError("operand 1: expected indices within \(extents), got \(Array(wrong))")
      }
    }
  }
}
