internal import DecantIR

extension EvaluationContext {
  /// The one integer that operand `index` holds; nil when it is left out.
  fileprivate func count(_ index: Int, _ name: String, in range: ClosedRange<Int>) throws(OpError) -> Int? {
    guard try optionalOperand(index) != nil else { return nil }
    let values = try integers(index)
    guard values.count == 1, range.contains(values[0]) else {
      throw OpError("'\(name)' expected one number in \(range.lowerBound)...\(range.upperBound), got \(values)")
    }
    return values[0]
  }

  /// A result of operand 0's float type, from doubles.
  fileprivate func rounded(_ values: [Double], shape: [Int]) throws(OpError) -> Tensor {
    try convert(Tensor(values, shape: shape), Conversion(target: try operand(0).dataType))
  }

  /// Operand 0's elements, which must be floats with one part or two along the last axis.
  fileprivate func samples() throws(OpError) -> [Double] {
    let x = try operand(0)
    guard x.dataType.isFloat else { throw expected("floats", x) }
    guard x.rank >= 2, x.shape[x.rank - 1] == 1 || x.shape[x.rank - 1] == 2 else {
      throw OpError("operand 0: expected rank 2 or more and 1 or 2 parts last, got \(x.shape)")
    }
    return try numbers(0, as: Double.self)
  }
}

/// `DFT`: the Fourier transform along one axis, or its inverse.
enum TransformKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let values = try context.samples()
    let shape = try context.operand(0).shape
    let axes = try context.optionalOperand(2) == nil ? [-2] : try context.integers(2)
    guard axes.count == 1 else { throw OpError("operand 2: expected one number, got \(axes)") }
    let axis = try TransformForm.axis(axes[0], rank: shape.count)
    let form = TransformForm(context.attributes)
    let parts = shape[shape.count - 1]
    guard !form.isOneSided || parts == (form.isInverse ? 2 : 1) else {
      throw OpError("operand 0: expected \(form.isInverse ? 2 : 1) parts last for a spectrum of one side, got \(parts)")
    }
    let samples = shape[axis]
    let natural = form.givesReals ? 2 * max(samples - 1, 0) : samples
    let length = try context.count(1, "dft_length", in: 1...WindowRule.limit) ?? natural
    guard length >= 1 else { throw OpError("operand 0: expected samples along axis \(axis), got \(shape)") }
    var result = shape
    result[axis] = form.isHalf ? length / 2 + 1 : length
    result[shape.count - 1] = form.givesReals ? 1 : 2
    try context.checkSize(.float64, shape: result)
    try context.checkSize(.float64, shape: [length, 16])
    let lines = Lines(
      values: values, parts: parts, samples: samples, inner: try product(of: shape[(axis + 1)...]) / parts)
    let outer = values.isEmpty ? 0 : try product(of: shape[..<axis])
    let count = try Tensor.elementCount(shape: result)
    return [try context.rounded(transform(lines, outer: outer, length, form, bins: result[axis], count), shape: result)]
  }

  /// A tensor walked line by line.
  private struct Lines {
    let values: [Double]
    /// 1 for real numbers, 2 for complex ones.
    let parts: Int
    /// How many stand along the axis.
    let samples: Int
    let inner: Int
  }

  private static func transform(
    _ lines: Lines, outer: Int, _ length: Int, _ form: TransformForm, bins: Int, _ count: Int
  ) -> [Double] {
    let transform = FourierTransform(length: length)
    var result = [Double](repeating: 0, count: count)
    let parts = form.givesReals ? 1 : 2
    for line in 0..<outer * lines.inner {
      let (block, offset) = (line / lines.inner, line % lines.inner)
      var signal = [Complex](repeating: .nought, count: length)
      for index in 0..<min(lines.samples, form.givesReals ? length / 2 + 1 : length) {
        let place = ((block * lines.samples + index) * lines.inner + offset) * lines.parts
        signal[index] = Complex(real: lines.values[place], imaginary: lines.parts == 2 ? lines.values[place + 1] : 0)
      }
      if form.givesReals { mirror(&signal) }
      signal = form.isInverse ? transform.inverse(signal) : transform.forward(signal)
      for bin in 0..<bins {
        let place = ((block * bins + bin) * lines.inner + offset) * parts
        result[place] = signal[bin].real
        if parts == 2 { result[place + 1] = signal[bin].imaginary }
      }
    }
    return result
  }

  /// Fills the second half of a real signal's spectrum with the conjugates of the first.
  private static func mirror(_ signal: inout [Complex]) {
    let length = signal.count
    for bin in (length / 2 + 1)..<max(length, length / 2 + 1) {
      signal[bin] = signal[length - bin].conjugate
    }
  }
}

/// `STFT`: the spectra of frames that follow each other along a signal.
enum ShortTimeKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let values = try context.samples()
    let shape = try context.operand(0).shape
    guard shape.count == 3 else { throw OpError("operand 0: expected rank 3, got \(shape)") }
    let (batch, samples, parts) = (shape[0], shape[1], shape[2])
    let isHalf = context.attributes.int("onesided", default: 1) != 0
    guard !isHalf || parts == 1 else { throw OpError("'onesided' expected 0 for a complex signal, got 1") }
    guard let step = try context.count(1, "frame_step", in: 1...WindowRule.limit) else {
      throw OpError("operand 1 is missing")
    }
    let given = try context.count(3, "frame_length", in: 1...WindowRule.limit)
    let window = try context.optionalOperand(2)
    let length = given ?? window?.shape.first ?? samples
    let weights = try context.optionalNumbers(2, shape: [length], as: Double.self)
    guard length >= 1, length <= samples else {
      throw OpError("frames expected to hold 1...\(samples) samples, got \(length)")
    }
    let frames = (samples - length) / step + 1
    let bins = isHalf ? length / 2 + 1 : length
    let form = [batch, frames, bins, 2]
    try context.checkSize(.float64, shape: form)
    try context.checkSize(.float64, shape: [length, 16])
    let transform = FourierTransform(length: length)
    var result: [Double] = []
    result.reserveCapacity(try Tensor.elementCount(shape: form))
    for frame in 0..<batch * frames {
      let start = frame / frames * samples + frame % frames * step
      let signal = (0..<length).map { index in
        let (place, weight) = ((start + index) * parts, weights?[index] ?? 1)
        return Complex(real: values[place] * weight, imaginary: parts == 2 ? values[place + 1] * weight : 0)
      }
      for bin in transform.forward(signal)[..<bins] { result += [bin.real, bin.imaginary] }
    }
    return [try context.rounded(result, shape: form)]
  }
}

/// `BlackmanWindow`, `HammingWindow` and `HannWindow`: sums of cosines.
enum WindowKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let size = try context.count(0, "size", in: 0...WindowRule.limit) ?? 0
    let type = try context.attributes.dataType("output_datatype") ?? .float32
    let isPeriodic = context.attributes.int("periodic", default: 1) != 0
    let factors = factors(context.op)
    let period = isPeriodic ? size : size - 1
    let window = try context.make(Double.self, shape: [size]) { target in
      for index in 0..<size {
        // A single sample is the window's top.
        let turn = size == 1 ? Double.pi : 2 * Double.pi * Double(index) / Double(period)
        target[index] = factors.enumerated().reduce(0) { $0 + $1.element * Double.cos(Double($1.offset) * turn) }
      }
    }
    return [try context.convert(window, Conversion(target: type))]
  }

  /// What the cosines of 0, 1 and 2 turns are multiplied by.
  static func factors(_ op: OpName) -> [Double] {
    switch op.type {
    case "HannWindow": [0.5, -0.5]
    case "HammingWindow": [25.0 / 46, -21.0 / 46]
    default: [0.42, -0.5, 0.08]
    }
  }
}

/// `MelWeightMatrix`: triangles over the bins of a spectrum, evenly spaced on the mel scale.
enum MelKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    guard let bands = try context.count(0, "num_mel_bins", in: 0...WindowRule.limit),
      let length = try context.count(1, "dft_length", in: 1...WindowRule.limit),
      let rate = try context.count(2, "sample_rate", in: 1...WindowRule.limit)
    else { throw OpError("operands 0 to 2: one is missing") }
    let type = try context.attributes.dataType("output_datatype") ?? .float32
    let (low, high) = (try mel(context, 3), try mel(context, 4))
    let bins = length / 2 + 1
    try context.checkSize(.float64, shape: [bins, bands])
    let step = (high - low) / Double(bands + 2)
    var places: [Int] = []
    for edge in 0..<bands + 2 {
      let frequency = 700 * (Double.pow(10, (low + Double(edge) * step) / 2595) - 1)
      let place = (Double(length + 1) * frequency / Double(rate)).rounded(.down)
      guard place >= 0, place < Double(bins) else {
        throw OpError("edges expected in 0..<\(rate / 2) hertz, got \(frequency)")
      }
      places.append(Int(place))
    }
    let matrix = try context.make(Double.self, shape: [bins, bands]) { target in
      for band in 0..<bands {
        let (left, top, right) = (places[band], places[band + 1], places[band + 2])
        for bin in min(left, top)..<top {
          target[bin * bands + band] = Double(bin - left) / Double(top - left)
        }
        target[top * bands + band] = 1
        for bin in top..<max(top, right) {
          target[bin * bands + band] = Double(right - bin) / Double(right - top)
        }
      }
    }
    return [try context.convert(matrix, Conversion(target: type))]
  }

  /// A frequency in hertz on the mel scale.
  private static func mel(_ context: EvaluationContext, _ index: Int) throws(OpError) -> Double {
    let values = try context.numbers(index, as: Double.self)
    guard values.count == 1, values[0] >= 0, values[0].isFinite else {
      throw OpError("operand \(index): expected one number of 0 or more, got \(values)")
    }
    return 2595 * Double.log1p(values[0] / 700) / Double.log(10)
  }
}
