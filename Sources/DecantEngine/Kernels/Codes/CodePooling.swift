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

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard request.attributes.int("channels_last", default: 0) == 0, let x = request.operand(0), x.rank >= 3,
      x.shape.allSatisfy({ $0 > 0 }), let grid = CodeGrid(request, scale: 1, zeroPoint: 2, x.dataType),
      let target = CodeGrid(request, scale: 3, zeroPoint: 4, x.dataType), x.shape[2...].reduce(1, *) < 1 << 23
    else { return nil }
    return CodeGlobalAverage(
      grid: grid, target: target, factor: grid.scale / (target.scale * Float(x.shape[2...].reduce(1, *))),
      shape: x.shape)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let codes = try ChannelsLast.codes(call.operand(0))
    let (channels, places) = (shape[1], shape[2...].reduce(1, *))
    let factors = [Float](repeating: factor, count: channels)
    // The codes' own zero point is taken from every place.
    let bias = [Int32](repeating: Int32(truncatingIfNeeded: -places * grid.zero), count: channels)
    let images = shape[0]
    let result = [images, channels] + shape[2...].map { _ in 1 }
    let means = try unsafe CodeLoops.map(codes, as: target.dataType, result, call.byteLimit) { codes, means in
      for image in 0..<images {
        var sums = [Int32](repeating: 0, count: channels)
        let (source, means) = unsafe (codes + image * places * channels, means + image * channels)
        if grid.isSigned {
          unsafe decant_sum_places_i8(CodeLoops.signed(source), places, channels, &sums)
          unsafe decant_requantize_i8(sums, 1, channels, bias, factors, Float(target.zero), CodeLoops.signed(means))
        } else {
          unsafe decant_sum_places_u8(CodeLoops.unsigned(source), places, channels, &sums)
          unsafe decant_requantize_u8(sums, 1, channels, bias, factors, Float(target.zero), CodeLoops.unsigned(means))
        }
      }
    }
    return [.plain(means)]
  }
}

/// `MaxPool` of codes of one byte over images, the channels innermost.
struct CodeMaximum: Kernel {
  let takesLayouts = true
  private let type: ConcreteType
  private let window: [Window.Axis]

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard let x = request.operand(0), x.dataType == .int8 || x.dataType == .uint8, x.rank == 4,
      request.wanted.count == 1, x.shape.allSatisfy({ $0 > 0 }), let kernel = request.attributes.ints("kernel_shape")
    else { return nil }
    let window = try WindowRule(request.attributes, kernel: kernel).resolve(Array(x.shape[2...])).axes
    guard window.allSatisfy({ $0.output > 0 }) else { return nil }
    return CodeMaximum(type: x, window: window)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let codes = try ChannelsLast.codes(call.operand(0))
    let (y, x, channels) = (window[0], window[1], type.shape[1])
    let shape = [type.shape[0], y.output, x.output, channels]
    let isSigned = type.dataType == .int8
    let result = try unsafe CodeLoops.map(codes, as: type.dataType, shape, call.byteLimit) { codes, result in
      // Outside of the image is nothing that could be the greatest.
      unsafe result.initializeMemory(
        as: UInt8.self, repeating: isSigned ? 0x80 : 0, count: shape.reduce(1, *))
      for line in 0..<shape[0] * y.output {
        let (image, row) = (line / y.output, line % y.output)
        for tapY in 0..<y.kernel {
          let inputRow = row * y.stride - y.padBegin + tapY * y.dilation
          guard inputRow >= 0, inputRow < y.input else { continue }
          for column in 0..<x.output {
            let target = unsafe result + (line * x.output + column) * channels
            for tapX in 0..<x.kernel {
              let inputColumn = column * x.stride - x.padBegin + tapX * x.dilation
              guard inputColumn >= 0, inputColumn < x.input else { continue }
              let source = unsafe codes + ((image * y.input + inputRow) * x.input + inputColumn) * channels
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
    return [ChannelsLast(result).runtime]
  }
}
