package import DecantIR

extension Tensor {
  /// Floats in the type of a model's weights. Precondition: float32, float16 or bfloat16; others become float32.
  package init(floats: [Float], shape: [Int], as type: DataType) {
    switch type {
    case .float16: self.init(floats.map { Float16($0) }, shape: shape)
    case .bfloat16: self.init(floats.map { BFloat16($0) }, shape: shape)
    default: self.init(floats, shape: shape)
    }
  }
}
