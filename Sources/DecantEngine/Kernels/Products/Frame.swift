internal import CKernels
internal import DecantBytes
internal import DecantIR
internal import DecantRuntime

/// A frame of zeros, or of their codes, around images of few channels: in it the rows of all windows lie without a gap.
struct Frame: Sendable {
  private let geometry: ConvolutionGeometry
  private let height: Int
  private let width: Int
  /// The windows over the copies; a row of a window is one place.
  let windows: decant_windows

  /// Copies with more elements for each of the images' are not made.
  private static let most = 4

  /// Pixels have so many elements, of which the first are the channels; nil where the frame would be large.
  init?(_ geometry: ConvolutionGeometry, pixel: Int) {
    let (y, x) = (geometry.y, geometry.x)
    (height, width) = (y.reach, x.reach)
    let (area, overflow) = height.multipliedReportingOverflow(by: width)
    guard !overflow, area <= Frame.most * max(y.input * x.input, 64) else { return nil }
    self.geometry = geometry
    windows = decant_windows(
      height: height, width: width, image: area * pixel, row: width * pixel, pixel: pixel,
      window_height: y.kernel, window_width: 1, depth: x.kernel * pixel, step_y: y.stride, step_x: x.stride,
      gap_y: y.dilation, gap_x: 1, top: 0, left: 0, out_height: y.output, out_width: x.output)
  }

  /// The images of `operand` in their frames; pixels are the channels.
  func copy(_ operand: RuntimeTensor, threads: Int) throws(OpError) -> Source {
    try unsafe copy(operand, .float32, threads: threads) { image, steps, rows, framed in
      unsafe decant_frame_f32(
        image.assumingMemoryBound(to: Float.self), geometry.channels, geometry.y.input, geometry.x.input, steps.channel,
        steps.row, steps.pixel, geometry.y.padding, geometry.x.padding, width, rows.lowerBound, rows.upperBound,
        framed.assumingMemoryBound(to: Float.self))
    }
  }

  /// The images of codes of `operand` in their frames of `fill`.
  func copy(_ operand: RuntimeTensor, fill: UInt8, threads: Int) throws(OpError) -> Source {
    try unsafe copy(operand, .uint8, threads: threads) { image, steps, rows, framed in
      unsafe decant_frame_codes(
        image.assumingMemoryBound(to: UInt8.self), geometry.channels, windows.pixel, geometry.y.input, geometry.x.input,
        steps.channel, steps.row, steps.pixel, geometry.y.padding, geometry.x.padding, width, rows.lowerBound,
        rows.upperBound, fill, framed.assumingMemoryBound(to: UInt8.self))
    }
  }

  /// How many elements lie between neighbours of one image.
  private struct Steps {
    let channel: Int
    let row: Int
    let pixel: Int
  }

  private func copy(
    _ operand: RuntimeTensor, _ dataType: DataType, threads: Int,
    _ body: @Sendable (UnsafeRawPointer, Steps, Range<Int>, UnsafeMutableRawPointer) -> Void
  ) throws(OpError) -> Source {
    let (columns, channels) = (geometry.x.input, geometry.channels)
    let isInnermost = ChannelsLast.of(operand) != nil
    let images = try Source(isInnermost ? try ChannelsLast.tensor(operand) : try operand.plain())
    let (area, size) = (geometry.y.input * columns, dataType.bitWidth / 8)
    let steps =
      isInnermost
      ? Steps(channel: 1, row: columns * channels, pixel: channels) : Steps(channel: area, row: columns, pixel: 1)
    let framed = try KernelCall(operands: []).make(
      ConcreteType(dataType, [geometry.images, height, width, windows.pixel]), from: [images]
    ) { target in
      for image in 0..<geometry.images {
        let (from, to) = (image * area * channels * size, image * windows.image * size)
        Shares.forEach(height, cost: 4 * width * channels, threads: threads) { rows in
          unsafe body(images.bytes(at: from), steps, rows, target.bytes(at: to))
        }
      }
    }
    return try Source(try framed.plain())
  }
}
