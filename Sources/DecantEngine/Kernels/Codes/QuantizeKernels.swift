internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// `QuantizeLinear` of f32 to codes of one byte on one scale.
struct QuantizeKernel: Kernel {
  let absorbed: Set<Int> = [1, 2]
  private let grid: CodeGrid

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard let x = request.operand(0), x.dataType == .float32, x.shape.allSatisfy({ $0 > 0 }),
      request.constant(1)?.dataType == .float32, request.attributes.int("block_size", default: 0) == 0,
      request.attributes.int("output_dtype", default: 0) == 0, request.attributes.int("precision", default: 0) == 0,
      request.constant(1)?.rank ?? 2 <= 1,
      let grid = CodeGrid(request, scale: 1, zeroPoint: 2, request.operand(2)?.dataType ?? .uint8), grid.scale != 0
    else { return nil }
    return QuantizeKernel(grid: grid)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let x = try call.operand(0).plain().aligned
    let (count, zero) = (x.elementCount, Int32(truncatingIfNeeded: grid.zero))
    let codes = try unsafe CodeLoops.map(x, as: grid.dataType, x.shape, call.byteLimit) { x, result in
      if grid.isSigned {
        unsafe decant_quantize_i8(CodeLoops.floats(x), count, grid.scale, zero, CodeLoops.signed(result))
      } else {
        unsafe decant_quantize_u8(CodeLoops.floats(x), count, grid.scale, zero, CodeLoops.unsigned(result))
      }
    }
    return [.plain(codes)]
  }
}

/// `DequantizeLinear` of codes of one byte on one scale to f32.
struct DequantizeKernel: Kernel {
  let absorbed: Set<Int> = [1, 2]
  private let grid: CodeGrid

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard let x = request.operand(0), x.shape.allSatisfy({ $0 > 0 }), request.constant(1)?.dataType == .float32,
      request.attributes.int("block_size", default: 0) == 0, request.attributes.int("output_dtype", default: 0) == 0,
      request.constant(1)?.rank ?? 2 <= 1, let grid = CodeGrid(request, scale: 1, zeroPoint: 2, x.dataType)
    else { return nil }
    return DequantizeKernel(grid: grid)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let x = try call.operand(0).plain()
    let (count, zero) = (x.elementCount, Int32(truncatingIfNeeded: grid.zero))
    let floats = try unsafe CodeLoops.map(x, as: .float32, x.shape, call.byteLimit) { x, result in
      if grid.isSigned {
        unsafe decant_dequantize_i8(CodeLoops.signed(x), count, grid.scale, zero, CodeLoops.floats(result))
      } else {
        unsafe decant_dequantize_u8(CodeLoops.unsigned(x), count, grid.scale, zero, CodeLoops.floats(result))
      }
    }
    return [.plain(floats)]
  }
}

/// `DynamicQuantizeLinear`: the range of all elements first, then their codes.
struct DynamicQuantizeKernel: Kernel {
  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard let x = request.operand(0), x.dataType == .float32, x.shape.allSatisfy({ $0 > 0 }) else { return nil }
    return DynamicQuantizeKernel()
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let x = try call.operand(0).plain().aligned
    let count = x.elementCount
    var (scale, zero): (Float, UInt8) = (1, 0)
    let codes = try unsafe CodeLoops.map(x, as: .uint8, x.shape, call.byteLimit) { x, result in
      var (low, high): (Float, Float) = (0, 0)
      unsafe decant_span_f32(CodeLoops.floats(x), count, &low, &high)
      let range = high - low
      scale = range == 0 ? 1 : range / 255
      let offset = ((0 - low) / scale).rounded(.toNearestOrEven)
      zero = UInt8(offset > 0 ? min(offset, 255) : 0)
      unsafe decant_code_u8(CodeLoops.floats(x), count, scale, Float(zero), CodeLoops.unsigned(result))
    }
    return [.plain(codes), .plain(Tensor(scalar: scale)), .plain(Tensor(scalar: zero))]
  }
}
