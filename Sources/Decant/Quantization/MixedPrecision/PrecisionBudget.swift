/// What a mixture of precisions has to keep to; at least one limit.
public struct PrecisionBudget: Sendable {
  /// How many bits a weight may have in the mean, counted in levels: 3 bits are 8 levels, whatever a file stores them in.
  public var bits: Double?
  /// How many bytes the written ONNX file may have.
  public var bytes: Int?
  /// By how much the outputs may move on the samples: 1 less their cosine, of the output that moves most.
  public var drop: Double?

  /// From its limits.
  public init(bits: Double? = nil, bytes: Int? = nil, drop: Double? = nil) {
    self.bits = bits
    self.bytes = bytes
    self.drop = drop
  }
}

/// What was chosen under a budget, and its neighbours.
public struct PrecisionAccount: Sendable {
  /// One configuration.
  public struct Point: Sendable {
    /// The bits of each group, in the order of ``PrecisionAccount/groups``.
    public let bits: [Int]
    /// Bits of a weight in the mean.
    public let meanBits: Double
    /// Bytes of the file, to a few bytes.
    public let bytes: Int
    /// 1 less the cosine of the outputs on the samples; nil where it was not measured.
    public let drop: Double?
  }

  /// The nodes of each group.
  public let groups: [[String]]
  /// What was chosen.
  public let chosen: Point
  /// The next configuration that costs less; nil when there is none.
  public let cheaper: Point?
  /// The next configuration that costs more; nil when there is none.
  public let dearer: Point?
  /// How many configurations of the whole model were measured.
  public let measured: Int
  /// How many runs each figure is taken on.
  public let runs: Int
}

extension Double {
  /// To two places after the point, for messages.
  var hundredths: String { "\((self * 100).rounded() / 100)" }
}
