internal import DecantIR

/// The largest or smallest elements along an axis.
enum TopKOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "TopK",
      schema: OpSchema(
        since: 1, reads: ["X", "K"], gives: ["Values", "Indices"],
        attributes: [.init("axis", .int), .init("largest", .int), .init("sorted", .int)]),
      infer: infer, evaluate: evaluate, quantization: .passThrough)
  ]

  @Sendable private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard var shape = context.shape(0) else {
      return [.tensor(TensorType(context.dataType(0), nil)), .tensor(.int64, nil)]
    }
    let axis = try context.normalize(axis: context.attributes.int("axis", default: -1), rank: shape.rank)
    let count = context.symbols(1)?.elements.first ?? context.open("k")
    if let number = count.fixed, let extent = shape[axis].fixed, !(0...max(extent, 0)).contains(number) {
      throw OpError("'K' expected in 0...\(extent), got \(number)")
    }
    shape[axis] = count
    return [.tensor(TensorType(context.dataType(0), shape)), .tensor(.int64, shape)]
  }

  /// Sorted always; of equal elements the first comes first. NaN counts as larger than all numbers.
  @Sendable private static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    let axis = try context.normalize(axis: context.attributes.int("axis", default: -1), rank: tensor.rank)
    let counts = try context.integers(1)
    guard counts.count == 1, (0...tensor.shape[axis]).contains(counts[0]) else {
      throw OpError("'K' expected one number in 0...\(tensor.shape[axis]), got \(counts)")
    }
    let largest = context.attributes.int("largest", default: 1) != 0
    var shape = tensor.shape
    let (length, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
    shape[axis] = counts[0]
    let rows: [Int64] =
      switch try tensor.wideElements() {
      case .floats(let values): select(values, length, inner, counts[0]) { precedes($0, $1, largest) }
      case .doubles(let values): select(values, length, inner, counts[0]) { precedes($0, $1, largest) }
      case .signed(let values): select(values, length, inner, counts[0]) { largest ? $0 > $1 : $0 < $1 }
      case .unsigned(let values): select(values, length, inner, counts[0]) { largest ? $0 > $1 : $0 < $1 }
      case .strings: throw context.expected("numbers", tensor)
      }
    let indices = Tensor(rows, shape: shape)
    let places = try GatherOps.elementPlaces(in: tensor.shape, axis: axis, indices)
    return [try context.move([tensor], shape: shape, ChunkGather(places: places, chunk: 1)), indices]
  }

  private static func precedes<R: Real>(_ a: R, _ b: R, _ largest: Bool) -> Bool {
    if a.isNaN || b.isNaN { return largest ? a.isNaN && !b.isNaN : b.isNaN && !a.isNaN }
    return largest ? a > b : a < b
  }

  /// The places of the first `count` elements of each line by `precedes`, laid out as the result is.
  private static func select<T>(
    _ values: [T], _ length: Int, _ inner: Int, _ count: Int, _ precedes: (T, T) -> Bool
  ) -> [Int64] {
    guard !values.isEmpty, count > 0 else { return [] }
    let outer = values.count / (length * inner)
    var result = [Int64](repeating: 0, count: outer * inner * count)
    for block in 0..<outer {
      for offset in 0..<inner {
        let start = block * length * inner + offset
        let order = (0..<length).sorted { a, b in
          let (x, y) = (values[start + a * inner], values[start + b * inner])
          return precedes(x, y) || (!precedes(y, x) && a < b)
        }
        for rank in 0..<count { result[(block * count + rank) * inner + offset] = Int64(order[rank]) }
      }
    }
    return result
  }
}
