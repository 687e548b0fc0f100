internal import DecantIR

/// Images as files hold them.
enum Images {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "ImageDecoder",
      schema: OpSchema(
        since: 20, reads: ["encoded_stream"], gives: ["image"], attributes: [.init("pixel_format", .string)]),
      infer: infer, evaluate: evaluate)
  ]

  /// How a pixel is told.
  private enum PixelForm: String, CaseIterable {
    case redGreenBlue = "RGB"
    case blueGreenRed = "BGR"
    case gray = "Grayscale"

    init(_ attributes: Attributes) throws(OpError) {
      let name = try attributes.choice("pixel_format", of: PixelForm.allCases.map(\.rawValue))
      self = PixelForm(rawValue: name) ?? .redGreenBlue
    }

    var channels: Int { self == .gray ? 1 : 3 }
  }

  @Sendable private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let form = try PixelForm(context.attributes)
    if let stream = context.shape(0), stream.rank != 1 {
      throw OpError("operand 0: expected rank 1, got \(stream)")
    }
    return [.tensor(.uint8, [.unknown, .unknown, .fixed(form.channels)])]
  }

  /// What cannot be decoded gives an image without pixels, as the specification wants it.
  @Sendable private static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let form = try PixelForm(context.attributes)
    let stream = try context.operand(0)
    guard stream.rank == 1, let bytes = stream.array(of: UInt8.self) else {
      throw OpError("operand 0: expected bytes u8[n], got \(stream.type)")
    }
    guard let image = try EncodedImage(bytes: bytes).decoded(context) else {
      return [try context.make(UInt8.self, shape: [0, 0, form.channels]) { _ in }]
    }
    let shape = [image.height, image.width, form.channels]
    let result = try context.make(UInt8.self, shape: shape) { target in
      for index in 0..<image.width * image.height {
        let (red, green, blue) = (image.pixels[4 * index], image.pixels[4 * index + 1], image.pixels[4 * index + 2])
        switch form {
        case .redGreenBlue: (target[3 * index], target[3 * index + 1], target[3 * index + 2]) = (red, green, blue)
        case .blueGreenRed: (target[3 * index], target[3 * index + 1], target[3 * index + 2]) = (blue, green, red)
        case .gray: target[index] = gray(red, green, blue)
        }
      }
    }
    return [result]
  }

  /// The brightness of ITU-R BT.601, in the fixed point that Pillow computes it in.
  private static func gray(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    UInt8(truncatingIfNeeded: (19595 * Int(red) + 38470 * Int(green) + 7471 * Int(blue) + 0x8000) >> 16)
  }
}
