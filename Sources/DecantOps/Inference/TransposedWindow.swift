package import DecantIR

/// How the window of a transposed convolution slides over its result.
package struct TransposedWindowRule {
  private let rule: WindowRule
  private let outputPadding: [Int]
  private let outputShape: [Int]?

  /// From a node's attributes.
  ///
  /// - Throws: ``OpError`` for numbers out of range and wrong counts.
  package init(_ attributes: Attributes, kernel: [Int]) throws(OpError) {
    rule = try WindowRule(attributes, kernel: kernel)
    let rank = kernel.count
    outputPadding = try attributes.ints("output_padding", count: rank, in: 0...WindowRule.limit, default: 0)
    guard let shape = attributes.ints("output_shape"), !shape.isEmpty else {
      outputShape = nil
      return
    }
    // Some exporters write the batch and channel extents too.
    guard shape.count == rank || shape.count == rank + 2, shape.allSatisfy({ $0 >= 0 }) else {
      throw OpError("'output_shape' expected \(rank) numbers that are not negative, got \(shape)")
    }
    outputShape = Array(shape.suffix(rank))
  }

  /// The extent of the result along spatial axis `axis`.
  ///
  /// - Throws: ``OpError`` when it would be negative.
  func output(_ axis: Int, _ input: Dimension) throws(OpError) -> Dimension {
    if let outputShape { return .fixed(outputShape[axis]) }
    if let fixed = input.fixed { return .fixed(try resolve(axis, fixed).input) }
    let stride = Dimension.fixed(rule.strides[axis])
    switch rule.padding {
    case .sameUpper, .sameLower: return input * stride
    case .explicit, .valid:
      let pads = rule.padding == .explicit ? rule.padsBegin[axis] + rule.padsEnd[axis] : 0
      return (input - 1) * stride + .fixed(rule.reach(axis) + outputPadding[axis] - pads)
    }
  }

  /// The window with which the result's convolution would give the operand: its input is the result.
  ///
  /// - Throws: ``OpError`` when the result would have a negative extent.
  package func resolve(_ extents: [Int]) throws(OpError) -> Window {
    guard extents.count == rule.kernel.count else {
      throw OpError("expected \(rule.kernel.count) spatial axes, got \(extents.count)")
    }
    var axes: [Window.Axis] = []
    for axis in extents.indices { axes.append(try resolve(axis, extents[axis])) }
    return Window(axes: axes)
  }

  private func resolve(_ axis: Int, _ input: Int) throws(OpError) -> Window.Axis {
    let stride = rule.strides[axis]
    let full = try sum(product(max(input, 1) - 1, stride), rule.reach(axis), outputPadding[axis])
    var (begin, end) = (0, 0)
    let output: Int
    if let outputShape {
      output = outputShape[axis]
    } else {
      switch rule.padding {
      case .sameUpper, .sameLower: output = try product(input, stride)
      case .valid: output = full
      case .explicit: output = full - rule.padsBegin[axis] - rule.padsEnd[axis]
      }
    }
    if outputShape == nil, rule.padding == .explicit {
      (begin, end) = (rule.padsBegin[axis], rule.padsEnd[axis])
    } else {
      let total = max(full - output, 0)
      begin = rule.padding == .sameUpper ? total / 2 : total - total / 2
      end = total - begin
    }
    guard output >= 0 else { throw OpError("the result would have the extent \(output) along spatial axis \(axis)") }
    return Window.Axis(
      input: output, output: input, kernel: rule.kernel[axis], stride: stride, dilation: rule.dilations[axis],
      padBegin: begin, padEnd: end)
  }
}
