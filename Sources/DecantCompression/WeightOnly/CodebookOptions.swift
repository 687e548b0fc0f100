public import DecantBytes
public import DecantForms

/// How weights become codes of a codebook.
public struct CodebookOptions: Sendable {
  /// What codes stand for.
  public var codebook: Codebook
  /// How many weights share a magnitude: 16, 32, 64, 128 or 256.
  public var blockSize: Int
  /// Whether errors of rounding are spread over the inputs that follow, by how those go together in samples: GPTQ.
  public var spreadsErrors: Bool
  /// Whether the magnitudes become codes too, of 8 bits in blocks of 256.
  public var codesMagnitudes: Bool
  /// Only these nodes; empty for all.
  public var include: [NodeSelector]
  /// Not these nodes.
  public var exclude: [NodeSelector]

  /// From its parts.
  ///
  /// - Throws: `usage` for blocks that ONNX Runtime does not take.
  public init(
    _ codebook: Codebook, blockSize: Int = 64, spreadsErrors: Bool = false, codesMagnitudes: Bool = false,
    include: [NodeSelector] = [], exclude: [NodeSelector] = []
  ) throws(DecantError) {
    guard [16, 32, 64, 128, 256].contains(blockSize) else {
      throw DecantError(.usage, "expected blocks of 16, 32, 64, 128 or 256, got \(blockSize)")
    }
    self.codebook = codebook
    self.blockSize = blockSize
    self.spreadsErrors = spreadsErrors
    self.codesMagnitudes = codesMagnitudes
    self.include = include
    self.exclude = exclude
  }
}

extension CodebookOptions {
  /// Weights of matrix products become 4-bit floats, as MatMulBnb4.
  public var scheme: WeightScheme {
    var plain = self
    plain.spreadsErrors = false
    return WeightScheme(
      include: include, exclude: exclude, needsSamples: spreadsErrors, what: "4-bit floats (\(codebook.rawValue))",
      drawback: "the model is smaller, not faster: runtimes multiply by 4-bit floats slower than by float32",
      makeRounding: { [plain] threads in CodebookEmitter(options: plain, threads: threads) },
      makeEmitter: { [self] threads in CodebookEmitter(options: self, threads: threads) })
  }
}
