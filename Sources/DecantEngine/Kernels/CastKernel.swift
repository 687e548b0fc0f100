internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// Conversions between float32 and the 16-bit floats, and of integers and bools to float32.
struct CastKernel: Kernel {
  private let source: DataType
  private let type: ConcreteType
  private let threads: Int

  static let make: NativeBackend.Maker = { (request) throws(OpError) in
    guard let operand = request.operand(0), !operand.shape.contains(0), let code = request.attributes.int("to"),
      let target = UInt8(exactly: code).flatMap({ DataType(rawValue: $0) }), converts(operand.dataType, to: target)
    else { return nil }
    return CastKernel(
      source: operand.dataType, type: ConcreteType(target, operand.shape), threads: request.threads)
  }

  private static func converts(_ source: DataType, to target: DataType) -> Bool {
    switch (source, target) {
    case (.float32, .float16), (.float32, .bfloat16): true
    case (.float16, .float32), (.bfloat16, .float32), (.bool, .float32), (.uint8, .float32), (.int8, .float32),
      (.int32, .float32), (.int64, .float32):
      true
    default: false
    }
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let operand = try call.source(0)
    let (before, after) = (source.bitWidth / 8, type.dataType.bitWidth / 8)
    let result = try call.make(type, from: [operand]) { target in
      Shares.forEach(type.shape.reduce(1, *), cost: 2, threads: threads) { range in
        unsafe convert(
          operand.bytes(at: range.lowerBound * before), range.count, target.bytes(at: range.lowerBound * after))
      }
    }
    return [result]
  }

  private func convert(_ from: UnsafeRawPointer, _ count: Int, _ to: UnsafeMutableRawPointer) {
    let floats = unsafe to.assumingMemoryBound(to: Float.self)
    switch (source, type.dataType) {
    case (_, .float16):
      unsafe decant_f32_to_f16(
        from.assumingMemoryBound(to: Float.self), count, to.assumingMemoryBound(to: UInt16.self))
    case (_, .bfloat16):
      unsafe decant_f32_to_bf16(
        from.assumingMemoryBound(to: Float.self), count, to.assumingMemoryBound(to: UInt16.self))
    case (.float16, _): unsafe decant_f16_to_f32(from.assumingMemoryBound(to: UInt16.self), count, floats)
    case (.bfloat16, _): unsafe decant_bf16_to_f32(from.assumingMemoryBound(to: UInt16.self), count, floats)
    default: unsafe decant_integers_to_f32(from, source.bitWidth / 8, source.isSignedInteger ? 1 : 0, count, floats)
    }
  }
}
