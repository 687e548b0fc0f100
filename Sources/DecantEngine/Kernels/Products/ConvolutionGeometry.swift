internal import CKernels
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// The extents of a convolution of images, or of lines: images of one row.
struct ConvolutionGeometry: Sendable {
  let images: Int
  let channels: Int
  let groups: Int
  /// Results of a window, over all groups.
  let columns: Int
  let y: Axis
  let x: Axis
  /// The result as other kernels see it: `[images, columns, …spatial…]`.
  let result: ConcreteType
  private let isLine: Bool

  /// One spatial axis.
  struct Axis: Sendable {
    var input = 1
    var output = 1
    var kernel = 1
    var stride = 1
    var dilation = 1
    var padding = 0

    /// How many places of the padded input the windows reach over.
    var reach: Int { (output - 1) * stride + (kernel - 1) * dilation + 1 }
    var isPointwise: Bool { kernel == 1 && stride == 1 && padding == 0 && output == input }
  }

  /// Nil where the operands of `request` are not such, or do not fit each other: the reference kernel says why.
  init?(_ request: KernelRequest) throws(OpError) {
    guard let image = request.operand(0, of: .float32), (3...4).contains(image.rank),
      let filters = request.operand(1, of: .float32), filters.rank == image.rank
    else { return nil }
    groups = request.attributes.int("group", default: 1)
    (images, channels, columns) = (image.shape[0], image.shape[1], filters.shape[0])
    guard groups >= 1, columns % groups == 0, channels % groups == 0, filters.shape[1] == channels / groups else {
      return nil
    }
    let window = try WindowRule(request.attributes, kernel: Array(filters.shape[2...])).resolve(
      Array(image.shape[2...]))
    let axes = window.axes.map {
      Axis(
        input: $0.input, output: $0.output, kernel: $0.kernel, stride: $0.stride, dilation: $0.dilation,
        padding: $0.padBegin)
    }
    guard axes.allSatisfy({ $0.output > 0 && $0.kernel * $0.dilation < 1 << 24 && $0.padding < 1 << 24 }) else {
      return nil
    }
    isLine = axes.count == 1
    y = isLine ? Axis() : axes[0]
    x = axes[axes.count - 1]
    result = ConcreteType(.float32, [images, columns] + axes.map(\.output))
  }

  /// How many places a window has.
  var places: Int { y.kernel * x.kernel }
  /// The channels that a window reads.
  var depth: Int { channels / groups }
  /// How many windows there are.
  var windows: Int { images * y.output * x.output }
  /// Whether windows are the pixels.
  var isPointwise: Bool { y.isPointwise && x.isPointwise }

  /// The result with the channels innermost.
  var channelsLast: [Int] { [images] + (isLine ? [] : [y.output]) + [x.output, columns] }

  /// The windows over images that lie with the channels innermost.
  var cWindows: decant_windows {
    decant_windows(
      height: y.input, width: x.input, image: y.input * x.input * channels, row: x.input * channels, pixel: channels,
      window_height: y.kernel, window_width: x.kernel, depth: depth, step_y: y.stride, step_x: x.stride,
      gap_y: y.dilation, gap_x: x.dilation, top: y.padding, left: x.padding, out_height: y.output, out_width: x.output)
  }
}
