internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// Slices of a tensor along one axis by their indices, as of the rows of an embedding.
struct GatherKernel: Kernel {
  let absorbed: Set<Int>
  /// The tensor where it is constant: as it lies in the file, of which only the rows that are asked for are read.
  private let table: Tensor?
  private let type: ConcreteType
  /// How many slices there are, and how many times.
  private let rows: Int
  private let outer: Int
  /// The bytes of one slice.
  private let width: Int
  private let indices: ConcreteType
  private let axis: Int

  static let make: NativeBackend.Maker = { (request) throws(OpError) in
    guard let data = request.operand(0), let indices = request.operand(1), data.rank >= 1,
      indices.dataType == .int64 || indices.dataType == .int32, data.dataType != .string,
      [8, 16, 32, 64].contains(data.dataType.bitWidth), !data.shape.contains(0), !indices.shape.contains(0)
    else { return nil }
    let axis = try normalizeAxis(request.attributes.int("axis", default: 0), rank: data.rank)
    let shape = data.shape[..<axis] + indices.shape + data.shape[(axis + 1)...]
    let table = request.constant(0).flatMap { $0.bytes == nil ? nil : $0 }
    return GatherKernel(
      absorbed: table == nil ? [] : [0], table: table,
      type: ConcreteType(data.dataType, Array(shape)), rows: data.shape[axis], outer: data.shape[..<axis].reduce(1, *),
      width: data.shape[(axis + 1)...].reduce(data.dataType.bitWidth / 8, *), indices: indices, axis: axis)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let data = if let table { try Source(asItLies: table) } else { try call.source(0) }
    let places = try call.source(1)
    let count = indices.shape.reduce(1, *)
    return try call.make([type], from: [data, places]) { (targets) throws(OpError) in
      guard let target = targets[0] else { return }
      let done = unsafe decant_gather_rows(
        data.bytes(), outer, rows, width, places.bytes(), indices.dataType == .int64 ? 1 : 0, count, target.bytes())
      guard done == count else {
        let wrong = places.tensor.integers?[done] ?? 0
        throw OpError("operand 1: expected indices in \(-rows)..<\(rows) along axis \(axis), got \(wrong)")
      }
    }
  }
}
