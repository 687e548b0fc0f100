internal import CKernels
internal import DecantBytes
internal import DecantIR
internal import DecantRuntime

/// `Conv` of float32 images and lines with constant weights, the channels innermost: each window is a row of a product, read where it
/// lies.
///
/// A class, since what a call does on several threads captures it: one reference instead of a dozen.
final class ConvolutionKernel: Kernel {
  let absorbed: Set<Int> = [1, 2]
  let takesLayouts = true
  private let geometry: ConvolutionGeometry
  /// One for each group.
  private let weights: [PackedWeights]
  private let ending: Ending
  private let reading: Reading
  /// What windows read outside of the image.
  private let zeros: Source
  private let threads: Int

  /// How windows are read.
  private enum Reading {
    /// Each is a pixel.
    case pixels
    /// Pixel by pixel.
    case windows
    /// Row by row, from a copy in a frame of zeros: there are few channels.
    case framed(Frame)
  }

  /// Segments with fewer elements are not worth the way to them.
  private static let fewChannels = 16
  private static let fewestInGroup = 8

  static let make: NativeBackend.Maker = { (request) throws(OpError) in try make(request, nil) }
  static let fused: NativeBackend.FusedMaker = { (request) throws(OpError) in try make(request.root, request) }

  private static func make(_ request: KernelRequest, _ fused: FusedRequest?) throws(OpError) -> (any Kernel)? {
    guard let geometry = try ConvolutionGeometry(request), let filters = request.constant(1) else { return nil }
    var bias: Source?
    if let type = request.operand(2) {
      guard type == ConcreteType(.float32, [geometry.columns]), let constant = request.constant(2) else { return nil }
      bias = try Source(constant)
    }
    var ending = Ending(bias: bias)
    if let fused {
      guard let made = try Ending(fused, bias: bias, shape: geometry.result.shape, columnAxis: 1) else { return nil }
      ending = made
    }
    if geometry.isChannelwise {
      return try ChannelConvolution(geometry, Source(filters), ending, threads: request.threads)
    }
    return try ConvolutionKernel(geometry, Source(filters), ending, request)
  }

  private init?(
    _ geometry: ConvolutionGeometry, _ filters: Source, _ ending: Ending, _ request: KernelRequest
  ) throws(OpError) {
    let threads = request.threads
    let columns = geometry.columns / geometry.groups
    if geometry.isPointwise, geometry.groups == 1 {
      reading = .pixels
    } else if geometry.groups == 1, geometry.channels < ConvolutionKernel.fewChannels, geometry.x.dilation == 1,
      let frame = Frame(geometry, pixel: geometry.channels)
    {
      reading = .framed(frame)
    } else {
      guard geometry.groups == 1 || geometry.depth >= ConvolutionKernel.fewestInGroup else { return nil }
      reading = .windows
    }
    var weights: [PackedWeights] = []
    for group in 0..<geometry.groups {
      let packed = try request.forms.form(group) {
        PackedWeights(
          filters: filters, first: group * columns, places: geometry.places, depth: geometry.depth, columns: columns,
          threads: threads)
      }
      if let packed { weights.append(packed) }
    }
    self.weights = weights
    zeros = try Source(Tensor([Float](repeating: 0, count: geometry.depth)))
    self.geometry = geometry
    self.ending = ending
    self.threads = threads
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    switch reading {
    case .pixels, .windows:
      return [try run(call, Source(try ChannelsLast.tensor(call.operand(0))), geometry.cWindows)]
    case .framed(let frame):
      return [try run(call, try frame.copy(call.operand(0), threads: threads), frame.windows)]
    }
  }

  private func run(
    _ call: KernelCall, _ images: Source, _ windows: decant_windows
  ) throws(OpError) -> RuntimeTensor {
    try call.makeChannelsLast(geometry.channelsLast, from: [images]) { (target) throws(OpError) in
      let ending = try BoundEnding(ending, into: target, columns: geometry.columns) { (place) throws(OpError) in
        try Source(try ChannelsLast.tensor(call.operand(place)))
      }
      let columns = geometry.columns / geometry.groups
      ProductShares(
        rows: geometry.windows, columns: columns, depth: weights[0].depth,
        again: self.ending.isLong || geometry.groups > 1, threads: threads
      ).forEach { part in
        for group in 0..<geometry.groups {
          compute(part, images, windows, group: group, ending, from: group * columns)
        }
        ending.finish(part.rows)
      }
    }
  }

  private func compute(
    _ part: ProductShares.Part, _ images: Source, _ windows: decant_windows, group: Int, _ ending: BoundEnding,
    from column: Int
  ) {
    let (rows, columns) = (part.rows, part.columns)
    unsafe weights[group].withColumns(from: columns.lowerBound) { packed in
      unsafe ending.withColumns(from: column + columns.lowerBound) { ending in
        guard case .pixels = reading else {
          var windows = windows
          unsafe withUnsafeTemporaryAllocation(
            of: UnsafePointer<Float>?.self, capacity: decant_window_places(&windows)
          ) { places in
            unsafe decant_convolve_f32(
              &windows, images.floats(at: group * geometry.depth), packed, columns.count, ending, rows.lowerBound,
              rows.upperBound, zeros.floats(), places.baseAddress)
          }
          return
        }
        unsafe decant_multiply_f32(
          images.floats(), geometry.channels, geometry.channels, packed, columns.count, ending, rows.lowerBound,
          rows.upperBound)
      }
    }
  }
}
