internal import DecantIR

/// What weights alone become, whatever kind of codes: which nodes, what has to be known of samples, and what puts codes into a graph.
public struct WeightScheme: Sendable {
  /// Only these nodes; empty for all.
  public var include: [NodeSelector]
  /// Not these nodes.
  public let exclude: [NodeSelector]
  /// Whether how inputs go together in samples has to be known.
  public let needsSamples: Bool
  /// What weights become, for messages: `codes of 4 bits`.
  public let what: String
  /// What the user should know of the model that comes out.
  public let drawback: String?
  /// Whether formats are chosen for single nodes of the main graph, so that others stay as they are.
  let isByNode: Bool
  /// Starts on a graph; codes are chosen on as many threads as are given.
  let makeEmitter: @Sendable (_ threads: Int) -> any SiteEmitter
  /// The same, with codes by rounding.
  private let makeRounding: @Sendable (_ threads: Int) -> any SiteEmitter

  /// From its parts.
  init(
    include: [NodeSelector], exclude: [NodeSelector], needsSamples: Bool, what: String, drawback: String? = nil,
    isByNode: Bool = false, makeRounding: @escaping @Sendable (_ threads: Int) -> any SiteEmitter,
    makeEmitter: @escaping @Sendable (_ threads: Int) -> any SiteEmitter
  ) {
    self.include = include
    self.exclude = exclude
    self.needsSamples = needsSamples
    self.what = what
    self.drawback = drawback
    self.isByNode = isByNode
    self.makeRounding = makeRounding
    self.makeEmitter = makeEmitter
  }

  /// The same with codes by rounding, which needs no samples: sizes are right, codes are not.
  public var byRounding: WeightScheme {
    WeightScheme(
      include: include, exclude: exclude, needsSamples: false, what: what, drawback: drawback,
      isByNode: isByNode, makeRounding: makeRounding, makeEmitter: makeRounding)
  }
}

/// Puts coded weights into a graph, each weight once.
protocol SiteEmitter {
  /// The rule that reports name.
  var rule: String { get }
  /// How many weights are in codes so far.
  var weightCount: Int { get }
  /// Why the weight of `site` stays in float; nil when it can be put into codes.
  func unfit(_ site: WeightSite, _ graph: Graph) -> NodeOutcome?
  /// Changes the graph before weights of `sites` are put into codes, and says what was done. What is known of inputs changes
  /// with them.
  func prepare(
    _ sites: [WeightSite], _ products: inout [ValueID: InputProducts], _ rewriter: inout Rewriter
  ) throws(OpError) -> [QuantizationReport.Step]
  /// Replaces the node of `site`, or its weight, and says what was done. What is known of its inputs is given.
  mutating func emit(
    _ site: WeightSite, _ products: InputProducts?, _ rewriter: inout Rewriter
  ) throws(OpError) -> String
}

extension SiteEmitter {
  func prepare(
    _ sites: [WeightSite], _ products: inout [ValueID: InputProducts], _ rewriter: inout Rewriter
  ) -> [QuantizationReport.Step] { [] }
}
