internal import DecantIR

/// `Col2Im`: blocks added up where they overlap in an image.
enum ImageFold {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    switch x.dataType {
    case .float32: return [try fold(Float.self, x, context)]
    case .float64: return [try fold(Double.self, x, context)]
    case .float16, .bfloat16:
      let wide = try context.convert(x, Conversion(target: .float32))
      return [try context.convert(try fold(Float.self, wide, context), Conversion(target: x.dataType))]
    case let type where type.isInteger:
      let wide = try context.convert(x, Conversion(target: .int64))
      return [try context.convert(try fold(Int64.self, wide, context), Conversion(target: type))]
    default: throw context.expected("numbers", x)
    }
  }

  private static func fold<T: KernelNumber>(
    _ type: T.Type, _ x: Tensor, _ context: EvaluationContext
  ) throws(OpError) -> Tensor {
    let (image, block) = (try context.integers(1), try context.integers(2))
    guard !image.isEmpty, image.count == block.count, image.allSatisfy({ $0 >= 0 }) else {
      throw OpError("expected an image and a block of as many axes, got \(image) and \(block)")
    }
    let window = try WindowRule(context.attributes, kernel: block).resolve(image)
    let (taps, positions) = (try window.taps(), try product(of: window.outputs))
    guard x.rank == 3, x.shape[1] % taps == 0, x.shape[2] == positions else {
      throw OpError("operand 0: expected rank 3, a multiple of \(taps) rows and \(positions) columns, got \(x.shape)")
    }
    let channels = x.shape[1] / taps
    let result = [x.shape[0], channels] + image
    try context.checkSize(T.dataType, shape: result)
    let gather = try WindowGather(window, channels: channels)
    let blocks = x.span(of: T.self)
    return try context.make(T.self, shape: result) { target in
      unsafe target.withUnsafeMutableBufferPointer { target in
        unsafe blocks.withUnsafeBufferPointer { blocks in
          guard let source = blocks.baseAddress, let target = target.baseAddress else { return }
          for item in 0..<x.shape[0] {
            unsafe gather.scatter(
              source + item * x.shape[1] * positions, 0..<positions, into: target + item * channels * gather.plane)
          }
        }
      }
    }
  }
}
