internal import DecantIR

/// A tensor of heads in the order `[batch, heads, sequence, size]`, whatever order it came in.
struct AttentionHeads<T: KernelFloat> {
  let batch: Int
  let heads: Int
  private(set) var length: Int
  let size: Int
  private(set) var values: [T]
  let isFlat: Bool

  /// From `[batch, heads, sequence, size]`, or from `[batch, sequence, heads · size]` with the number of heads.
  init(_ values: [T], shape: [Int], heads count: Int?, name: String) throws(OpError) {
    batch = shape.first ?? 0
    isFlat = shape.count == 3
    switch shape.count {
    case 4:
      (heads, length, size) = (shape[1], shape[2], shape[3])
      self.values = values
    case 3:
      guard let count, count >= 1, shape[2] % count == 0 else {
        throw OpError("'\(name)' expected a divisor of \(shape[2]), got \(count.map { "\($0)" } ?? "nothing")")
      }
      (heads, length, size) = (count, shape[1], shape[2] / count)
      self.values = AttentionHeads.exchanged(values, shape[0], shape[1], count, shape[2] / count)
    default: throw OpError("expected rank 3 or 4, got \(shape)")
    }
  }

  /// `[a, b, c, size]` as `[a, c, b, size]`.
  static func exchanged(_ values: [T], _ a: Int, _ b: Int, _ c: Int, _ size: Int) -> [T] {
    var result: [T] = []
    guard !values.isEmpty else { return result }
    result.reserveCapacity(values.count)
    for first in 0..<a {
      for third in 0..<c {
        for second in 0..<b {
          let start = ((first * b + second) * c + third) * size
          result += values[start..<start + size]
        }
      }
    }
    return result
  }

  /// The shape with heads in front of the sequence.
  var shape: [Int] { [batch, heads, length, size] }

  /// Puts `past`, which has the same batch, heads and size, in front along the sequence.
  mutating func prepend(_ past: [T], shape: [Int]) throws(OpError) {
    guard shape.count == 4, shape[0] == batch, shape[1] == heads, shape[3] == size else {
      throw OpError("expected a past of shape \([batch, heads, -1, size]), got \(shape)")
    }
    var result: [T] = []
    result.reserveCapacity(past.count + values.count)
    let (before, own) = (shape[2] * size, length * size)
    for head in 0..<batch * heads {
      result += past[head * before..<(head + 1) * before]
      result += values[head * own..<(head + 1) * own]
    }
    values = result
    length += shape[2]
  }

  /// The elements of one head, `[sequence, size]`.
  func head(_ item: Int, _ head: Int) -> ArraySlice<T> {
    let start = (item * heads + head) * length * size
    return values[start..<start + length * size]
  }
}
