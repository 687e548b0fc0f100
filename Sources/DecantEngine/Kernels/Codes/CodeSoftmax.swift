internal import CKernels
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// `QLinearSoftmax` along the last axes: powers of the differences between codes are looked up in a table that the definition of
/// `Exp` fills.
struct CodeSoftmax: Kernel {
  private let type: ConcreteType
  private let width: Int
  /// For each greatest code those of all codes, codes counted from zero on; 0 for codes beyond the greatest.
  private let powers: [Float]
  private let target: CodeGrid
  private let threads: Int

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard let x = request.operand(0), x.rank >= 1, x.shape.allSatisfy({ $0 > 0 }),
      let grid = CodeGrid(request, scale: 1, zeroPoint: 2, x.dataType), grid.scale > 0, grid.scale.isFinite,
      let target = CodeGrid(request, scale: 3, zeroPoint: 4, x.dataType)
    else { return nil }
    // Before opset 13 all axes from the one on are one.
    let isSingle = request.attributes.int("opset", default: 13) >= 13
    let axis = try normalizeAxis(request.attributes.int("axis", default: isSingle ? -1 : 1), rank: x.rank)
    guard !isSingle || x.shape[(axis + 1)...].allSatisfy({ $0 == 1 }) else { return nil }
    guard let powers = try powers(grid) else { return nil }
    return CodeSoftmax(
      type: x, width: x.shape[axis...].reduce(1, *), powers: powers, target: target, threads: request.threads)
  }

  private static func powers(_ grid: CodeGrid) throws(OpError) -> [Float]? {
    let first = grid.isSigned ? -128 : 0
    let numbers = (first..<first + 256).map { Float($0 - grid.zero) * grid.scale }
    let differences = numbers.flatMap { greatest in numbers.map { min($0 - greatest, 0) } }
    let context = EvaluationContext(op: "Exp", attributes: [:], operands: [Tensor(differences)])
    return try StandardOps().definition(of: "Exp")?.evaluate?(context).first?.array(of: Float.self)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let x = try call.source(0)
    let flip: UInt8 = target.isSigned ? 0x80 : 0
    let result = try call.make(type, from: [x]) { result in
      Shares.forEach(type.shape.reduce(1, *) / width, cost: 4 * width + 1024, threads: threads) { rows in
        let start = rows.lowerBound * width
        unsafe decant_softmax_codes(
          CodeLoops.unsigned(x.bytes(at: start)), rows.count, width, flip, powers, target.scale, Float(target.zero),
          CodeLoops.unsigned(result.bytes(at: start)))
      }
    }
    return [result]
  }
}
