internal import DecantIR

/// `DeformConv` (Dai et al. 2017, Zhu et al. 2018): a convolution whose taps are moved by offsets and weighed by a mask.
enum DeformableConvolution: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let form = try DeformableForm(context)
    let (x, w) = (try context.numbers(0, as: T.self), try context.numbers(1, as: T.self))
    let bias = try context.optionalNumbers(3, shape: [form.filters], as: T.self)
    let offsets = DeformableOffsets<T>(
      form: form, moves: try context.numbers(2, as: T.self),
      masks: try context.optionalNumbers(4, shape: form.maskShape, as: T.self))
    let (rows, share) = (form.channels / form.groups * form.taps, form.filters / form.groups)
    try context.checkSize(T.dataType, shape: form.result)
    try context.checkSize(T.dataType, shape: [form.channels, form.taps, form.positions])
    var result: [T] = []
    for item in 0..<form.items {
      let columns = offsets.columns(x, item)
      for group in 0..<form.groups {
        var own = [T](repeating: 0, count: share * form.positions)
        MatrixProduct.accumulate(
          Array(w[group * share * rows..<(group + 1) * share * rows]),
          Array(columns[group * rows * form.positions..<(group + 1) * rows * form.positions]), isTransposed: false,
          into: &own, rows: share, inner: rows, columns: form.positions)
        if let bias {
          for place in own.indices { own[place] += bias[group * share + place / form.positions] }
        }
        result += own
      }
    }
    return [try context.result(result, shape: form.result, as: try context.operand(0).dataType)]
  }
}

/// Extents of a deformable convolution.
private struct DeformableForm {
  let window: Window
  let items: Int
  let channels: Int
  let filters: Int
  let groups: Int
  let offsetGroups: Int
  /// Elements of one channel of the input.
  let plane: Int
  /// How many taps the window has.
  let taps: Int
  /// How many positions.
  let positions: Int

  init(_ context: EvaluationContext) throws(OpError) {
    let (x, w) = (try context.operand(0).shape, try context.operand(1).shape)
    guard x.count >= 3, x.count <= 10, w.count == x.count else {
      throw OpError("expected an input and weights of one rank in 3...10, got \(x) and \(w)")
    }
    (items, channels, filters) = (x[0], x[1], w[0])
    groups = context.attributes.int("group", default: 1)
    offsetGroups = context.attributes.int("offset_group", default: 1)
    guard groups >= 1, channels % groups == 0, filters % groups == 0, w[1] == channels / groups else {
      throw OpError("weights \(w) in \(groups) groups do not fit the input's \(channels) channels")
    }
    guard offsetGroups >= 1, channels % offsetGroups == 0 else {
      throw OpError("'offset_group' expected a divisor of \(channels), got \(offsetGroups)")
    }
    if let kernel = context.attributes.ints("kernel_shape"), kernel != Array(w[2...]) {
      throw OpError("'kernel_shape' expected \(w[2...]), got \(kernel)")
    }
    window = try WindowRule(context.attributes, kernel: Array(w[2...])).resolve(Array(x[2...]))
    taps = try window.taps()
    positions = try product(of: window.outputs)
    plane = try product(of: x[2...])
    let expected = [items, try product(offsetGroups, taps, window.axes.count)] + window.outputs
    guard try context.operand(2).shape == expected else {
      throw OpError("operand 2: expected shape \(expected), got \(try context.operand(2).shape)")
    }
  }

  var result: [Int] { [items, filters] + window.outputs }
  /// One weight for each tap at each position.
  var maskShape: [Int] { [items, offsetGroups * taps] + window.outputs }
}

/// What the taps see, moved and weighed.
private struct DeformableOffsets<T: KernelFloat> {
  let form: DeformableForm
  /// `[items, groups, taps, axes, positions]`
  let moves: [T]
  /// `[items, groups, taps, positions]`
  let masks: [T]?

  /// The matrix `[channels · taps, positions]` of one item.
  func columns(_ x: [T], _ item: Int) -> [T] {
    var matrix = [T](repeating: 0, count: form.channels * form.taps * form.positions)
    let share = form.channels / form.offsetGroups
    guard !matrix.isEmpty, form.plane > 0 else { return matrix }
    for group in 0..<form.offsetGroups {
      for tap in 0..<form.taps {
        let row = (item * form.offsetGroups + group) * form.taps + tap
        for position in 0..<form.positions {
          let weight = masks?[row * form.positions + position] ?? 1
          let mix = pixels(row, tap, position)
          for channel in group * share..<(group + 1) * share {
            var sum: T = 0
            for (place, part) in mix { sum += part * x[(item * form.channels + channel) * form.plane + place] }
            matrix[(channel * form.taps + tap) * form.positions + position] = sum * weight
          }
        }
      }
    }
    return matrix
  }

  /// The pixels around a tap's place, and how much each counts; those outside are left out.
  private func pixels(_ row: Int, _ tap: Int, _ position: Int) -> [(place: Int, weight: T)] {
    let axes = form.window.axes
    var mix: [(place: Int, weight: T)] = [(0, 1)]
    var (restOfTap, restOfPosition) = (tap, position)
    var stride = 1
    for (index, axis) in axes.enumerated().reversed() {
      let origin = axis.place(restOfPosition % axis.output, restOfTap % axis.kernel)
      restOfPosition /= axis.output
      restOfTap /= axis.kernel
      let place = T(origin) + moves[(row * axes.count + index) * form.positions + position]
      guard place > -1, place < T(axis.input) else { return [] }
      let low = place.rounded(.down)
      let both = [(Int(low), 1 - (place - low)), (Int(low) + 1, place - low)]
      let parts = both.filter { (0..<axis.input).contains($0.0) }
      mix = mix.flatMap { outer in parts.map { (outer.place + $0.0 * stride, outer.weight * $0.1) } }
      stride *= axis.input
    }
    return mix
  }
}
