internal import DecantIR

extension EvaluationContext {
  /// `data` with `kernel` of what stands there and each chunk of `updates` in turn. Precondition: each place has a whole
  /// chunk after it, and there are as many as `updates` has chunks.
  @inline(__always)
  func scatter(
    _ data: Tensor, _ updates: Tensor, _ places: [Int], chunk: Int, _ kernel: some BinaryKernel
  ) throws(OpError) -> Tensor {
    guard data.dataType == updates.dataType else { throw expectedOneType(data, updates) }
    switch data.dataType {
    case .float32: return try scatter(data, updates, places, chunk) { (x: Float, y: Float) in kernel.apply(x, y) }
    case .float64: return try scatter(data, updates, places, chunk) { (x: Double, y: Double) in kernel.apply(x, y) }
    case .float16, .bfloat16:
      let wide = try scatter(
        try convert(data, Conversion(target: .float32)), try convert(updates, Conversion(target: .float32)), places,
        chunk
      ) { (x: Float, y: Float) in kernel.apply(x, y) }
      return try convert(wide, Conversion(target: data.dataType))
    case .int64: return try scatter(data, updates, places, chunk) { (x: Int64, y: Int64) in kernel.apply(x, y) }
    case .int32: return try scatter(data, updates, places, chunk) { (x: Int32, y: Int32) in kernel.apply(x, y) }
    case .int16: return try scatter(data, updates, places, chunk) { (x: Int16, y: Int16) in kernel.apply(x, y) }
    case .int8: return try scatter(data, updates, places, chunk) { (x: Int8, y: Int8) in kernel.apply(x, y) }
    case .uint64: return try scatter(data, updates, places, chunk) { (x: UInt64, y: UInt64) in kernel.apply(x, y) }
    case .uint32: return try scatter(data, updates, places, chunk) { (x: UInt32, y: UInt32) in kernel.apply(x, y) }
    case .uint16: return try scatter(data, updates, places, chunk) { (x: UInt16, y: UInt16) in kernel.apply(x, y) }
    case .uint8: return try scatter(data, updates, places, chunk) { (x: UInt8, y: UInt8) in kernel.apply(x, y) }
    default: throw expected("numbers", data)
    }
  }

  @inline(__always)
  private func scatter<Element: TensorElement>(
    _ data: Tensor, _ updates: Tensor, _ places: [Int], _ chunk: Int, _ body: (Element, Element) -> Element
  ) throws(OpError) -> Tensor {
    let (source, changes) = (data.span(of: Element.self), updates.span(of: Element.self))
    return try make(Element.self, shape: data.shape) { target in
      for index in 0..<target.count { target[index] = source[index] }
      var start = 0
      for place in places {
        for index in 0..<chunk { target[place + index] = body(target[place + index], changes[start + index]) }
        start += chunk
      }
    }
  }
}
