import DecantEngine
import DecantIR
import DecantOneDNN
import DecantRuntime
import Testing

/// `QLinearConv` by our own kernel and by oneDNN.
@Suite struct CodeConvolutionTests {
  /// A convolution whose results fill the range of codes.
  static func convolution(
    _ x: [Int], _ w: [Int], _ attributes: Attributes = [:], from source: (DataType, Int) = (.uint8, 0),
    weights: (DataType, Int) = (.int8, 0), to target: (DataType, Int) = (.uint8, 131), bias: Bool = true,
    perChannel: Bool = true
  ) -> CodeCase {
    let channels = w[0]
    let depth = Float(w[1...].reduce(1, *))
    // Weights of u8 are kept around their zero point, which has to take them into i8.
    let codes = CodeCase.codes(.int8, w, seed: 3)
    let shifted = weights.0 == .int8 ? codes : Tensor((codes.integers ?? []).map { UInt8($0 + 128) }, shape: w)
    let zero = CodeCase.code(weights.0, weights.1)
    let zeros = perChannel ? Tensor([UInt8](repeating: UInt8(truncatingIfNeeded: weights.1), count: channels)) : nil
    return CodeCase(
      "QLinearConv",
      [
        CodeCase.codes(source.0, x), Tensor(scalar: Float(0.02)), CodeCase.code(source.0, source.1), shifted,
        perChannel ? CodeCase.scales(channels) : Tensor(scalar: Float(0.0015)),
        zeros?.reinterpreted(as: weights.0) ?? zero, Tensor(scalar: Float(0.0035) * depth.squareRoot()),
        CodeCase.code(target.0, target.1),
        bias ? Tensor(CodeCase.random(channels, 9).map { Int32($0 % 20_000) - 10_000 }) : nil,
      ], attributes)
  }

  private static let padded: Attributes = ["pads": .ints([1, 1, 1, 1])]

  static let dense: [CodeCase] = [
    convolution([2, 3, 9, 11], [8, 3, 3, 3], padded),
    convolution([1, 16, 7, 9], [33, 16, 1, 1], from: (.uint8, 7)),
    convolution([1, 16, 7, 9], [40, 16, 1, 1], from: (.int8, -5), to: (.int8, 3), perChannel: false),
    convolution(
      [1, 5, 13, 12], [6, 5, 3, 5], ["pads": .ints([1, 2, 0, 2]), "strides": .ints([2, 3])], from: (.uint8, 129)),
    convolution(
      [1, 7, 10, 11], [9, 7, 3, 3], ["pads": .ints([2, 2, 2, 2]), "dilations": .ints([2, 2])], from: (.int8, 11)),
    convolution([1, 4, 20], [6, 4, 5], ["strides": .ints([3]), "pads": .ints([2, 1])], from: (.uint8, 3)),
    convolution([1, 8, 6, 6], [8, 8, 2, 2], ["auto_pad": .string("SAME_UPPER")], to: (.int8, 0), bias: false),
    convolution([1, 8, 6, 6], [8, 8, 3, 3], padded, weights: (.uint8, 128), to: (.uint8, 0)),
    // Windows that are read where they lie, and from frames; tiles of every width and height.
    convolution([2, 12, 7, 9], [50, 12, 3, 3], padded, from: (.uint8, 200)),
    convolution(
      [1, 8, 11, 10], [65, 8, 3, 2], ["pads": .ints([3, 0, 1, 2]), "dilations": .ints([2, 3])], from: (.uint8, 1)),
    convolution([1, 3, 15, 19], [17, 3, 7, 7], ["pads": .ints([3, 3, 3, 3]), "strides": .ints([2, 2])]),
    convolution([1, 6, 8, 9], [16, 6, 3, 3], ["pads": .ints([0, 5, 4, 0])], from: (.uint8, 17)),
    // Sums beyond what floats count exactly.
    convolution([1, 256, 4, 4], [32, 256, 3, 3], padded, from: (.uint8, 0)),
  ]

  /// A filter for each channel of `x`.
  private static func channelwise(
    _ x: [Int], _ window: [Int], _ attributes: Attributes = [:], from source: (DataType, Int) = (.uint8, 9),
    weights: (DataType, Int) = (.int8, 0), to target: (DataType, Int) = (.uint8, 131), bias: Bool = true,
    perChannel: Bool = true
  ) -> CodeCase {
    var attributes = attributes
    attributes["group"] = .int(Int64(x[1]))
    return convolution(
      x, [x[1], 1] + window, attributes, from: source, weights: weights, to: target, bias: bias, perChannel: perChannel)
  }

  static let channelwise: [CodeCase] = [
    channelwise([1, 8, 9, 11], [3, 3], padded),
    channelwise([1, 48, 9, 11], [3, 3], ["strides": .ints([2, 2])], from: (.int8, -128)),
    channelwise([2, 40, 8, 8], [5, 5], ["pads": .ints([2, 2, 2, 2])], to: (.int8, -7)),
    channelwise([1, 19, 6, 17], [3, 3], padded, from: (.uint8, 255)),
    channelwise([1, 16, 9, 33], [3, 3], ["strides": .ints([2, 2])], weights: (.uint8, 128)),
    channelwise([1, 33, 9, 20], [5, 5], ["strides": .ints([1, 2])], from: (.uint8, 128)),
    channelwise(
      [1, 18, 12, 21], [2, 4], ["pads": .ints([2, 0, 0, 4]), "dilations": .ints([3, 2])], from: (.int8, 30),
      to: (.int8, 0)),
    channelwise([2, 20, 30], [3], ["pads": .ints([1, 1])], bias: false, perChannel: false),
  ]

  static let grouped: [CodeCase] = [
    convolution([1, 8, 10, 11], [12, 2, 3, 3], ["group": .int(4)], from: (.uint8, 77))
  ]

  @Test(arguments: dense + channelwise) func native(_ one: CodeCase) throws { try one.check() }

  /// To go through all that such windows step over would take longer than to compute.
  @Test(arguments: [(100, true), (4_000_000, false)]) func windowsThatStepFarAreLeft(_ dilation: Int64, _ isOurs: Bool)
    throws
  {
    let one = Self.channelwise(
      [1, 4, 1, 300], [1, 3], ["pads": .ints([0, dilation, 0, dilation]), "dilations": .ints([1, dilation])])
    let request = KernelRequest(
      op: one.op, attributes: one.attributes,
      operands: one.operands.map { $0.map { ConcreteType($0.dataType, $0.shape) } },
      constants: one.operands.enumerated().map { $0 == 0 ? nil : $1 })
    let kernel = try NativeBackend().kernel(for: request)
    #expect((kernel != nil) == isOurs)
  }

  @Test(arguments: dense.dropLast() + channelwise + grouped) func oneDNN(_ one: CodeCase) throws {
    try one.check(OneDNNBackend())
  }
}
