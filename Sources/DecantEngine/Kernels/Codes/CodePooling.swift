internal import CKernels
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// `QLinearGlobalAveragePool`: exact sums of codes, scaled once.
struct CodeGlobalAverage: Kernel {
  let takesLayouts = true
  private let grid: CodeGrid
  private let target: CodeGrid
  private let factor: Float
  private let shape: [Int]
  private let threads: Int

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard request.attributes.int("channels_last", default: 0) == 0, let x = request.operand(0), x.rank >= 3,
      x.shape.allSatisfy({ $0 > 0 }), let grid = CodeGrid(request, scale: 1, zeroPoint: 2, x.dataType),
      let target = CodeGrid(request, scale: 3, zeroPoint: 4, x.dataType), x.shape[2...].reduce(1, *) < 1 << 23
    else { return nil }
    return CodeGlobalAverage(
      grid: grid, target: target, factor: grid.scale / (target.scale * Float(x.shape[2...].reduce(1, *))),
      shape: x.shape, threads: request.threads)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let codes = try Source(ChannelsLast.tensor(call.operand(0)))
    let (channels, places) = (shape[1], shape[2...].reduce(1, *))
    let result = ConcreteType(target.dataType, [shape[0], channels] + shape[2...].map { _ in 1 })
    let means = try call.make(result, from: [codes]) { means in
      Shares.forEach(shape[0], cost: places * channels, threads: threads) {
        for image in $0 {
          unsafe average(codes.bytes(at: image * places * channels), places, means.bytes(at: image * channels))
        }
      }
    }
    return [means]
  }

  private func average(_ codes: UnsafeRawPointer, _ places: Int, _ means: UnsafeMutableRawPointer) {
    let channels = shape[1]
    var sums = [Int32](repeating: 0, count: channels)
    let factors = [Float](repeating: factor, count: channels)
    // The codes' own zero point is taken from every place.
    let bias = [Int32](repeating: Int32(truncatingIfNeeded: -places * grid.zero), count: channels)
    if grid.isSigned {
      unsafe decant_sum_places_i8(CodeLoops.signed(codes), places, channels, &sums)
      unsafe decant_requantize_i8(sums, 1, channels, bias, factors, Float(target.zero), CodeLoops.signed(means))
    } else {
      unsafe decant_sum_places_u8(CodeLoops.unsigned(codes), places, channels, &sums)
      unsafe decant_requantize_u8(sums, 1, channels, bias, factors, Float(target.zero), CodeLoops.unsigned(means))
    }
  }
}

/// `MaxPool` of codes of one byte over images, the channels innermost.
struct CodeMaximum: Kernel {
  let takesLayouts = true
  private let type: ConcreteType
  private let window: [Window.Axis]
  private let threads: Int

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard let x = request.operand(0), x.dataType == .int8 || x.dataType == .uint8, x.rank == 4,
      request.wanted.count == 1, x.shape.allSatisfy({ $0 > 0 }), let kernel = request.attributes.ints("kernel_shape")
    else { return nil }
    let window = try WindowRule(request.attributes, kernel: kernel).resolve(Array(x.shape[2...])).axes
    guard window.allSatisfy({ $0.output > 0 }) else { return nil }
    return CodeMaximum(type: x, window: window, threads: request.threads)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let codes = try Source(ChannelsLast.tensor(call.operand(0)))
    let (y, x, channels) = (window[0], window[1], type.shape[1])
    let shape = [type.shape[0], y.output, x.output, channels]
    let result = try call.make(ConcreteType(type.dataType, shape), from: [codes]) { result in
      Shares.forEach(shape[0] * y.output, cost: y.kernel * x.kernel * x.output * channels, threads: threads) {
        for line in $0 { fill(line, codes, result) }
      }
    }
    return [ChannelsLast(try result.plain()).runtime]
  }

  /// One line of the result.
  private func fill(_ line: Int, _ codes: Source, _ result: Target) {
    let (y, x, channels) = (window[0], window[1], type.shape[1])
    let (image, row) = (line / y.output, line % y.output)
    let isSigned = type.dataType == .int8
    let start = unsafe result.bytes(at: line * x.output * channels)
    // Outside of the image is nothing that could be the greatest.
    unsafe start.initializeMemory(as: UInt8.self, repeating: isSigned ? 0x80 : 0, count: x.output * channels)
    for tapY in y.taps(row) {
      for column in 0..<x.output {
        let target = unsafe start + column * channels
        for tapX in x.taps(column) {
          let place = (image * y.input + y.place(row, tapY)) * x.input + x.place(column, tapX)
          let source = unsafe codes.bytes(at: place * channels)
          if isSigned {
            unsafe decant_greatest_i8(CodeLoops.signed(source), channels, CodeLoops.signed(target))
          } else {
            unsafe decant_greatest_u8(CodeLoops.unsigned(source), channels, CodeLoops.unsigned(target))
          }
        }
      }
    }
  }
}
