internal import CKernels
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// `QLinearAveragePool` over images, the channels innermost: the numbers that codes stand for are added up place by place.
struct CodeAverage: Kernel {
  let takesLayouts = true
  private let type: ConcreteType
  private let window: [Window.Axis]
  private let grid: CodeGrid
  private let target: CodeGrid
  private let includesPads: Bool
  private let threads: Int

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard request.attributes.int("channels_last", default: 0) == 0, let x = request.operand(0), x.rank == 4,
      x.shape.allSatisfy({ $0 > 0 }), let grid = CodeGrid(request, scale: 1, zeroPoint: 2, x.dataType),
      let target = CodeGrid(request, scale: 3, zeroPoint: 4, x.dataType),
      let kernel = request.attributes.ints("kernel_shape")
    else { return nil }
    let window = try WindowRule(request.attributes, kernel: kernel).resolve(Array(x.shape[2...])).axes
    // Windows that lie in the padding alone are refused by the definition.
    guard window.allSatisfy({ $0.output > 0 && $0.padBegin < ($0.kernel - 1) * $0.dilation + 1 }) else { return nil }
    return CodeAverage(
      type: x, window: window, grid: grid, target: target,
      includesPads: request.attributes.int("count_include_pad", default: 0) != 0, threads: request.threads)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let codes = try Source(ChannelsLast.tensor(call.operand(0)))
    let (y, x, channels) = (window[0], window[1], type.shape[1])
    let shape = [type.shape[0], y.output, x.output, channels]
    let means = try call.make(ConcreteType(type.dataType, shape), from: [codes]) { means in
      Shares.forEach(shape[0] * y.output, cost: 2 * y.kernel * x.kernel * x.output * channels, threads: threads) {
        for line in $0 { average(line, codes, means) }
      }
    }
    return [ChannelsLast(try means.plain()).runtime]
  }

  /// One line of the result.
  private func average(_ line: Int, _ codes: Source, _ means: Target) {
    let (y, x, channels) = (window[0], window[1], type.shape[1])
    let (image, row) = (line / y.output, line % y.output)
    let tapsY = y.taps(row)
    var sums = [Float](repeating: 0, count: channels)
    for column in 0..<x.output {
      let tapsX = x.taps(column)
      for channel in sums.indices { sums[channel] = 0 }
      for tapY in tapsY {
        for tapX in tapsX {
          let place = (image * y.input + y.place(row, tapY)) * x.input + x.place(column, tapX)
          unsafe add(codes.bytes(at: place * channels), to: &sums)
        }
      }
      let inside = tapsY.count * tapsX.count
      let count = includesPads ? y.paddedTaps(row) * x.paddedTaps(column) : inside
      // Without a place there is no sum to divide.
      unsafe finish(sums, Float(max(count, 1)), means.bytes(at: (line * x.output + column) * channels))
    }
  }

  private func add(_ codes: UnsafeRawPointer, to sums: inout [Float]) {
    let (count, zero) = (sums.count, Int32(truncatingIfNeeded: grid.zero))
    if grid.isSigned {
      unsafe decant_add_numbers_i8(CodeLoops.signed(codes), count, zero, grid.scale, &sums)
    } else {
      unsafe decant_add_numbers_u8(CodeLoops.unsigned(codes), count, zero, grid.scale, &sums)
    }
  }

  private func finish(_ sums: [Float], _ count: Float, _ means: UnsafeMutableRawPointer) {
    let zero = Float(target.zero)
    if grid.isSigned {
      unsafe decant_code_means_i8(sums, sums.count, count, target.scale, zero, CodeLoops.signed(means))
    } else {
      unsafe decant_code_means_u8(sums, sums.count, count, target.scale, zero, CodeLoops.unsigned(means))
    }
  }
}
