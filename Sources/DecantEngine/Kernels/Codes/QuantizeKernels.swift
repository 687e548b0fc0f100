internal import CKernels
internal import DecantIR
internal import DecantRuntime
internal import Synchronization

/// `QuantizeLinear` of f32 to codes of one byte on one scale.
struct QuantizeKernel: Kernel {
  let absorbed: Set<Int> = [1, 2]
  private let grid: CodeGrid
  private let threads: Int

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard let x = request.operand(0), x.dataType == .float32, x.shape.allSatisfy({ $0 > 0 }),
      request.constant(1)?.dataType == .float32, request.attributes.int("block_size", default: 0) == 0,
      request.attributes.int("output_dtype", default: 0) == 0, request.attributes.int("precision", default: 0) == 0,
      request.constant(1)?.rank ?? 2 <= 1,
      let grid = CodeGrid(request, scale: 1, zeroPoint: 2, request.operand(2)?.dataType ?? .uint8), grid.scale != 0
    else { return nil }
    return QuantizeKernel(grid: grid, threads: request.threads)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let x = try call.source(0)
    let zero = Int32(truncatingIfNeeded: grid.zero)
    let codes = try call.make(ConcreteType(grid.dataType, x.tensor.shape), from: [x]) { codes in
      Shares.forEach(x.tensor.elementCount, cost: 2, threads: threads) { range in
        let (values, result) = unsafe (x.floats(at: range.lowerBound), codes.bytes(at: range.lowerBound))
        if grid.isSigned {
          unsafe decant_quantize_i8(values, range.count, grid.scale, zero, CodeLoops.signed(result))
        } else {
          unsafe decant_quantize_u8(values, range.count, grid.scale, zero, CodeLoops.unsigned(result))
        }
      }
    }
    return [codes]
  }
}

/// `DequantizeLinear` of codes of one byte on one scale to f32.
struct DequantizeKernel: Kernel {
  let absorbed: Set<Int> = [1, 2]
  private let grid: CodeGrid
  private let threads: Int

  /// The kernel for one scale, or for one scale a channel.
  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard let x = request.operand(0), x.shape.allSatisfy({ $0 > 0 }), request.constant(1)?.dataType == .float32,
      request.attributes.int("block_size", default: 0) == 0, request.attributes.int("output_dtype", default: 0) == 0,
      request.constant(1)?.rank ?? 2 <= 1
    else { return nil }
    guard let grid = CodeGrid(request, scale: 1, zeroPoint: 2, x.dataType) else {
      return try ChannelDequantize(request)
    }
    return DequantizeKernel(grid: grid, threads: request.threads)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let x = try call.source(0)
    let zero = Int32(truncatingIfNeeded: grid.zero)
    let floats = try call.make(ConcreteType(.float32, x.tensor.shape), from: [x]) { floats in
      Shares.forEach(x.tensor.elementCount, cost: 2, threads: threads) { range in
        let (codes, result) = unsafe (x.bytes(at: range.lowerBound), floats.floats(at: range.lowerBound))
        if grid.isSigned {
          unsafe decant_dequantize_i8(CodeLoops.signed(codes), range.count, grid.scale, zero, result)
        } else {
          unsafe decant_dequantize_u8(CodeLoops.unsigned(codes), range.count, grid.scale, zero, result)
        }
      }
    }
    return [floats]
  }
}

/// `DynamicQuantizeLinear`: the range of all elements first, then their codes.
struct DynamicQuantizeKernel: Kernel {
  private let threads: Int

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard let x = request.operand(0), x.dataType == .float32, x.shape.allSatisfy({ $0 > 0 }) else { return nil }
    return DynamicQuantizeKernel(threads: request.threads)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let x = try call.source(0)
    let count = x.tensor.elementCount
    let span = Mutex<(low: Float, high: Float)>((0, 0))
    Shares.forEach(count, cost: 2, threads: threads) { range in
      var (low, high): (Float, Float) = (0, 0)
      unsafe decant_span_f32(x.floats(at: range.lowerBound), range.count, &low, &high)
      let found = (low, high)
      span.withLock { $0 = (min($0.low, found.0), max($0.high, found.1)) }
    }
    let (low, high) = span.withLock { $0 }
    let range = high - low
    let scale = range == 0 ? 1 : range / 255
    let offset = ((0 - low) / scale).rounded(.toNearestOrEven)
    let zero = UInt8(offset > 0 ? min(offset, 255) : 0)
    let codes = try call.make(ConcreteType(.uint8, x.tensor.shape), from: [x]) { codes in
      Shares.forEach(count, cost: 2, threads: threads) { range in
        unsafe decant_code_u8(
          x.floats(at: range.lowerBound), range.count, scale, Float(zero),
          CodeLoops.unsigned(codes.bytes(at: range.lowerBound)))
      }
    }
    return [codes, .plain(Tensor(scalar: scale)), .plain(Tensor(scalar: zero))]
  }
}
