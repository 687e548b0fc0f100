internal import DecantIR

/// Windows and Fourier transforms of a known length, in terms of cosines and matrix products.
enum SpectrumExpansions {
  static let all = [
    Expansion("BlackmanWindow", window), Expansion("DFT", transform), Expansion("HammingWindow", window),
    Expansion("HannWindow", window), Expansion("STFT", frames),
  ]

  /// The largest matrix that stands for a transform or for frames.
  private static let elementLimit = 1 << 24

  /// Extent `axis` of a value, checked so that sums and products of it do not overflow.
  private static func samples(
    _ value: ValueID, _ axis: Int, _ parts: borrowing Expander
  ) throws(OpError) -> Int {
    let extent = try parts.extent(value, axis)
    guard extent <= elementLimit else { throw OpError("\(extent) samples are too many for a matrix") }
    return extent
  }

  /// The sum of cosines at 0, 1, … of a size that is computed.
  @Sendable private static func window(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let type = try parts.attributes.dataType("output_datatype") ?? .float32
    let wide: DataType = type == .float64 ? .float64 : .float32
    let size = try parts.cast(try parts.operand(0), to: wide)
    let (zero, one) = (try parts.number(0, like: size), try parts.number(1, like: size))
    let places = parts.add("Range", [zero, size, one])
    let isPeriodic = parts.attributes.int("periodic", default: 1) != 0
    // Of a single sample, which is the window's top, the period is 2: half a turn before it.
    let isOne = try parts.cast(parts.add("Less", [size, try parts.number(1.5, like: size)]), to: wide)
    let period = parts.add("Add", [isPeriodic ? size : parts.add("Sub", [size, one]), isOne])
    let single = isPeriodic ? period : parts.add("Add", [period, isOne])
    let turns = parts.add("Div", [parts.add("Add", [places, isOne]), single])
    var sum: ValueID?
    for (index, factor) in WindowKernel.factors(parts.node.op).enumerated() {
      let turn = parts.add("Mul", [turns, try parts.number(2 * Double.pi * Double(index), like: turns)])
      let wave = parts.add("Mul", [parts.add("Cos", [turn]), try parts.number(factor, like: turns)])
      sum = sum.map { parts.add("Add", [$0, wave]) } ?? wave
    }
    guard let sum else { return [] }
    return [try parts.cast(sum, to: type)]
  }

  /// The axis moved behind the others, and samples and parts as one axis, times a constant matrix.
  @Sendable private static func transform(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let rank = try parts.rank(x)
    guard let axis = parts.optional(2).map({ parts.constant($0)?.integers?.first }) ?? -2 else {
      throw OpError("'axis' is computed")
    }
    let place = try TransformForm.axis(axis, rank: rank)
    let form = TransformForm(parts.attributes)
    let samples = try samples(x, place, parts)
    let natural = form.givesReals ? 2 * max(samples - 1, 0) : samples
    guard let length = parts.optional(1).map({ parts.constant($0)?.integers?.first }) ?? natural, length >= 1 else {
      throw OpError("'dft_length' is not a known number of 1 or more")
    }
    let order = (0..<rank - 1).filter { $0 != place } + [place, rank - 1]
    let isMoved = place != rank - 2
    let lines = isMoved ? parts.transpose(x, order) : x
    let spectrum = try product(lines, samples: samples, length: length, form, &parts)
    guard isMoved else { return [spectrum] }
    return [parts.transpose(spectrum, (0..<rank).map { order.firstIndex(of: $0) ?? $0 })]
  }

  /// Frames picked from the signal, times the window, and each transformed.
  @Sendable private static func frames(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let signal = try parts.operand(0)
    let samples = try samples(signal, 1, parts)
    guard let step = parts.constant(try parts.operand(1))?.integers?.first, step >= 1 else {
      throw OpError("'frame_step' is not a known number of 1 or more")
    }
    var length = samples
    if let given = parts.optional(3) {
      guard let known = parts.constant(given)?.integers?.first else { throw OpError("'frame_length' is computed") }
      length = known
    } else if let window = parts.optional(2) {
      length = try parts.extent(window, 0)
    }
    guard (1...max(samples, 1)).contains(length) else {
      throw OpError("frames expected to hold 1...\(samples) samples, got \(length)")
    }
    let last = (samples - length) / step
    guard last < elementLimit / length else { throw OpError("the frames hold too many samples") }
    let starts = (0...last).map { $0 * step }
    let places = Tensor(
      starts.flatMap { start in (0..<length).map { Int64(start + $0) } }, shape: [starts.count, length])
    var picked = parts.add("Gather", [signal, parts.constant(places)], ["axis": .int(1)])
    if let window = parts.optional(2) { picked = parts.add("Mul", [picked, parts.unsqueeze(window, [1])]) }
    let form = TransformForm(["onesided": .int(Int64(parts.attributes.int("onesided", default: 1)))])
    return [try product(picked, samples: length, length: length, form, &parts)]
  }

  /// The transform along the second to last axis, whose last has one or two parts.
  private static func product(
    _ lines: ValueID, samples: Int, length: Int, _ form: TransformForm, _ parts: inout Expander
  ) throws(OpError) -> ValueID {
    let rank = try parts.rank(lines)
    let width = try parts.extent(lines, rank - 1)
    guard width == 1 || width == 2 else { throw OpError("operand 0: expected 1 or 2 parts last, got \(width)") }
    let used = min(samples, form.givesReals ? length / 2 + 1 : length)
    let bins = form.isHalf ? length / 2 + 1 : length
    guard used >= 1, bins <= elementLimit, used <= elementLimit / (4 * bins) else {
      throw OpError("a transform of \(length) samples is too long for a matrix")
    }
    let matrix = matrix(used, width: width, bins: bins, length, form)
    let factors = parts.constant(try Expander.converted(matrix, to: try parts.dataType(lines)))
    let kept = used == samples ? lines : parts.slice(lines, axis: rank - 2, from: 0, to: used)
    let outer = [Int](repeating: 0, count: rank - 2)
    let flat = parts.reshape(kept, outer + [used * width])
    return parts.reshape(parts.add("MatMul", [flat, factors]), outer + [bins, form.givesReals ? 1 : 2])
  }

  /// `exp(∓2πi kn / length)` as real numbers: a row for each part of each sample, a column for each part of each bin.
  private static func matrix(_ used: Int, width: Int, bins: Int, _ length: Int, _ form: TransformForm) -> Tensor {
    let columns = form.givesReals ? 1 : 2
    var rows: [Double] = []
    rows.reserveCapacity(used * width * bins * columns)
    for sample in 0..<used {
      // The second half of a real signal's spectrum mirrors the first.
      let isMirrored = form.givesReals && sample > 0 && 2 * sample != length
      let scale = (form.isInverse ? 1 / Double(length) : 1) * (isMirrored ? 2 : 1)
      for part in 0..<width {
        for bin in 0..<bins {
          let turn = sample.multipliedFullWidth(by: bin)
          let angle = 2 * Double.pi * Double(length.dividingFullWidth(turn).remainder) / Double(length)
          let (cosine, sine) = (scale * Double.cos(angle), scale * Double.sin(form.isInverse ? angle : -angle))
          rows.append(part == 0 ? cosine : -sine)
          if columns == 2 { rows.append(part == 0 ? sine : cosine) }
        }
      }
    }
    return Tensor(rows, shape: [used * width, bins * columns])
  }
}
