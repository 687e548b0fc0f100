internal import CKernels
internal import DecantBytes
internal import DecantIR
internal import DecantRuntime

/// A frame of zeros around images of few channels: in it the rows of all windows lie without a gap.
struct Frame: Sendable {
  private let geometry: ConvolutionGeometry
  private let height: Int
  private let width: Int
  /// The windows over the copies; a row of a window is one place.
  let windows: decant_windows

  /// Copies with more elements for each of the images' are not made.
  private static let most = 4

  /// Nil where the frame would be large.
  init?(_ geometry: ConvolutionGeometry) {
    let (y, x) = (geometry.y, geometry.x)
    (height, width) = (y.reach, x.reach)
    let (area, overflow) = height.multipliedReportingOverflow(by: width)
    guard !overflow, area <= Frame.most * max(y.input * x.input, 64) else { return nil }
    self.geometry = geometry
    let channels = geometry.channels
    windows = decant_windows(
      height: height, width: width, image: area * channels, row: width * channels, pixel: channels,
      window_height: y.kernel, window_width: 1, depth: x.kernel * channels, step_y: y.stride, step_x: x.stride,
      gap_y: y.dilation, gap_x: 1, top: 0, left: 0, out_height: y.output, out_width: x.output)
  }

  /// The images of `operand` in their frames.
  func copy(_ operand: RuntimeTensor, threads: Int) throws(OpError) -> Source {
    let (rows, columns, channels) = (geometry.y.input, geometry.x.input, geometry.channels)
    let isInnermost = ChannelsLast.of(operand) != nil
    let images = try Source(isInnermost ? try ChannelsLast.tensor(operand) : try operand.plain())
    let area = rows * columns
    let (channelStep, rowStep, pixelStep) = isInnermost ? (1, columns * channels, channels) : (area, columns, 1)
    let framed = try KernelCall(operands: []).make(
      ConcreteType(.float32, [geometry.images, height, width, channels]), from: [images]
    ) { target in
      for image in 0..<geometry.images {
        Shares.forEach(height, cost: 4 * width * channels, threads: threads) { range in
          unsafe decant_frame_f32(
            images.floats(at: image * area * channels), channels, rows, columns, channelStep, rowStep, pixelStep,
            geometry.y.padding, geometry.x.padding, width, range.lowerBound, range.upperBound,
            target.floats(at: image * windows.image))
        }
      }
    }
    return try Source(try framed.plain())
  }
}
