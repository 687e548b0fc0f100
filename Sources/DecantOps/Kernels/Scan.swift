internal import DecantIR

/// How a running total is taken.
struct Scan {
  let axis: Int
  /// Whether each total leaves its own element out.
  let isExclusive: Bool
  /// Whether it runs from the end.
  let isReversed: Bool
}

extension EvaluationContext {
  /// The running total of each line of `tensor` by `kernel`, beginning with `start`.
  @inline(__always)
  func scan(_ tensor: Tensor, _ scan: Scan, _ kernel: some BinaryKernel, from start: Int8) throws(OpError) -> Tensor {
    switch tensor.dataType {
    case .float32: return try run(tensor, scan, Float(start)) { kernel.apply($0, $1) }
    case .float64: return try run(tensor, scan, Double(start)) { kernel.apply($0, $1) }
    case .float16, .bfloat16:
      let wide = try convert(tensor, Conversion(target: .float32))
      let result = try run(wide, scan, Float(start)) { kernel.apply($0, $1) }
      return try convert(result, Conversion(target: tensor.dataType))
    case .int32: return try run(tensor, scan, Int32(start)) { kernel.apply($0, $1) }
    case .int64: return try run(tensor, scan, Int64(start)) { kernel.apply($0, $1) }
    case .uint32: return try run(tensor, scan, UInt32(start)) { kernel.apply($0, $1) }
    case .uint64: return try run(tensor, scan, UInt64(start)) { kernel.apply($0, $1) }
    default: throw expected("numbers of 32 or 64 bits, or halves", tensor)
    }
  }

  @inline(__always)
  private func run<Element: TensorElement>(
    _ tensor: Tensor, _ scan: Scan, _ start: Element, _ body: (Element, Element) -> Element
  ) throws(OpError) -> Tensor {
    let source = tensor.span(of: Element.self)
    let length = tensor.shape[scan.axis]
    let inner = tensor.shape[(scan.axis + 1)...].reduce(1, *)
    return try make(Element.self, shape: tensor.shape) { target in
      guard target.count > 0 else { return }
      for block in stride(from: 0, to: target.count, by: length * inner) {
        for first in block..<block + inner {
          var total = start
          for step in 0..<length {
            let place = first + (scan.isReversed ? length - 1 - step : step) * inner
            let next = body(total, source[place])
            target[place] = scan.isExclusive ? total : next
            total = next
          }
        }
      }
    }
  }
}
