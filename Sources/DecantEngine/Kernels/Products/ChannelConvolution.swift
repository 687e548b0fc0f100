internal import CKernels
internal import DecantBytes
internal import DecantIR
internal import DecantRuntime

/// `Conv` that has a filter for each channel, of float32 images and lines with constant weights, the channels innermost.
///
/// A class, since what a call does on several threads captures it: one reference instead of a dozen.
final class ChannelConvolution: Kernel {
  let absorbed: Set<Int> = [1, 2]
  let takesLayouts = true
  private let geometry: ConvolutionGeometry
  private let weights: Source
  private let ending: Ending
  private let zeros: Source
  private let threads: Int

  /// So many multiply-adds cost as much as copying an element.
  private static let unit = 2

  /// From filters `[channels, 1, …places…]`.
  init(_ geometry: ConvolutionGeometry, _ filters: Source, _ ending: Ending, threads: Int) throws(OpError) {
    self.geometry = geometry
    self.ending = ending
    self.threads = threads
    let (channels, places) = (geometry.channels, geometry.places)
    zeros = try Source(Tensor([Float](repeating: 0, count: channels)))
    let turned = try KernelCall(operands: []).make(
      ConcreteType(.float32, [places, channels]), from: [filters]
    ) { target in
      unsafe decant_transpose_f32(filters.floats(), places, channels, places, target.floats(), channels)
    }
    weights = try Source(try turned.plain())
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let images = try Source(try ChannelsLast.tensor(call.operand(0)))
    let windows = geometry.cWindows
    let result = try call.makeChannelsLast(geometry.channelsLast, from: [images]) { (target) throws(OpError) in
      let ending = try BoundEnding(ending, into: target, columns: geometry.columns) { (place) throws(OpError) in
        try Source(try ChannelsLast.tensor(call.operand(place)))
      }
      let width = geometry.x.output
      let rows = geometry.images * geometry.y.output
      let cost = width * geometry.channels * geometry.places / ChannelConvolution.unit
      Shares.forEach(rows, cost: cost, threads: threads) { rows in
        var windows = windows
        windows.depth = geometry.channels
        unsafe withUnsafeTemporaryAllocation(
          of: UnsafeRawPointer?.self, capacity: decant_channel_places(&windows)
        ) { places in
          unsafe ending.withColumns(from: 0) { ending in
            unsafe decant_convolve_channels_f32(
              &windows, images.floats(), weights.floats(), ending, rows.lowerBound, rows.upperBound, zeros.floats(),
              places.baseAddress)
          }
        }
        ending.finish(rows.lowerBound * width..<rows.upperBound * width)
      }
    }
    return [result]
  }
}
