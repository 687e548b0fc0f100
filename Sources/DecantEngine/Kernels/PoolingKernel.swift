internal import CKernels
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// The largest elements or the means of windows of float32 images and lines, the channels innermost.
struct PoolingKernel: Kernel {
  let takesLayouts = true
  private let windows: decant_windows
  private let isMean: Bool
  /// What sums are divided by; nil for the number of pixels within the image.
  private let divisor: Int?
  private let images: Int
  /// As they lie.
  private let result: [Int]
  private let threads: Int

  static let maximum: NativeBackend.Maker = { (request) throws(OpError) in
    guard request.operand(0)?.dataType == .float32 else { return try CodeMaximum.make(request) }
    return if let plain = try PlainPoolingKernel.maximum(request) { plain } else { try make(request) }
  }
  static let average: NativeBackend.Maker = { (request) throws(OpError) in try make(request, isMean: true) }
  static let globalMaximum: NativeBackend.Maker = { (request) throws(OpError) in try make(request, isGlobal: true) }
  static let globalAverage: NativeBackend.Maker = { (request) throws(OpError) in
    try make(request, isMean: true, isGlobal: true)
  }

  private static func make(
    _ request: KernelRequest, isMean: Bool = false, isGlobal: Bool = false
  ) throws(OpError) -> (any Kernel)? {
    guard let image = request.operand(0, of: .float32), (3...4).contains(image.rank), request.wanted.count == 1 else {
      return nil
    }
    let spatial = Array(image.shape[2...])
    guard let kernel = isGlobal ? spatial : request.attributes.ints("kernel_shape") else { return nil }
    let countsPadding = isMean && !isGlobal && request.attributes.int("count_include_pad", default: 0) != 0
    // A window that only a ceiling admits counts its padding up to the declared end.
    if countsPadding, request.attributes.int("ceil_mode", default: 0) != 0 { return nil }
    let axes = try WindowRule(isGlobal ? [:] : request.attributes, kernel: kernel).resolve(spatial).axes
      .map { WindowAxis($0) }
    // There is a largest element of nothing, but no mean.
    guard axes.allSatisfy({ $0.isPool && ($0.touchesAll || !isMean) }) else { return nil }
    let (y, x, channels) = (axes.count == 1 ? WindowAxis() : axes[0], axes[axes.count - 1], image.shape[1])
    return PoolingKernel(
      windows: decant_windows(y, x, channels: channels, depth: channels), isMean: isMean,
      divisor: countsPadding ? y.kernel * x.kernel : nil, images: image.shape[0],
      result: [image.shape[0]] + axes.map(\.output) + [channels], threads: request.threads)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let source = try Source(try ChannelsLast.tensor(call.operand(0)))
    let result = try call.makeChannelsLast(result, from: [source]) { target in
      let cost = windows.out_width * windows.window_height * windows.window_width * windows.depth
      Shares.forEach(images * windows.out_height, cost: cost, threads: threads) { rows in
        var windows = windows
        unsafe decant_pool_f32(
          &windows, isMean ? 1 : 0, divisor ?? 0, source.floats(), rows.lowerBound, rows.upperBound, target.floats())
      }
    }
    return [result]
  }
}
