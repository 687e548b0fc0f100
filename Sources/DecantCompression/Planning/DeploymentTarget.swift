public import DecantIR

/// Where a quantized model is going to run.
public enum DeploymentTarget: String, Sendable, CaseIterable {
  /// ONNX Runtime on x86 processors whose products of uint8 and int8 add up in 32 bits (VNNI).
  case vnni = "ort-cpu-vnni"
  /// ONNX Runtime on x86 processors without VNNI, which add two such products in 16 bits and saturate.
  case avx2 = "ort-cpu-avx2"
  /// ONNX Runtime on 64-bit ARM with dot products of bytes.
  case arm = "ort-arm"
  /// LiteRT's integer kernels, after a conversion.
  case tflite
  /// Anything that reads ONNX; nothing is known of its speed.
  case generic

  /// The names, as a list for messages.
  public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// What is known of it.
  public var profile: TargetProfile { TargetTable.profile(of: self) }
}

/// What is known of one target: what it fuses, what it is fast at, what it cannot do.
public struct TargetProfile: Sendable {
  /// What a figure or a fact rests on.
  public enum Basis: String, Sendable {
    /// Measured with the target's runtime.
    case measured
    /// Worked out from the processor's instructions and what was measured elsewhere.
    case derived
  }

  /// How many times as fast as float32 some work is.
  public struct Speed: Sendable, Hashable {
    /// With one row of activations, as in decoding one token.
    public let oneRow: Double
    /// With so many rows that weights are read once for all.
    public let manyRows: Double
    /// What the two rest on.
    public let basis: Basis
  }

  /// Operators that run on codes when pairs surround them and their result is quantized.
  let fused: Set<String>
  /// Of those, the ones that run on codes and give floats when their result is not quantized.
  let givesFloats: Set<String>
  /// Operators that only move elements: dequantizing goes past them, and quantizing too.
  let movers: Set<String>
  /// Operators that move or choose codes only between pairs on one scale.
  let followers: Set<String>
  /// Operators between pairs whose float weights it makes codes of by itself, whether that helps or not.
  let weighted: Set<String>
  /// The types of activations' codes that it fuses.
  public let activationTypes: Set<DataType>
  /// The type of activations' codes that suits it best.
  public let activationType: DataType
  /// Whether two products of uint8 and int8 overflow what they are added in, so that weights need 7 bits.
  public let saturates: Bool
  /// The largest block of weights that its kernels take; nil when none is known.
  public let largestBlock: Int?
  /// By kind of work; what is missing is not known.
  let speeds: [WorkClass: Speed]

  /// How much faster than in float32 the work is; nil when that is not known.
  public func speed(of work: WorkClass) -> Speed? {
    work.isFloat ? Speed(oneRow: 1, manyRows: 1, basis: .measured) : speeds[work]
  }
}

/// A kind of work that a target does at a speed of its own.
public enum WorkClass: String, Sendable, CaseIterable {
  /// A matrix product in float32.
  case floatProduct = "product, float32"
  /// A convolution in float32.
  case floatConvolution = "convolution, float32"
  /// A recurrent layer in float32.
  case floatRecurrence = "recurrence, float32"
  /// A product or convolution in half floats.
  case half = "product, half floats"
  /// A matrix product of 8-bit codes on ranges known ahead.
  case staticProduct = "product, int8 static"
  /// A dense convolution of 8-bit codes.
  case convolution = "convolution, int8"
  /// A convolution of 8-bit codes, one channel at a time.
  case depthwise = "depthwise convolution, int8"
  /// A convolution of 8-bit codes with up to four channels as input, as pictures have.
  case firstConvolution = "first convolution, int8"
  /// A product or convolution between pairs that nothing fuses.
  case unfused = "product between pairs"
  /// A matrix product of 8-bit codes on ranges found at run time.
  case dynamicProduct = "product, int8 dynamic"
  /// A convolution of 8-bit codes on ranges found at run time.
  case dynamicConvolution = "convolution, int8 dynamic"
  /// A recurrent layer with 8-bit weights.
  case dynamicRecurrence = "recurrence, int8 dynamic"
  /// A product with weights of 8 bits in blocks.
  case blocks8 = "product, 8-bit blocks"
  /// A product with weights of 4 bits in blocks, activations rounded to int8.
  case blocks4 = "product, 4-bit blocks"
  /// A product with weights of 4 bits in blocks and float activations.
  case blocks4Exact = "product, 4-bit blocks, float activations"
  /// A product with weights of 2 bits in blocks.
  case blocks2 = "product, 2-bit blocks"
  /// A product with weights of 4-bit floats.
  case codebook = "product, 4-bit floats"
  /// A product with weights of 8-bit floats.
  case float8 = "product, 8-bit floats"

  /// Whether nothing is quantized in it.
  public var isFloat: Bool { [.floatProduct, .floatConvolution, .floatRecurrence].contains(self) }
}
