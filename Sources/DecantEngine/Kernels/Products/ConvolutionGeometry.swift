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
  let y: WindowAxis
  let x: WindowAxis
  /// The result as other kernels see it: `[images, columns, …spatial…]`.
  let result: ConcreteType
  private let isLine: Bool

  /// Nil where the operands of `request` are not such, or do not fit each other: the reference kernel says why.
  init?(_ request: KernelRequest) throws(OpError) {
    guard let image = request.operand(0, of: .float32), let filters = request.operand(1, of: .float32) else {
      return nil
    }
    try self.init(image, filters, request.attributes)
  }

  /// The same of images and filters of any element types, which are not empty.
  init?(_ image: ConcreteType, _ filters: ConcreteType, _ attributes: Attributes) throws(OpError) {
    guard (3...4).contains(image.rank), filters.rank == image.rank else { return nil }
    groups = attributes.int("group", default: 1)
    (images, channels, columns) = (image.shape[0], image.shape[1], filters.shape[0])
    guard groups >= 1, columns % groups == 0, channels % groups == 0, filters.shape[1] == channels / groups else {
      return nil
    }
    let window = try WindowRule(attributes, kernel: Array(filters.shape[2...])).resolve(
      Array(image.shape[2...]))
    let axes = window.axes.map { WindowAxis($0) }
    guard axes.allSatisfy(\.isModest) else { return nil }
    isLine = axes.count == 1
    y = isLine ? WindowAxis() : axes[0]
    x = axes[axes.count - 1]
    result = ConcreteType(image.dataType, [images, columns] + axes.map(\.output))
  }

  /// Whether each channel is convolved by itself, in windows that may be gone through pixel by pixel.
  var isChannelwise: Bool { groups > 1 && depth == 1 && columns == channels && x.isCompact }
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
  var cWindows: decant_windows { decant_windows(y, x, channels: channels, depth: depth) }
}
