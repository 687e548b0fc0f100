internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// `QLinearAdd` and `QLinearMul` of tensors of one shape, or of one element on the right; the layout is kept.
struct CodePairing: Kernel {
  let takesLayouts = true
  private let isProduct: Bool
  private let how: decant_pairing
  private let type: ConcreteType
  private let isOne: Bool
  private let threads: Int

  static let add: NativeBackend.Maker = { request throws(OpError) in CodePairing(request, isProduct: false) }
  static let multiply: NativeBackend.Maker = { request throws(OpError) in CodePairing(request, isProduct: true) }

  private init?(_ request: KernelRequest, isProduct: Bool) {
    guard let a = request.operand(0), let b = request.operand(3), a.dataType == b.dataType,
      a.shape.allSatisfy({ $0 > 0 }), let left = CodeGrid(request, scale: 1, zeroPoint: 2, a.dataType),
      let right = CodeGrid(request, scale: 4, zeroPoint: 5, b.dataType),
      let target = CodeGrid(request, scale: 6, zeroPoint: 7, a.dataType)
    else { return nil }
    isOne = b.shape != a.shape
    guard !isOne || b.shape.reduce(1, *) == 1 && b.rank <= a.rank else { return nil }
    type = a
    self.isProduct = isProduct
    threads = request.threads
    if isProduct {
      how = decant_pairing(
        left: Float(left.zero), right: Float(right.zero), fixed: left.scale * right.scale / target.scale,
        zero: Float(target.zero))
    } else {
      let (first, second) = (left.scale / target.scale, right.scale / target.scale)
      let fixed = Float(target.zero) - (first * Float(left.zero) + second * Float(right.zero))
      how = decant_pairing(left: first, right: second, fixed: fixed, zero: 0)
    }
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let (a, b) = (try call.operand(0), try call.operand(3))
    if type.rank >= 3, CodePairing.isChannelsLast(a) || !isOne && CodePairing.isChannelsLast(b) {
      let right = isOne ? try b.plain() : try ChannelsLast.tensor(b)
      return [ChannelsLast(try pair(ChannelsLast.tensor(a), right, call)).runtime]
    }
    return [.plain(try pair(a.plain(), b.plain(), call))]
  }

  private static func isChannelsLast(_ operand: RuntimeTensor) -> Bool {
    if case .laidOut = operand { true } else { false }
  }

  private func pair(_ a: Tensor, _ b: Tensor, _ call: KernelCall) throws(OpError) -> Tensor {
    let (left, right) = (try Source(a), try Source(b))
    let made = try call.make(ConcreteType(a.dataType, a.shape), from: [left, right]) { result in
      Shares.forEach(a.elementCount, cost: 2, threads: threads) { range in
        let start = range.lowerBound
        unsafe pair(
          left.bytes(at: start), right.bytes(at: isOne ? 0 : start), range.count, result.bytes(at: start))
      }
    }
    return try made.plain()
  }

  private func pair(
    _ x: UnsafeRawPointer, _ y: UnsafeRawPointer, _ count: Int, _ result: UnsafeMutableRawPointer
  ) {
    let one: Int32 = isOne ? 1 : 0
    if type.dataType == .int8 {
      let (x, y, z) = unsafe (CodeLoops.signed(x), CodeLoops.signed(y), CodeLoops.signed(result))
      unsafe isProduct
        ? decant_multiply_codes_i8(x, y, count, one, how, z) : decant_add_codes_i8(x, y, count, one, how, z)
    } else {
      let (x, y, z) = unsafe (CodeLoops.unsigned(x), CodeLoops.unsigned(y), CodeLoops.unsigned(result))
      unsafe isProduct
        ? decant_multiply_codes_u8(x, y, count, one, how, z) : decant_add_codes_u8(x, y, count, one, how, z)
    }
  }
}
