internal import CKernels
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// `QLinearConv` of images and lines without groups, as a product of windows and constant weights: exact sums, rounded once.
struct CodeConvolution: Kernel {
  let absorbed: Set<Int>
  let takesLayouts = true
  private let weights: PackedColumns
  private let outcome: PackedColumns.Outcome
  private let source: CodeGrid
  private let target: CodeGrid
  private let window: [Window.Axis]
  private let images: Int
  private let threads: Int

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard let x = request.operand(0), (3...4).contains(x.rank), let w = request.constant(3), w.rank == x.rank,
      x.shape.allSatisfy({ $0 > 0 }), request.attributes.int("group", default: 1) == 1, w.shape[1] == x.shape[1],
      let source = CodeGrid(request, scale: 1, zeroPoint: 2, x.dataType),
      let target = CodeGrid(request, scale: 6, zeroPoint: 7, request.operand(7)?.dataType)
    else { return nil }
    let window = try WindowRule(request.attributes, kernel: Array(w.shape[2...])).resolve(Array(x.shape[2...])).axes
    return try CodeConvolution(request, x, w, source, target, window)
  }

  private init?(
    _ request: KernelRequest, _ x: ConcreteType, _ w: Tensor, _ source: CodeGrid, _ target: CodeGrid,
    _ window: [Window.Axis]
  ) throws(OpError) {
    let (channels, area) = (w.shape[1], w.shape[2...].reduce(1, *))
    guard request.operand(5) == nil || request.constant(5) != nil, let scales = request.constant(4)?.floats,
      scales.count == 1 || scales.count == w.shape[0], window.allSatisfy({ $0.output > 0 })
    else { return nil }
    let packed = try request.forms.form { () -> PackedColumns? in
      guard let codes = SignedCodes.centered(w, zeroPoints: request.constant(5), axis: 0) else { return nil }
      let lines = CodeConvolution.channelsInnermost(codes, outputs: w.shape[0], channels: channels, area: area)
      let depth = channels * area
      return PackedColumns(lines, depth: depth, columns: w.shape[0], step: 1, stride: depth)
    }
    guard let packed else { return nil }
    var outcome = PackedColumns.Outcome(zero: source.zero, target: target.zero)
    if request.operand(8) != nil {
      guard let bias = request.constant(8)?.array(of: Int32.self), bias.count == w.shape[0] else { return nil }
      outcome.bias = bias
    }
    let factors = scales.map { source.scale * $0 / target.scale }
    outcome.factors = factors.count == 1 ? Array(repeating: factors[0], count: w.shape[0]) : factors
    absorbed = Set(1...8)
    weights = packed
    self.outcome = outcome
    self.source = source
    self.target = target
    self.window = window
    images = x.shape[0]
    threads = request.threads
  }

  /// Windows of `[outputs, channels, area]` as `[outputs, area, channels]`.
  private static func channelsInnermost(_ codes: [Int8], outputs: Int, channels: Int, area: Int) -> [Int8] {
    guard area > 1, channels > 1 else { return codes }
    return unsafe [Int8](unsafeUninitializedCapacity: codes.count) { result, count in
      count = codes.count
      unsafe codes.withUnsafeBytes { codes in
        guard let from = codes.baseAddress, let to = UnsafeMutableRawPointer(result.baseAddress) else { return }
        for output in 0..<outputs {
          let offset = output * channels * area
          unsafe decant_transpose_u8(
            (from + offset).assumingMemoryBound(to: UInt8.self), channels, area,
            (to + offset).assumingMemoryBound(to: UInt8.self))
        }
      }
    }
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let image = try ChannelsLast.tensor(call.operand(0))
    let shape = [images] + window.map(\.output) + [weights.columns]
    var failure: OpError?
    let result = try unsafe Tensor.made(target.dataType, shape, byteLimit: call.byteLimit) { result in
      do throws(OpError) {
        try unsafe image.withAddress { bytes in
          let rows = unsafe rows(bytes, channels: image.shape[image.rank - 1])
          unsafe weights.multiply(rows, outcome, as: target.dataType, threads: threads, into: result)
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return [ChannelsLast(result).runtime]
  }

  private func rows(_ bytes: UnsafeRawPointer, channels: Int) -> decant_rows {
    var rows = unsafe decant_rows()
    unsafe rows.bytes = bytes
    unsafe rows.is_signed = source.isSigned ? 1 : 0
    unsafe rows.count = images * window.map(\.output).reduce(1, *)
    unsafe rows.depth = weights.depth
    unsafe rows.stride = channels
    // One line is an image of one row.
    let (y, x) = (window.count > 1 ? window[0] : nil, window[window.count - 1])
    let isPointwise = window.allSatisfy {
      $0.kernel == 1 && $0.stride == 1 && $0.padBegin == 0 && $0.output == $0.input
    }
    unsafe rows.has_patches = isPointwise ? 0 : 1
    unsafe rows.height = y?.input ?? 1
    unsafe rows.width = x.input
    unsafe rows.channels = channels
    unsafe rows.result_height = y?.output ?? 1
    unsafe rows.result_width = x.output
    unsafe rows.kernel_height = y?.kernel ?? 1
    unsafe rows.kernel_width = x.kernel
    unsafe rows.step_y = y?.stride ?? 1
    unsafe rows.step_x = x.stride
    unsafe rows.gap_y = y?.dilation ?? 1
    unsafe rows.gap_x = x.dilation
    unsafe rows.top = y?.padBegin ?? 0
    unsafe rows.left = x.padBegin
    unsafe rows.fill = UInt8(truncatingIfNeeded: source.zero)
    return unsafe rows
  }
}

extension CodeConvolution: SaturationCounting {
  func saturation(by codes: Tensor) throws(OpError) -> (saturated: Int, pairs: Int) {
    let image = try ChannelsLast.tensor(.plain(codes))
    let saturated = try unsafe image.withAddress { bytes in
      unsafe weights.saturated(rows(bytes, channels: image.shape[image.rank - 1]))
    }
    let places = images * window.map(\.output).reduce(1, *)
    return (saturated, places * weights.columns * ((weights.depth + 1) / 2))
  }
}
