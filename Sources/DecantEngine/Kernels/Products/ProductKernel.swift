internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// `MatMul` and `Gemm` of float32 rows with a constant matrix.
///
/// A class, since what a call does on several threads captures it: one reference instead of a dozen.
final class ProductKernel: Kernel {
  let absorbed: Set<Int>
  private let type: ConcreteType
  private let rows: Int
  private let weights: PackedWeights
  private let ending: Ending
  private let threads: Int

  static let matMul: NativeBackend.Maker = { (request) throws(OpError) in try matMul(request, nil) }
  static let gemm: NativeBackend.Maker = { (request) throws(OpError) in try gemm(request, nil) }
  static let fusedMatMul: NativeBackend.FusedMaker = { (request) throws(OpError) in try matMul(request.root, request) }
  static let fusedGemm: NativeBackend.FusedMaker = { (request) throws(OpError) in try gemm(request.root, request) }

  private static func matMul(_ request: KernelRequest, _ fused: FusedRequest?) throws(OpError) -> (any Kernel)? {
    guard let left = request.operand(0, of: .float32), let matrix = request.constant(1), left.rank >= 2,
      let right = request.operand(1, of: .float32), right.rank == 2, right.shape[0] == left.shape[left.rank - 1]
    else { return nil }
    let type = ConcreteType(.float32, left.shape.dropLast() + [right.shape[1]])
    guard let ending = try ending(type, bias: nil, fused) else { return nil }
    return try ProductKernel(request, type, try Source(matrix), isTurned: false, ending, absorbed: [1])
  }

  private static func gemm(_ request: KernelRequest, _ fused: FusedRequest?) throws(OpError) -> (any Kernel)? {
    let attributes = request.attributes
    guard let left = request.operand(0, of: .float32), let matrix = request.constant(1), left.rank == 2,
      let right = request.operand(1, of: .float32), right.rank == 2, attributes.int("transA", default: 0) == 0,
      attributes.float("alpha", default: 1) == 1, attributes.float("beta", default: 1) == 1
    else { return nil }
    let isTurned = attributes.int("transB", default: 0) != 0
    let (depth, columns) = isTurned ? (right.shape[1], right.shape[0]) : (right.shape[0], right.shape[1])
    guard depth == left.shape[1] else { return nil }
    var bias: Source?
    if let type = request.operand(2) {
      guard type.shape == [columns] || type.shape == [1, columns], type.dataType == .float32,
        let constant = request.constant(2)
      else { return nil }
      bias = try Source(constant)
    }
    let type = ConcreteType(.float32, [left.shape[0], columns])
    guard let ending = try ending(type, bias: bias, fused) else { return nil }
    return try ProductKernel(request, type, try Source(matrix), isTurned: isTurned, ending, absorbed: [1, 2])
  }

  private static func ending(_ type: ConcreteType, bias: Source?, _ fused: FusedRequest?) throws(OpError) -> Ending? {
    guard let fused else { return Ending(bias: bias) }
    return try Ending(fused, bias: bias, shape: type.shape, columnAxis: type.rank - 1)
  }

  /// From a matrix `[depth, columns]`, or the other way round when it `isTurned`.
  private init?(
    _ request: KernelRequest, _ type: ConcreteType, _ matrix: Source, isTurned: Bool, _ ending: Ending,
    absorbed: Set<Int>
  ) throws(OpError) {
    let columns = type.shape[type.rank - 1]
    let depth = matrix.tensor.elementCount / columns
    let threads = request.threads
    let packed = try request.forms.form {
      isTurned
        ? PackedWeights(filters: matrix, first: 0, places: 1, depth: depth, columns: columns, threads: threads)
        : PackedWeights(matrix: matrix, depth: depth, columns: columns, threads: threads)
    }
    guard let packed else { return nil }
    weights = packed
    rows = type.shape.dropLast().reduce(1, *)
    self.threads = threads
    self.type = type
    self.ending = ending
    self.absorbed = absorbed
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let x = try call.source(0)
    return try call.make([type], from: [x]) { (targets) throws(OpError) in
      guard let target = targets[0] else { return }
      let ending = try BoundEnding(ending, into: target, columns: weights.columns) { (place) throws(OpError) in
        try call.source(place)
      }
      ProductShares(
        rows: rows, columns: weights.columns, depth: weights.depth, again: self.ending.isLong, threads: threads
      ).forEach { part in
        unsafe weights.withColumns(from: part.columns.lowerBound) { packed in
          unsafe ending.withColumns(from: part.columns.lowerBound) { ending in
            unsafe decant_multiply_f32(
              x.floats(), weights.depth, weights.depth, packed, part.columns.count, ending, part.rows.lowerBound,
              part.rows.upperBound)
          }
        }
        ending.finish(part.rows)
      }
    }
  }
}
