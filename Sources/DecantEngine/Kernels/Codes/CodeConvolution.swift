internal import CKernels
internal import DecantBytes
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// `QLinearConv` of images and lines without groups, as a product of windows and constant weights: exact sums, rounded once.
final class CodeConvolution: Kernel {
  let absorbed: Set<Int> = QuantizedFilters.absorbed
  let takesLayouts = true
  private let weights: PackedColumns
  private let filters: QuantizedFilters
  /// What images are copied into where their pixels are not whole groups of codes.
  private let frame: Frame?
  /// Packs the weights of windows with so many codes to a place.
  private let pack: @Sendable (Int) -> PackedColumns?
  private let threads: Int

  /// Codes that are multiplied together.
  private static let group = 4

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard let filters = try QuantizedFilters(request) else { return nil }
    if filters.geometry.isChannelwise { return try CodeChannelConvolution(filters, request) }
    guard filters.geometry.groups == 1 else { return nil }
    return try CodeConvolution(filters, request)
  }

  private init?(_ filters: QuantizedFilters, _ request: KernelRequest) throws(OpError) {
    let geometry = filters.geometry
    let pixel = (geometry.channels + CodeConvolution.group - 1) / CodeConvolution.group * CodeConvolution.group
    let isFramed = pixel != geometry.channels && !geometry.isPointwise && !filters.source.isSigned
    let frame = isFramed && geometry.x.dilation == 1 ? Frame(geometry, pixel: pixel) : nil
    pack = { depth in
      filters.codes(request).flatMap { codes in
        let (outputs, length) = (geometry.columns, depth * geometry.places)
        let lines = CodeConvolution.lines(codes, outputs, geometry.channels, geometry.places, depth: depth)
        return PackedColumns(lines, depth: length, columns: outputs, step: 1, stride: length)
      }
    }
    // A frame hangs on the extents of images: weights for both kinds may be there at once.
    let packed = try request.forms.form(frame == nil ? 0 : 1) { [pack] in
      pack(frame == nil ? geometry.channels : pixel)
    }
    guard let packed else { return nil }
    weights = packed
    self.frame = frame
    self.filters = filters
    threads = request.threads
  }

  /// Filters of `[outputs, channels, area]` as `[outputs, area, depth]`: channels and zeros.
  private static func lines(_ codes: ByteSlice, _ outputs: Int, _ channels: Int, _ area: Int, depth: Int) -> ByteSlice {
    guard area > 1 && channels > 1 || depth > channels else { return codes }
    return ByteSlice(count: outputs * area * depth) { (raw: inout MutableRawSpan) in
      unsafe raw.withUnsafeMutableBytes { target in
        unsafe codes.bytes.withUnsafeBytes { codes in
          guard let from = codes.baseAddress, let to = target.baseAddress else { return }
          for output in 0..<outputs {
            unsafe decant_turn_filter(
              (from + output * channels * area).assumingMemoryBound(to: UInt8.self), channels, area, depth,
              (to + output * area * depth).assumingMemoryBound(to: UInt8.self))
          }
        }
      }
    }
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let image: Source
    if let frame {
      image = try frame.copy(call.operand(0), fill: fill, threads: threads)
    } else {
      image = try Source(asItLies: try ChannelsLast.tensor(call.operand(0)))
    }
    let type = filters.target.dataType
    let result = try call.makeChannelsLast(filters.geometry.channelsLast, of: type, from: [image]) { target in
      unsafe withRows(of: image, weights, frame?.windows ?? filters.geometry.cWindows) { rows in
        unsafe weights.multiply(rows, filters.outcome, as: type, threads: threads, into: target.bytes())
      }
    }
    return [result]
  }

  /// The code of zero.
  private var fill: UInt8 { UInt8(truncatingIfNeeded: filters.source.zero) }

  private func withRows<Result>(
    of image: Source, _ weights: PackedColumns, _ windows: decant_windows, _ body: (decant_rows) -> Result
  ) -> Result {
    let geometry = filters.geometry
    return unsafe withUnsafePointer(to: windows) { windows in
      unsafe body(
        decant_rows(
          bytes: image.bytes(), is_signed: filters.source.isSigned ? 1 : 0, count: geometry.windows,
          depth: weights.depth, stride: geometry.channels, windows: geometry.isPointwise ? nil : windows, fill: fill))
    }
  }
}

extension CodeConvolution: SaturationCounting {
  func saturation(by codes: Tensor) throws(OpError) -> (saturated: Int, pairs: Int) {
    let image = try Source(asItLies: try ChannelsLast.tensor(.plain(codes)))
    // Neighbours are the codes of whole windows, whatever we copy.
    let geometry = filters.geometry
    guard let weights = pack(geometry.channels) else { throw OpError("the weights do not fit in 8 bits") }
    let saturated = unsafe withRows(of: image, weights, geometry.cWindows) { unsafe weights.saturated($0) }
    withExtendedLifetime(image) {}
    return (saturated, geometry.windows * weights.columns * ((weights.depth + 1) / 2))
  }
}
