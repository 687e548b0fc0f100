internal import CKernels
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// Products of rows of codes and a constant matrix of codes: `QLinearMatMul`, `QGemm`, `MatMulInteger` and
/// `MatMulIntegerToFloat`. Sums are exact, and rounded once.
struct CodeProduct: Kernel {
  let absorbed: Set<Int>
  private let weights: PackedColumns
  private let outcome: CodeOutcome
  /// Where the zero point and the scale of the rows are, when they are computed.
  private let rowZero: Int?
  private let rowScale: Int?
  /// The scales of the columns, where those of the rows are computed.
  private let scales: [Float]
  private let result: ConcreteType
  private let isSigned: Bool
  private let threads: Int

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    var outcome = outcome
    if let rowZero {
      guard let zero = try call.operand(rowZero).plain().integers?.first else {
        throw OpError("operand \(rowZero): expected a zero point")
      }
      outcome.zero = zero
    }
    if let rowScale {
      guard let scale = try call.operand(rowScale).plain().floats?.first else {
        throw OpError("operand \(rowScale): expected a scale")
      }
      outcome.factors = scales.map { scale * $0 }
    }
    let codes = try call.operand(0).plain()
    var failure: OpError?
    let made = try unsafe Tensor.made(result.dataType, result.shape, byteLimit: call.byteLimit) { target in
      do throws(OpError) {
        try unsafe codes.withAddress { bytes in
          let rows = unsafe rows(bytes, count: codes.elementCount / weights.depth)
          unsafe weights.multiply(rows, outcome, as: result.dataType, threads: threads, into: target)
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return [.plain(made)]
  }

  private func rows(_ bytes: UnsafeRawPointer, count: Int) -> decant_rows {
    var rows = unsafe decant_rows()
    unsafe rows.bytes = bytes
    unsafe rows.is_signed = isSigned ? 1 : 0
    unsafe rows.count = count
    unsafe rows.depth = weights.depth
    unsafe rows.stride = weights.depth
    return unsafe rows
  }
}

extension CodeProduct: SaturationCounting {
  func saturation(by codes: Tensor) throws(OpError) -> (saturated: Int, pairs: Int) {
    let count = codes.elementCount / weights.depth
    let saturated = try unsafe codes.withAddress { unsafe weights.saturated(rows($0, count: count)) }
    return (saturated, count * weights.columns * ((weights.depth + 1) / 2))
  }
}

extension CodeProduct {
  /// `QLinearMatMul`.
  static let quantized: NativeBackend.Maker = { request throws(OpError) in
    guard let matrix = try Matrix(request, index: 3, zeroPoint: 5, isTransposed: false),
      let source = CodeGrid(request, scale: 1, zeroPoint: 2, request.operand(0)?.dataType),
      let target = CodeGrid(request, scale: 6, zeroPoint: 7, request.operand(7)?.dataType),
      let scales = matrix.scales(request, 4)
    else { return nil }
    let outcome = CodeOutcome(
      zero: source.zero, factors: scales.map { source.scale * $0 / target.scale }, target: target.zero)
    return CodeProduct(request, matrix, outcome, target.dataType, absorbed: Set(1...7))
  }

  /// `QGemm`.
  static let gemm: NativeBackend.Maker = { request throws(OpError) in
    guard request.attributes.int("transA", default: 0) == 0, request.operand(0)?.rank == 2,
      let matrix = try Matrix(
        request, index: 3, zeroPoint: 5, isTransposed: request.attributes.int("transB", default: 0) != 0),
      let source = CodeGrid(request, scale: 1, zeroPoint: 2, request.operand(0)?.dataType),
      let scales = matrix.scales(request, 4), let bias = matrix.bias(request, 6)
    else { return nil }
    let factor = request.attributes.float("alpha", default: 1) * source.scale
    var outcome = CodeOutcome(zero: source.zero, bias: bias, factors: scales.map { factor * $0 })
    guard request.operand(8) != nil else {
      guard request.operand(7) == nil else { return nil }
      return CodeProduct(request, matrix, outcome, .float32, absorbed: Set(1...6))
    }
    guard let target = CodeGrid(request, scale: 7, zeroPoint: 8, request.operand(8)?.dataType) else { return nil }
    outcome.factors = outcome.factors.map { $0 / target.scale }
    outcome.target = target.zero
    return CodeProduct(request, matrix, outcome, target.dataType, absorbed: Set(1...8))
  }

  /// `MatMulInteger`.
  static let sums: NativeBackend.Maker = { request throws(OpError) in
    guard let matrix = try Matrix(request, index: 1, zeroPoint: 3, isTransposed: false),
      let zero = RowOperand(request, 2), zero.isOneCode(request)
    else { return nil }
    let outcome = CodeOutcome(zero: zero.constant?.integers?.first ?? 0)
    return CodeProduct(request, matrix, outcome, .int32, zero: zero, absorbed: [1, 3])
  }

  /// `MatMulIntegerToFloat`.
  static let floats: NativeBackend.Maker = { request throws(OpError) in
    guard request.operand(2)?.dataType == .float32, request.operand(3)?.dataType == .float32,
      let matrix = try Matrix(request, index: 1, zeroPoint: 5, isTransposed: false), let zero = RowOperand(request, 4),
      zero.isOneCode(request), let scale = RowOperand(request, 2), scale.type?.shape.reduce(1, *) == 1,
      let scales = matrix.scales(request, 3), let addends = matrix.addends(request, 6)
    else { return nil }
    var outcome = CodeOutcome(zero: zero.constant?.integers?.first ?? 0, addends: addends)
    if let known = scale.constant?.floats?.first { outcome.factors = scales.map { known * $0 } }
    return CodeProduct(
      request, matrix, outcome, .float32, zero: zero, scale: scale, scales: scales, absorbed: [1, 3, 5, 6])
  }

  private init?(
    _ request: KernelRequest, _ matrix: Matrix, _ outcome: CodeOutcome, _ type: DataType,
    zero: RowOperand? = nil, scale: RowOperand? = nil, scales: [Float] = [], absorbed: Set<Int>
  ) {
    guard let a = request.operand(0), a.dataType == .int8 || a.dataType == .uint8, a.shape.last == matrix.packed.depth,
      a.shape.allSatisfy({ $0 > 0 })
    else { return nil }
    weights = matrix.packed
    self.outcome = outcome
    rowZero = zero.flatMap { $0.type != nil && $0.constant == nil ? $0.index : nil }
    rowScale = scale.flatMap { $0.constant == nil ? $0.index : nil }
    self.scales = scales
    result = ConcreteType(type, a.shape.dropLast() + [matrix.packed.columns])
    isSigned = a.dataType == .int8
    threads = request.threads
    self.absorbed = absorbed
  }

  /// An operand that says something of the rows.
  private struct RowOperand {
    let index: Int
    let type: ConcreteType?
    let constant: Tensor?

    init?(_ request: KernelRequest, _ index: Int) {
      self.index = index
      type = request.operand(index)
      constant = request.constant(index)
    }

    /// Whether it is one code of the rows' type, or left out.
    func isOneCode(_ request: KernelRequest) -> Bool {
      guard let type else { return true }
      return type.shape.reduce(1, *) == 1 && type.dataType == request.operand(0)?.dataType
    }
  }

  /// The constant matrix on the right.
  private struct Matrix {
    let packed: PackedColumns

    init?(_ request: KernelRequest, index: Int, zeroPoint: Int, isTransposed: Bool) throws(OpError) {
      guard let b = request.constant(index), b.rank == 2,
        request.operand(zeroPoint) == nil || request.constant(zeroPoint) != nil
      else { return nil }
      let (depth, columns) = isTransposed ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
      let packed = try request.forms.form {
        SignedCodes.centeredBytes(b, zeroPoints: request.constant(zeroPoint), axis: isTransposed ? 0 : 1).flatMap {
          PackedColumns(
            $0, depth: depth, columns: columns, step: isTransposed ? 1 : columns, stride: isTransposed ? depth : 1)
        }
      }
      guard let packed else { return nil }
      self.packed = packed
    }

    /// A scale for each column.
    func scales(_ request: KernelRequest, _ index: Int) -> [Float]? {
      guard let scales = request.constant(index)?.floats, scales.count == 1 || scales.count == packed.columns else {
        return nil
      }
      return scales.count == 1 ? Array(repeating: scales[0], count: packed.columns) : scales
    }

    /// A bias for each column; nil when it is no constant of that size, `.some(nil)` when it is left out.
    func bias(_ request: KernelRequest, _ index: Int) -> [Int32]?? {
      guard request.operand(index) != nil else { return .some(nil) }
      guard let constant = request.constant(index), constant.shape.last == packed.columns,
        let values = constant.array(of: Int32.self), values.count == packed.columns
      else { return nil }
      return values
    }

    /// The same for floats.
    func addends(_ request: KernelRequest, _ index: Int) -> [Float]?? {
      guard request.operand(index) != nil else { return .some(nil) }
      guard let constant = request.constant(index), constant.shape == [packed.columns],
        let values = constant.array(of: Float.self)
      else { return nil }
      return values
    }
  }
}
