internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// The elements of an operand under another shape; nothing is copied.
struct ViewKernel: Kernel {
  let absorbed: Set<Int>
  private let shape: [Int]

  private init?(_ request: KernelRequest, _ shape: [Int]?) {
    guard let shape, let source = request.operand(0), source.dataType != .string,
      (try? Tensor.elementCount(shape: shape)) == source.shape.reduce(1, *)
    else { return nil }
    self.shape = shape
    absorbed = Set(request.operands.indices.dropFirst())
  }

  static let identity: NativeBackend.Maker = { (request) throws(OpError) in
    ViewKernel(request, request.operand(0)?.shape)
  }

  static let flatten: NativeBackend.Maker = { (request) throws(OpError) in
    guard let source = request.operand(0) else { return nil }
    let axis = request.attributes.int("axis", default: 1)
    guard (-source.rank...source.rank).contains(axis) else { return nil }
    let cut = axis < 0 ? axis + source.rank : axis
    return ViewKernel(request, [source.shape[..<cut].reduce(1, *), source.shape[cut...].reduce(1, *)])
  }

  static let reshape: NativeBackend.Maker = { (request) throws(OpError) in
    guard let source = request.operand(0), var shape = request.constant(1)?.integers, !source.shape.contains(0),
      shape.allSatisfy({ (-1...Int(Int32.max)).contains($0) })
    else { return nil }
    let copiesZeros = request.attributes.int("allowzero", default: 0) == 0
    for axis in shape.indices where shape[axis] == 0 {
      guard copiesZeros, axis < source.rank else { return nil }
      shape[axis] = source.shape[axis]
    }
    let open = shape.indices.filter { shape[$0] == -1 }
    guard open.count <= 1 else { return nil }
    if let axis = open.first {
      shape[axis] = 1
      guard let known = try? Tensor.elementCount(shape: shape), known > 0 else { return nil }
      shape[axis] = source.shape.reduce(1, *) / known
    }
    return ViewKernel(request, shape)
  }

  static let squeeze: NativeBackend.Maker = { (request) throws(OpError) in
    guard let source = request.operand(0) else { return nil }
    guard request.operand(1) != nil else { return ViewKernel(request, source.shape.filter { $0 != 1 }) }
    guard let axes = try axes(request, rank: source.rank), axes.allSatisfy({ source.shape[$0] == 1 }) else {
      return nil
    }
    return ViewKernel(request, source.shape.indices.filter { !axes.contains($0) }.map { source.shape[$0] })
  }

  static let unsqueeze: NativeBackend.Maker = { (request) throws(OpError) in
    guard let source = request.operand(0), let count = request.constant(1)?.elementCount, count < 64,
      let axes = try axes(request, rank: source.rank + count), axes.count == count
    else { return nil }
    var rest = source.shape[...]
    return ViewKernel(
      request, (0..<source.rank + count).map { axes.contains($0) ? 1 : rest.popFirst() ?? 1 })
  }

  /// The constant axes that operand 1 names; nil where it is computed.
  private static func axes(_ request: KernelRequest, rank: Int) throws(OpError) -> Set<Int>? {
    guard let given = request.constant(1)?.integers else { return nil }
    var axes: Set<Int> = []
    for axis in given { axes.insert(try normalizeAxis(axis, rank: rank, name: "axes")) }
    return axes
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    [.plain(try call.operand(0).plain().reshaped(shape))]
  }
}
