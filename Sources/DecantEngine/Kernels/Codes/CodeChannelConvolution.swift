internal import CKernels
internal import DecantBytes
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// `QLinearConv` that has a filter for each channel, of images and lines with constant weights: exact sums, rounded once.
final class CodeChannelConvolution: Kernel {
  let absorbed: Set<Int> = QuantizedFilters.absorbed
  let takesLayouts = true
  private let filters: QuantizedFilters
  /// `[places, channels]`, each in the lower half of 32 bits.
  private let weights: [UInt32]
  /// Of the weights of each channel.
  private let sums: [Int32]
  /// A pixel of zero points.
  private let outside: [UInt8]
  private let threads: Int

  /// So many multiply-adds cost as much as copying an element.
  private static let unit = 2

  init?(_ filters: QuantizedFilters, _ request: KernelRequest) throws(OpError) {
    let (channels, places) = (filters.geometry.channels, filters.geometry.places)
    guard let codes = filters.codes(request), places <= 1 << 16 else { return nil }
    var weights = [UInt32](repeating: 0, count: codes.count)
    var sums = [Int32](repeating: 0, count: channels)
    let bytes = codes.bytes
    for channel in 0..<channels {
      for place in 0..<places {
        let code = unsafe bytes.unsafeLoad(fromByteOffset: channel * places + place, as: Int8.self)
        weights[place * channels + channel] = UInt32(UInt16(bitPattern: Int16(code)))
        sums[channel] += Int32(code)
      }
    }
    (self.weights, self.sums) = (weights, sums)
    outside = [UInt8](repeating: UInt8(truncatingIfNeeded: filters.source.zero), count: channels)
    self.filters = filters
    threads = request.threads
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let image = try Source(asItLies: try ChannelsLast.tensor(call.operand(0)))
    let (geometry, type) = (filters.geometry, filters.target.dataType)
    let result = try call.makeChannelsLast(geometry.channelsLast, of: type, from: [image]) { target in
      let cost = geometry.x.output * geometry.channels * geometry.places / CodeChannelConvolution.unit
      Shares.forEach(geometry.images * geometry.y.output, cost: cost, threads: threads) { rows in
        convolve(image, rows, into: target)
      }
    }
    return [result]
  }

  /// Computes some rows of the result.
  private func convolve(_ image: Source, _ rows: Range<Int>, into target: Target) {
    var windows = filters.geometry.cWindows
    windows.depth = filters.geometry.channels
    unsafe withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: decant_channel_places(&windows)) {
      places in
      unsafe outside.withUnsafeBufferPointer { outside in
        unsafe weights.withUnsafeBufferPointer { weights in
          unsafe filters.outcome.withC(sums: sums) { outcome in
            unsafe decant_convolve_code_channels(
              &windows, image.bytes(), filters.source.isSigned ? 1 : 0, weights.baseAddress, outcome,
              CodeOutcome.kind(of: filters.target.dataType), rows.lowerBound, rows.upperBound, outside.baseAddress,
              places.baseAddress, target.bytes())
          }
        }
      }
    }
  }
}
