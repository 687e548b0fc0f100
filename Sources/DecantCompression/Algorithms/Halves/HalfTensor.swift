internal import CKernels
internal import DecantIR

/// A float32 constant in a half type, and what that cost.
struct HalfTensor {
  /// The values, rounded half to even.
  let tensor: Tensor
  /// How many mask values became the type's lowest (or greatest) finite value, or what was asked for in its place.
  let masked: Int
  /// How many other finite values are beyond the type's range, and became infinite.
  let overflowed: Int
  /// How many values other than zero became zero.
  let underflowed: Int

  /// Rounds `source`. Finite magnitudes from ``HalfType/maskThreshold`` on become `mask` with their sign.
  ///
  /// - Throws: ``OpError`` when the data is absent or of another type.
  init(_ source: Tensor, _ type: HalfType, mask: Float) throws(OpError) {
    let aligned = source.aligned
    guard aligned.dataType == .float32, aligned.bytes != nil else {
      throw OpError("the data is not here: the text form was written without weights", kind: .unsupported)
    }
    let values = aligned.span(of: Float.self)
    var (masked, overflowed) = (0, 0)
    let isPlain = ConstantProfile.largest(in: values) < type.overflow
    if !isPlain {
      for index in values.indices {
        let magnitude = abs(values[index])
        guard magnitude >= type.overflow, magnitude.isFinite else { continue }
        if magnitude >= type.maskThreshold { masked += 1 } else { overflowed += 1 }
      }
    }
    let replaced =
      masked == 0
      ? aligned
      : Tensor(of: Float.self, shape: aligned.shape) { span in
        for index in values.indices {
          let value = values[index]
          let isMask = abs(value) >= type.maskThreshold && value.isFinite
          span[index] = isMask ? (value < 0 ? -mask : mask) : value
        }
      }
    tensor = HalfTensor.rounded(replaced.span(of: Float.self), type, shape: aligned.shape)
    self.masked = masked
    self.overflowed = overflowed
    underflowed = HalfTensor.zeros(in: tensor) - HalfTensor.zeros(in: values)
  }

  private static func rounded(_ values: Span<Float>, _ type: HalfType, shape: [Int]) -> Tensor {
    let bits = Tensor(of: UInt16.self, shape: shape) { span in
      guard !values.isEmpty else { return }
      unsafe values.withUnsafeBufferPointer { source in
        unsafe span.withUnsafeMutableBufferPointer { target in
          guard let from = source.baseAddress, let to = target.baseAddress else { return }
          switch type {
          case .float16: unsafe decant_f32_to_f16(from, source.count, to)
          case .bfloat16: unsafe decant_f32_to_bf16(from, source.count, to)
          }
        }
      }
    }
    return bits.reinterpreted(as: type.dataType)
  }

  private static func zeros(in values: Span<Float>) -> Int {
    var count = 0
    for index in values.indices where values[index] == 0 { count &+= 1 }
    return count
  }

  private static func zeros(in tensor: Tensor) -> Int {
    let bits = tensor.reinterpreted(as: .uint16)
    let span = bits.span(of: UInt16.self)
    var count = 0
    for index in span.indices where span[index] & 0x7FFF == 0 { count &+= 1 }
    return count
  }
}

/// What decides whether a constant may become half.
struct ConstantProfile {
  /// How many elements.
  let count: Int
  /// The largest finite magnitude that is no mask value.
  let largest: Float
  /// Whether there are mask values below zero, and above.
  let hasNegativeMask: Bool
  let hasPositiveMask: Bool

  /// Looks through `tensor`; nil unless it is float32 data that is here.
  init?(_ tensor: Tensor, _ type: HalfType) {
    let aligned = tensor.aligned
    guard aligned.dataType == .float32, aligned.bytes != nil else { return nil }
    let values = aligned.span(of: Float.self)
    count = values.count
    let most = ConstantProfile.largest(in: values)
    guard most >= type.maskThreshold else {
      (largest, hasNegativeMask, hasPositiveMask) = (most, false, false)
      return
    }
    var (magnitude, negative, positive): (Float, Bool, Bool) = (0, false, false)
    for index in values.indices where values[index].isFinite {
      let value = values[index]
      if abs(value) < type.maskThreshold {
        magnitude = max(magnitude, abs(value))
      } else if value < 0 {
        negative = true
      } else {
        positive = true
      }
    }
    (largest, hasNegativeMask, hasPositiveMask) = (magnitude, negative, positive)
  }

  /// Whether it holds mask values.
  var hasMask: Bool { hasNegativeMask || hasPositiveMask }

  /// The largest finite magnitude; 0 when there is none.
  static func largest(in values: Span<Float>) -> Float {
    guard !values.isEmpty else { return 0 }
    let range = unsafe values.withUnsafeBufferPointer { buffer -> decant_range in
      guard let base = buffer.baseAddress else { return decant_range() }
      return unsafe decant_range_f32(base, buffer.count)
    }
    // Without finite values the extremes are those of nothing.
    guard range.min <= range.max else { return 0 }
    return max(abs(range.min), abs(range.max))
  }
}
