package import DecantIR

/// The type that scales are stored in.
package enum ScaleType: Int32, Sendable {
  /// f32.
  case float32 = 0
  /// f16.
  case float16 = 1
  /// bf16.
  case bfloat16 = 2

  /// `scale` as it is stored.
  package func rounding(_ scale: Float) -> Float {
    switch self {
    case .float32: scale
    case .float16: Float(Float16(scale))
    case .bfloat16: BFloat16(scale).float
    }
  }

  /// The type that scales of a weight of `type` have.
  package init(_ type: DataType) {
    switch type {
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    default: self = .float32
    }
  }
}
