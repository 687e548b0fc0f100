internal import CKernels
internal import DecantBytes
internal import DecantForms
internal import DecantIR
internal import DecantRuntime

/// Codes of 4 bits by plain rounding, straight from a weight that has its inputs first: what ``RoundToNearest`` gives, without a
/// copy of the weight turned over.
///
/// Some inputs of all outputs are coded at a time, and then leave memory, so that a weight may be larger than that.
struct DirectCodes: Sendable {
  /// As MatMulNBits reads them.
  let codes: ByteSlice
  /// One for each block, output by output.
  private(set) var scales: [Float]
  /// One for each block, output by output.
  private(set) var zeroPoints: [UInt8]

  /// How many outputs a thread codes at a time: what it writes stays in its cache.
  private static let band = 256
  /// How many bytes of the weight are read before they leave memory.
  private static let portion = 1 << 24
  /// Blocks divide so many inputs, whose codes fill a cache line.
  private static let line = 128

  /// Whether weights of this extent and layout can be coded so.
  static func serve(_ weight: WeightMatrix, _ format: BlockFormat) -> Bool {
    weight.isInputsFirst && format.bits == 4 && line.isMultiple(of: format.blockSize)
      && weight.columns.isMultiple(of: format.blockSize)
  }

  /// Where threads write, each to blocks of its own.
  @safe private struct Target: @unchecked Sendable {
    let codes: UnsafeMutablePointer<UInt8>
    let scales: UnsafeMutablePointer<Float>
    let zeroPoints: UnsafeMutablePointer<UInt8>
  }

  /// Codes `weight`, on `threads` threads.
  ///
  /// - Throws: ``OpError`` naming the first element that is not finite.
  init(_ weight: WeightMatrix, _ format: BlockFormat, _ scaleType: ScaleType, threads: Int) throws(OpError) {
    precondition(DirectCodes.serve(weight, format), "the format needs a copy")
    let count = weight.rows * format.blocks(weight.columns)
    var scales = [Float](repeating: 0, count: count)
    var zeroPoints = [UInt8](repeating: 0, count: count)
    codes = try ByteSlice(count: weight.rows * weight.columns / 2, zeroed: false) { (codes) throws(OpError) in
      let isFinite = unsafe codes.withUnsafeMutableBytes { codes in
        unsafe scales.withUnsafeMutableBufferPointer { scales in
          unsafe zeroPoints.withUnsafeMutableBufferPointer { zeroPoints in
            guard let codes = codes.baseAddress, let scales = scales.baseAddress,
              let zeroPoints = zeroPoints.baseAddress
            else { return true }
            let target = unsafe Target(
              codes: codes.assumingMemoryBound(to: UInt8.self), scales: scales, zeroPoints: zeroPoints)
            return DirectCodes.fill(target, weight, format, scaleType, threads)
          }
        }
      }
      guard isFinite else { throw weight.notFinite }
    }
    self.scales = scales
    self.zeroPoints = zeroPoints
  }

  /// Writes all codes; false when an element is not finite.
  private static func fill(
    _ target: Target, _ weight: WeightMatrix, _ format: BlockFormat, _ scaleType: ScaleType, _ threads: Int
  ) -> Bool {
    let (outputs, inputs, blocks) = (weight.rows, weight.columns, format.blocks(weight.columns))
    let width = MemoryLayout<Float>.stride * outputs
    let step = max(portion / max(width, 1) / line, 1) * line
    for start in stride(from: 0, to: inputs, by: step) {
      let count = min(step, inputs - start)
      do throws(NotFinite) {
        try Parallel.forEach(count: outputs, grain: band, threads: threads) { (range) throws(NotFinite) in
          let first = range.lowerBound
          let isFinite = unsafe weight.tensor.span(of: Float.self).withUnsafeBufferPointer { source in
            guard let from = source.baseAddress else { return true }
            return unsafe decant_code_columns_f32(
              from + start * outputs + first, outputs, range.count, count, format.blockSize, Int32(format.levels),
              format.isSymmetric ? 1 : 0, scaleType.rawValue,
              target.scales + first * blocks + start / format.blockSize,
              target.zeroPoints + first * blocks + start / format.blockSize, blocks,
              target.codes + (first * inputs + start) / 2, inputs / 2) != 0
          }
          guard isFinite else { throw NotFinite() }
        }
      } catch {
        return false
      }
      weight.tensor.bytes?[start * width..<(start + count) * width].evict()
    }
    return true
  }

  private struct NotFinite: Error {}
}
