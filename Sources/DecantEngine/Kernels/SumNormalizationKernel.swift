internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// Layer normalization, with or without taking the mean away, of the sum of two tensors and perhaps a bias.
struct SumNormalizationKernel: Kernel {
  private let isCentered: Bool
  private let epsilon: Float
  private let type: ConcreteType
  private let skipRows: Int
  /// The results: the normalized rows, their means, the inverse deviations, and the sums.
  private let results: [ConcreteType?]
  private let threads: Int

  static let layer: NativeBackend.Maker = { (request) throws(OpError) in
    SumNormalizationKernel(request, isCentered: true)
  }
  static let rootMeanSquare: NativeBackend.Maker = { (request) throws(OpError) in
    SumNormalizationKernel(request, isCentered: false)
  }

  private init?(_ request: KernelRequest, isCentered: Bool) {
    guard let type = request.operand(0, of: .float32), let skip = request.operand(1, of: .float32), type.rank >= 2,
      let width = type.shape.last, request.operand(2) == ConcreteType(.float32, [width]),
      request.isAbsent(3, orOf: [width]), !isCentered || request.isAbsent(4, orOf: [width])
    else { return nil }
    // The skip has the shape of the end of the input's, once or for all of the batch.
    let end = Array(skip.shape.drop { $0 == 1 })
    guard skip.rank <= type.rank, skip.shape.suffix(2) == type.shape.suffix(2), type.shape.suffix(end.count) == end[...]
    else { return nil }
    self.isCentered = isCentered
    epsilon = request.attributes.float("epsilon", default: 1e-12)
    self.type = type
    skipRows = skip.shape.dropLast().reduce(1, *)
    let statistics = ConcreteType(.float32, type.shape.dropLast() + [1])
    results = request.wanted.indices.map { index in
      index > 0 && !request.wanted[index] ? nil : index % 3 == 0 ? type : statistics
    }
    threads = request.threads
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let (x, skip, scale) = (try call.source(0), try call.source(1), try call.source(2))
    let shift = isCentered ? try call.optionalSource(3) : nil
    let bias = try call.optionalSource(isCentered ? 4 : 3)
    let sources = [x, skip, scale] + [shift, bias].compactMap { $0 }
    let (count, width) = (type.shape.dropLast().reduce(1, *), type.shape.last ?? 1)
    return try call.make(results, from: sources) { targets in
      let (means, inverses, sums) = (targets.wanted(1), targets.wanted(2), targets.wanted(3))
      guard let target = targets[0] else { return }
      Shares.forEach(count, cost: 4 * width, threads: threads) { rows in
        let (row, start) = (rows.lowerBound, rows.lowerBound * width)
        var how = unsafe decant_normalization(
          width: width, epsilon: epsilon, is_centered: isCentered ? 1 : 0, scale: scale.floats(),
          shift: shift?.floats())
        unsafe decant_normalize_sums_f32(
          &how, x.floats(at: start), skip.floats(), skipRows, bias?.floats(), row, rows.count,
          sums?.floats(at: start), means?.floats(at: row), inverses?.floats(at: row), target.floats(at: start))
        // There is no mean to take away.
        if !isCentered, let means { unsafe means.floats(at: row).update(repeating: 0, count: rows.count) }
      }
    }
  }
}
