internal import COneDNN
internal import DecantOps

/// A window as the C functions take it.
struct WindowArguments {
  let value: decant_window

  /// oneDNN keeps some of these in 32 bits; nobody needs more than this.
  private static let limit = 1 << 20

  /// Nil beyond three spatial axes, and for numbers beyond what oneDNN counts in.
  init?(_ axes: [Window.Axis]) {
    guard (1...3).contains(axes.count) else { return nil }
    for axis in axes {
      let numbers = [axis.kernel, axis.stride, axis.dilation, axis.padBegin, axis.padEnd, axis.output]
      guard numbers.allSatisfy({ $0 <= WindowArguments.limit }) else { return nil }
    }
    var window = decant_window()
    window.axes = Int32(axes.count)
    window.kernel = WindowArguments.triple(axes.map(\.kernel))
    window.strides = WindowArguments.triple(axes.map(\.stride))
    window.dilations = WindowArguments.triple(axes.map(\.dilation))
    window.begin = WindowArguments.triple(axes.map(\.padBegin))
    // Exactly as far as the last window reaches, which may be before or after the end that the attributes give.
    window.end = WindowArguments.triple(
      axes.map { ($0.output - 1) * $0.stride + ($0.kernel - 1) * $0.dilation + 1 - $0.padBegin - $0.input })
    value = window
  }

  private static func triple(_ values: [Int]) -> (Int64, Int64, Int64) {
    func value(_ index: Int) -> Int64 { index < values.count ? Int64(values[index]) : 0 }
    return (value(0), value(1), value(2))
  }
}
