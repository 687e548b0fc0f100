internal import DecantBytes
internal import DecantIR

/// Leaves out the padding at the end of a sample: the last positions, which its input `attention_mask` turns off in all rows.
///
/// A model that obeys its mask gives the same at all other positions, for less work. Whether it does is for the caller to try.
enum PaddingCut {
  /// Lengths are multiples of this, so that few shapes occur: a model is made ready for each.
  private static let step = 32

  /// The inputs without padding; nil where there is little to leave out, and where an input has other axes than the mask, rows
  /// by positions.
  static func apply(to inputs: [String: Tensor]) -> [String: Tensor]? {
    guard let mask = inputs["attention_mask"], mask.rank == 2, let flags = mask.integers,
      inputs.values.allSatisfy({ $0.shape == mask.shape && $0.bytes != nil && $0.dataType.bitWidth % 8 == 0 })
    else { return nil }
    let (rows, length) = (mask.shape[0], mask.shape[1])
    let used = (0..<rows).map { row in (0..<length).last { flags[row * length + $0] != 0 }.map { $0 + 1 } ?? 0 }
    let kept = (max(used.max() ?? 0, 1) + step - 1) / step * step
    guard kept < length else { return nil }
    var cut: [String: Tensor] = [:]
    for (name, tensor) in inputs { cut[name] = tensor.startOfRows(kept) }
    return cut.count == inputs.count ? cut : nil
  }
}

extension Tensor {
  /// The first `count` elements of each row of a matrix; nil for what is no matrix of whole bytes.
  fileprivate func startOfRows(_ count: Int) -> Tensor? {
    guard rank == 2, let bytes, dataType.bitWidth % 8 == 0, count <= shape[1] else { return nil }
    let width = dataType.bitWidth / 8
    let rows = (0..<shape[0]).map { bytes[$0 * shape[1] * width..<($0 * shape[1] + count) * width] }
    return try? Tensor(dataType, shape: [shape[0], count], bytes: ByteSlice(joining: rows))
  }
}
