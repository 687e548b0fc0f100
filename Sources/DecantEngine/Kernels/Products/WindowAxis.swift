internal import CKernels
internal import DecantOps

/// A spatial axis under windows.
struct WindowAxis: Sendable {
  var input = 1
  var output = 1
  var kernel = 1
  var stride = 1
  var dilation = 1
  var padding = 0

  /// An axis of one place under a window of one place.
  init() {}

  /// The axis as the operator's rules have it.
  init(_ axis: Window.Axis) {
    (input, output, kernel) = (axis.input, axis.output, axis.kernel)
    (stride, dilation, padding) = (axis.stride, axis.dilation, axis.padBegin)
  }

  /// How many places of the padded input the windows reach over.
  var reach: Int { (output - 1) * stride + (kernel - 1) * dilation + 1 }
  /// Whether windows are the places.
  var isPointwise: Bool { kernel == 1 && stride == 1 && padding == 0 && output == input }
  /// Whether there are windows, and sums of these numbers are far from overflowing.
  var isModest: Bool {
    output > 0 && [kernel, stride, dilation, padding].allSatisfy { $0 < 1 << 24 } && kernel * dilation < 1 << 24
  }
  /// Whether a pool can go through its windows place by place: they are not much larger than the input.
  var isPool: Bool { isModest && kernel <= max(input, WindowAxis.mostPlaces) }
  private static let mostPlaces = 64
  /// Whether a window spans not many more places than there are, those that it steps over included.
  var isCompact: Bool { (kernel - 1) * dilation <= 4 * max(input, WindowAxis.mostPlaces) }
  /// Whether every window has a place of the input: none lies in the padding alone or steps over all of it.
  var touchesAll: Bool {
    (kernel - 1) * dilation >= padding && (output - 1) * stride - padding < input && (kernel == 1 || dilation <= input)
  }
}

extension decant_windows {
  /// Windows over images of `channels` that lie innermost, of which each window reads `depth`.
  init(_ y: WindowAxis, _ x: WindowAxis, channels: Int, depth: Int) {
    self.init(
      height: y.input, width: x.input, image: y.input * x.input * channels, row: x.input * channels, pixel: channels,
      window_height: y.kernel, window_width: x.kernel, depth: depth, step_y: y.stride, step_x: x.stride,
      gap_y: y.dilation, gap_x: x.dilation, top: y.padding, left: x.padding, out_height: y.output, out_width: x.output)
  }
}
