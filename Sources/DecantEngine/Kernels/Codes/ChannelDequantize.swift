internal import CKernels
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// `DequantizeLinear` of codes of one byte to f32 with a scale for each place along an axis.
struct ChannelDequantize: Kernel {
  let absorbed: Set<Int> = [1, 2]
  private let type: ConcreteType
  private let scales: [Float]
  private let zeros: [Int32]
  /// How many elements share a scale one after another.
  private let inner: Int
  private let isSigned: Bool
  private let threads: Int

  /// Nil for scales that are computed, of another type, or in blocks.
  init?(_ request: KernelRequest) throws(OpError) {
    guard let x = request.operand(0), x.dataType == .int8 || x.dataType == .uint8, x.shape.allSatisfy({ $0 > 0 }),
      request.attributes.int("block_size", default: 0) == 0, request.attributes.int("output_dtype", default: 0) == 0,
      let data = request.constant(1), data.rank == 1, let scales = data.array(of: Float.self)
    else { return nil }
    let axis = try normalizeAxis(request.attributes.int("axis", default: 1), rank: x.rank)
    guard scales.count == x.shape[axis] else { return nil }
    if request.operand(2) != nil {
      guard let points = request.constant(2), points.dataType == x.dataType, points.shape == data.shape,
        let values = points.integers
      else { return nil }
      zeros = values.map { Int32(truncatingIfNeeded: $0) }
    } else {
      zeros = [Int32](repeating: 0, count: scales.count)
    }
    type = ConcreteType(.float32, x.shape)
    self.scales = scales
    inner = x.shape[(axis + 1)...].reduce(1, *)
    isSigned = x.dataType == .int8
    threads = request.threads
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let codes = try call.source(0)
    let (channels, count) = (scales.count, type.shape.reduce(1, *))
    let floats = try call.make(type, from: [codes]) { floats in
      if inner == 1 {
        Shares.forEach(count / channels, cost: 2 * channels, threads: threads) { rows in
          let start = rows.lowerBound * channels
          unsafe dequantize(rows.count, codes.bytes(at: start), floats.floats(at: start))
        }
      } else {
        Shares.forEach(count / inner, cost: inner, threads: threads) { runs in
          for run in runs {
            unsafe dequantize(run: run % channels, codes.bytes(at: run * inner), floats.floats(at: run * inner))
          }
        }
      }
    }
    return [floats]
  }

  private func dequantize(_ rows: Int, _ codes: UnsafeRawPointer, _ floats: UnsafeMutablePointer<Float>) {
    if isSigned {
      unsafe decant_dequantize_channels_i8(CodeLoops.signed(codes), rows, scales.count, scales, zeros, floats)
    } else {
      unsafe decant_dequantize_channels_u8(CodeLoops.unsigned(codes), rows, scales.count, scales, zeros, floats)
    }
  }

  private func dequantize(run channel: Int, _ codes: UnsafeRawPointer, _ floats: UnsafeMutablePointer<Float>) {
    if isSigned {
      unsafe decant_dequantize_i8(CodeLoops.signed(codes), inner, scales[channel], zeros[channel], floats)
    } else {
      unsafe decant_dequantize_u8(CodeLoops.unsigned(codes), inner, scales[channel], zeros[channel], floats)
    }
  }
}
