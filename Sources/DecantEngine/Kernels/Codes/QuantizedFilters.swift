internal import DecantBytes
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// What a `QLinearConv` of constant weights computes: its extents, and what becomes of its sums.
struct QuantizedFilters: Sendable {
  /// The operands that it needs no more: all but the image.
  static let absorbed = Set(1...8)

  let geometry: ConvolutionGeometry
  let source: CodeGrid
  let target: CodeGrid
  let outcome: CodeOutcome

  /// Nil where an operand is computed, and for types and ranks that the definition alone computes.
  init?(_ request: KernelRequest) throws(OpError) {
    guard let x = request.operand(0), let w = request.constant(3), x.shape.allSatisfy({ $0 > 0 }),
      w.shape.allSatisfy({ $0 > 0 }), w.rank == x.rank,
      let source = CodeGrid(request, scale: 1, zeroPoint: 2, x.dataType),
      let target = CodeGrid(request, scale: 6, zeroPoint: 7, request.operand(7)?.dataType),
      let geometry = try ConvolutionGeometry(x, ConcreteType(w.dataType, w.shape), request.attributes),
      request.operand(5) == nil || request.constant(5) != nil, let scales = request.constant(4)?.floats,
      scales.count == 1 || scales.count == geometry.columns
    else { return nil }
    var outcome = CodeOutcome(zero: source.zero, target: target.zero)
    if request.operand(8) != nil {
      guard let bias = request.constant(8)?.array(of: Int32.self), bias.count == geometry.columns else { return nil }
      outcome.bias = bias
    }
    let factors = scales.map { source.scale * $0 / target.scale }
    outcome.factors = factors.count == 1 ? Array(repeating: factors[0], count: geometry.columns) : factors
    (self.geometry, self.source, self.target, self.outcome) = (geometry, source, target, outcome)
  }

  /// The codes of the weights, zero points taken away; nil where those do not fit in 8 bits.
  func codes(_ request: KernelRequest) -> ByteSlice? {
    request.constant(3).flatMap { SignedCodes.centeredBytes($0, zeroPoints: request.constant(5), axis: 0) }
  }
}
