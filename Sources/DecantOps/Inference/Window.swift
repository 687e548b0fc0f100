package import DecantIR

/// How a window slides over the spatial axes, as convolutions and pooling describe it.
package struct WindowRule {
  /// Who computes the padding.
  enum Padding: String {
    case explicit = "NOTSET"
    case sameUpper = "SAME_UPPER"
    case sameLower = "SAME_LOWER"
    case valid = "VALID"
  }

  /// The largest extent, stride, dilation or pad that is accepted.
  static let limit = 1 << 31 - 1

  /// The window's extents.
  let kernel: [Int]
  let strides: [Int]
  let dilations: [Int]
  /// Before each axis.
  let padsBegin: [Int]
  /// After each axis.
  let padsEnd: [Int]
  let padding: Padding
  /// Whether a last window that is partly outside counts.
  let ceils: Bool

  /// From a node's attributes.
  ///
  /// - Throws: ``OpError`` for strides, dilations and extents below 1, negative pads and wrong counts.
  package init(_ attributes: Attributes, kernel: [Int]) throws(OpError) {
    let rank = kernel.count
    guard kernel.allSatisfy({ $0 >= 1 && $0 <= WindowRule.limit }) else {
      throw OpError("'kernel_shape' expected numbers in 1...\(WindowRule.limit), got \(kernel)")
    }
    self.kernel = kernel
    strides = try attributes.ints("strides", count: rank, in: 1...WindowRule.limit, default: 1)
    dilations = try attributes.ints("dilations", count: rank, in: 1...WindowRule.limit, default: 1)
    let pads = try attributes.ints("pads", count: 2 * rank, in: 0...WindowRule.limit, default: 0)
    padsBegin = Array(pads[..<rank])
    padsEnd = Array(pads[rank...])
    let text = attributes.string("auto_pad") ?? "NOTSET"
    guard let padding = Padding(rawValue: text.isEmpty ? "NOTSET" : text) else {
      throw OpError("'auto_pad' expected NOTSET, SAME_UPPER, SAME_LOWER or VALID, got '\(text)'")
    }
    self.padding = padding
    ceils = attributes.int("ceil_mode", default: 0) != 0
  }

  /// The extent that the window covers along `axis`, gaps included. At most 2^62.
  func reach(_ axis: Int) -> Int { (kernel[axis] - 1) * dilations[axis] + 1 }

  /// The window over spatial extents that are known.
  ///
  /// - Throws: ``OpError`` when it does not fit once.
  package func resolve(_ extents: [Int]) throws(OpError) -> Window {
    guard extents.count == kernel.count else {
      throw OpError("expected \(kernel.count) spatial axes, got \(extents.count)")
    }
    var axes: [Window.Axis] = []
    for axis in kernel.indices { axes.append(try resolve(axis: axis, extent: extents[axis])) }
    return Window(axes: axes)
  }

  private func resolve(axis: Int, extent: Int) throws(OpError) -> Window.Axis {
    let stride = strides[axis]
    var (begin, end) = padding == .explicit ? (padsBegin[axis], padsEnd[axis]) : (0, 0)
    var output: Int
    switch padding {
    case .sameUpper, .sameLower:
      output = extent / stride + (extent % stride == 0 ? 0 : 1)
      let covered = try sum(product(max(output - 1, 0), stride), reach(axis))
      let total = max(covered - extent, 0)
      begin = padding == .sameUpper ? total / 2 : total - total / 2
      end = total - begin
    case .explicit, .valid:
      let padded = try sum(extent, begin, end)
      let room = padded - reach(axis)
      guard room >= 0 else {
        throw OpError("a window of \(reach(axis)) does not fit into \(padded) along spatial axis \(axis)")
      }
      output = room / stride + 1
      // A window that would start in the padding at the end does not count.
      if ceils, room % stride != 0, try product(output, stride) < (try sum(extent, begin)) { output += 1 }
    }
    return Window.Axis(
      input: extent, output: output, kernel: kernel[axis], stride: stride, dilation: dilations[axis],
      padBegin: begin, padEnd: end)
  }

  /// The extents of the result over spatial extents that may have symbols.
  ///
  /// - Throws: ``OpError`` when the window does not fit once.
  func outputs(_ extents: [Dimension]) throws(OpError) -> [Dimension] {
    guard extents.count == kernel.count else {
      throw OpError("expected \(kernel.count) spatial axes, got \(extents.count)")
    }
    var result: [Dimension] = []
    for (axis, extent) in extents.enumerated() {
      if let fixed = extent.fixed {
        result.append(.fixed(try resolve(axis: axis, extent: fixed).output))
      } else {
        result.append(output(axis, extent))
      }
    }
    return result
  }

  /// The extent of the result along `axis` for an extent that is no number.
  func output(_ axis: Int, _ extent: Dimension) -> Dimension {
    let stride = strides[axis]
    let pads = padding == .explicit ? padsBegin[axis] + padsEnd[axis] : 0
    switch padding {
    case .sameUpper, .sameLower: return (extent + .fixed(stride - 1)).dividedFloor(by: stride)
    case .explicit, .valid:
      // With a ceiling, whether the last window starts inside depends on the symbol unless the stride is 1.
      if ceils && stride > 1 { return .unknown }
      return (extent + .fixed(pads - reach(axis))).dividedFloor(by: stride) + 1
    }
  }
}

/// A window over extents that are known.
package struct Window {
  /// One spatial axis.
  package struct Axis {
    package let input: Int
    package let output: Int
    package let kernel: Int
    package let stride: Int
    package let dilation: Int
    package let padBegin: Int
    package let padEnd: Int

    /// The input's place under tap `tap` of the window at `position`; negative or past the end in the padding.
    @inline(__always) package func place(_ position: Int, _ tap: Int) -> Int {
      position &* stride &- padBegin &+ tap &* dilation
    }

    /// The positions whose tap `tap` lies inside.
    func inside(_ tap: Int) -> Range<Int> {
      let offset = tap * dilation - padBegin
      let lower = offset >= 0 ? 0 : (-offset + stride - 1) / stride
      let upper = offset >= input ? 0 : (input - 1 - offset) / stride + 1
      return lower..<max(lower, min(upper, output))
    }

    /// The taps of the window at `position` that lie inside.
    package func taps(_ position: Int) -> Range<Int> {
      let start = position * stride - padBegin
      let lower = start >= 0 ? 0 : (-start + dilation - 1) / dilation
      let upper = start >= input ? 0 : (input - 1 - start) / dilation + 1
      return lower..<max(lower, min(upper, kernel))
    }
  }

  package let axes: [Axis]

  /// The extents of the result.
  var outputs: [Int] { axes.map(\.output) }

  /// How many taps it has.
  func taps() throws(OpError) -> Int { try product(of: axes.map(\.kernel)) }
}
