internal import DecantIR

/// Signals and their spectra: windows, Fourier transforms, and the filters of the mel scale.
enum Signal {
  static let definitions: [OpDefinition] = [
    OpDefinition("BlackmanWindow", schema: window, infer: inferWindow, evaluate: WindowKernel.evaluate),
    OpDefinition(
      "DFT",
      schema: OpSchema(
        since: 17, reads: ["input", "dft_length?", "axis?"],
        attributes: [.init("inverse", .int), .init("onesided", .int)]),
      infer: inferTransform, evaluate: TransformKernel.evaluate),
    OpDefinition("HammingWindow", schema: window, infer: inferWindow, evaluate: WindowKernel.evaluate),
    OpDefinition("HannWindow", schema: window, infer: inferWindow, evaluate: WindowKernel.evaluate),
    OpDefinition(
      "MelWeightMatrix",
      schema: OpSchema(
        since: 17, reads: ["num_mel_bins", "dft_length", "sample_rate", "lower_edge_hertz", "upper_edge_hertz"],
        attributes: [.init("output_datatype", .int)]),
      infer: inferMel, evaluate: MelKernel.evaluate),
    OpDefinition(
      "STFT",
      schema: OpSchema(
        since: 17, reads: ["signal", "frame_step", "window?", "frame_length?"],
        attributes: [.init("onesided", .int)]),
      infer: inferFrames, evaluate: ShortTimeKernel.evaluate),
  ]

  private static let window = OpSchema(
    since: 17, reads: ["size"], attributes: [.init("output_datatype", .int), .init("periodic", .int)])

  /// The one integer that operand `index` holds, in terms of symbols.
  private static func scalar(_ context: InferenceContext, _ index: Int) -> Dimension {
    context.symbols(index).flatMap { $0.elements.count == 1 ? $0.elements[0] : nil } ?? .unknown
  }

  @Sendable private static func inferWindow(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let size = scalar(context, 0)
    if let fixed = size.fixed, fixed < 0 { throw OpError("operand 0: expected 0 or more, got \(fixed)") }
    return [.tensor(try context.dataType(attribute: "output_datatype") ?? .float32, [size])]
  }

  @Sendable private static func inferMel(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let bins = scalar(context, 1).dividedFloor(by: 2) + 1
    return [.tensor(try context.dataType(attribute: "output_datatype") ?? .float32, [bins, scalar(context, 0)])]
  }

  @Sendable private static func inferTransform(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    guard var shape = context.shape(0) else { return [.tensor(.init(type, nil))] }
    guard shape.rank >= 2 else { throw OpError("operand 0: expected rank 2 or more, got \(shape)") }
    let form = TransformForm(context.attributes)
    let last = shape.rank - 1
    let parts: Dimension = form.givesReals ? 1 : 2
    guard !context.has(2) || context.integers(2)?.count == 1 else {
      // Along whichever axis: a whole spectrum of as many elements as there are changes no extent.
      let isSame = !context.has(1) && !form.isOneSided
      let extents = isSame ? Array(shape.dimensions[..<last]) : Array(repeating: .unknown, count: last)
      return [.tensor(.init(type, Shape(extents + [parts])))]
    }
    let axis = try TransformForm.axis(context.integers(2)?.first ?? -2, rank: shape.rank)
    let length =
      context.has(1) ? scalar(context, 1) : form.givesReals ? (shape[axis] - 1) * .fixed(2) : shape[axis]
    shape[axis] = form.isHalf ? length.dividedFloor(by: 2) + 1 : length
    shape[last] = parts
    return [.tensor(.init(type, shape))]
  }

  @Sendable private static func inferFrames(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    guard let signal = context.shape(0) else { return [.tensor(.init(type, [.unknown, .unknown, .unknown, 2]))] }
    guard signal.rank == 3 else { throw OpError("operand 0: expected rank 3, got \(signal)") }
    let length =
      context.has(3) ? scalar(context, 3) : context.has(2) ? context.shape(2)?.dimensions.first ?? .unknown : signal[1]
    let isHalf = context.attributes.int("onesided", default: 1) != 0
    var frames = Dimension.unknown
    if let step = scalar(context, 1).fixed, step > 0 { frames = (signal[1] - length).dividedFloor(by: step) + 1 }
    let bins = isHalf ? length.dividedFloor(by: 2) + 1 : length
    return [.tensor(.init(type, [signal[0], frames, bins, 2]))]
  }
}

/// What a `DFT` takes and gives.
struct TransformForm {
  /// Whether it goes back from a spectrum.
  let isInverse: Bool
  /// Whether the second half of a real signal's spectrum, which mirrors the first, is left out.
  let isOneSided: Bool

  /// From a node's attributes.
  init(_ attributes: Attributes) {
    isInverse = attributes.int("inverse", default: 0) != 0
    isOneSided = attributes.int("onesided", default: 0) != 0
  }

  /// Whether the result is real.
  var givesReals: Bool { isInverse && isOneSided }
  /// Whether the result is half a spectrum.
  var isHalf: Bool { !isInverse && isOneSided }

  /// The axis of the transform: any but the last, which has real and imaginary parts.
  static func axis(_ axis: Int, rank: Int) throws(OpError) -> Int {
    let place = try normalizeAxis(axis, rank: rank)
    guard place < rank - 1 else { throw OpError("'axis' expected other than the last, got \(axis)") }
    return place
  }
}
