internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// Layer normalization, with or without taking the mean away, of float32 rows: the last axes of a tensor.
struct RowNormalizationKernel: Kernel {
  private let isCentered: Bool
  private let epsilon: Float
  private let type: ConcreteType
  private let axis: Int
  /// The results: the normalized rows, and the statistics that are wanted.
  private let results: [ConcreteType?]
  private let threads: Int

  static let layer: NativeBackend.Maker = { (request) throws(OpError) in
    try RowNormalizationKernel(request, isCentered: true)
  }
  static let rootMeanSquare: NativeBackend.Maker = { (request) throws(OpError) in
    try RowNormalizationKernel(request, isCentered: false)
  }

  private init?(_ request: KernelRequest, isCentered: Bool) throws(OpError) {
    guard let type = request.operand(0, of: .float32), request.attributes.int("stash_type", default: 1) == 1
    else { return nil }
    axis = try normalizeAxis(request.attributes.int("axis", default: -1), rank: type.rank)
    let row = Array(type.shape[axis...])
    guard request.operand(1) == ConcreteType(.float32, row), request.isAbsent(2, orOf: row) else { return nil }
    self.isCentered = isCentered
    epsilon = request.attributes.float("epsilon", default: 1e-5)
    self.type = type
    let statistics = ConcreteType(.float32, type.shape[..<axis] + row.map { _ in 1 })
    results = request.wanted.indices.map { $0 == 0 ? type : request.wanted[$0] ? statistics : nil }
    threads = request.threads
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let (x, scale) = (try call.source(0), try call.source(1))
    let shift = isCentered ? try call.optionalSource(2) : nil
    let (count, width) = (type.shape[..<axis].reduce(1, *), type.shape[axis...].reduce(1, *))
    return try call.make(results, from: [x, scale] + (shift.map { [$0] } ?? [])) { targets in
      let means = isCentered ? targets.wanted(1) : nil
      let inverses = targets.wanted(isCentered ? 2 : 1)
      guard let target = targets[0] else { return }
      Shares.forEach(count, cost: 3 * width, threads: threads) { rows in
        let start = rows.lowerBound * width
        var how = unsafe decant_normalization(
          width: width, epsilon: epsilon, is_centered: isCentered ? 1 : 0, scale: scale.floats(),
          shift: shift?.floats())
        unsafe decant_normalize_rows_f32(
          &how, x.floats(at: start), rows.count, means?.floats(at: rows.lowerBound),
          inverses?.floats(at: rows.lowerBound), target.floats(at: start))
      }
    }
  }
}

extension [Target?] {
  /// Result `index`; nil when it is not wanted.
  func wanted(_ index: Int) -> Target? { index < count ? self[index] : nil }
}
