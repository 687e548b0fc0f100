/// A whole model: the main graph, model-local functions, and what the file says of itself.
///
/// Operators are ONNX's at the pinned opset ``Model/pinnedOpset`` whatever the file's was; readers upgrade, writers
/// downgrade.
public struct Model: Sendable, Hashable {
  /// The version of ONNX's operator set that all graphs in memory are written in.
  public static let pinnedOpset = 28

  /// The main graph.
  public var graph: Graph
  /// Model-local functions, sorted by their keys.
  public var functions: [Function] = []
  /// Where the model came from.
  public var source = Source()
  /// Documentation, metadata and unknown fields.
  public var annotations = Annotations()

  /// What a file says of its own making, kept for writing.
  public struct Source: Sendable, Hashable {
    /// The format: `onnx`, `text`.
    public var format = ""
    /// ONNX's `ir_version`; 0 when the source has none.
    public var irVersion = 0
    /// The operator sets by domain, as the source imported them; the empty domain is ONNX's.
    public var opsets: [OpsetImport] = []
    /// The tool that wrote it.
    public var producerName = ""
    /// That tool's version.
    public var producerVersion = ""
    /// The model's own namespace.
    public var domain = ""
    /// The model's own version.
    public var modelVersion = 0

    /// Nothing known.
    public init() {}

    /// The version of ONNX's own operator set; nil when the source has none.
    public var opset: Int? { opsets.first { $0.domain.isEmpty }?.version }

    /// Sets the version for `domain`, adding it at the end when it is new.
    public mutating func setOpset(_ version: Int, domain: String = "") {
      if let index = opsets.firstIndex(where: { $0.domain == domain }) {
        opsets[index].version = version
      } else {
        opsets.append(OpsetImport(domain: domain, version: version))
      }
    }
  }

  /// A model around a graph.
  public init(graph: Graph) { self.graph = graph }

  /// The function that a node calls; nil when it calls an operator.
  public func function(called op: OpName, overload: String = "") -> Function? {
    functions.first { $0.name == op && $0.overload == overload }
  }
}

/// The version of an operator set that a model or function imports.
public struct OpsetImport: Sendable, Hashable {
  /// Empty for ONNX's own.
  public var domain: String
  /// The version.
  public var version: Int

  /// From domain and version.
  public init(domain: String, version: Int) {
    self.domain = domain
    self.version = version
  }
}

/// A model-local function: a graph that nodes call by name.
public struct Function: Sendable, Hashable {
  /// What calls name.
  public var name: OpName
  /// Tells functions of one name apart; usually empty.
  public var overload: String
  /// The body. Its inputs and outputs are the function's, without types as far as the source gave none.
  public var graph: Graph
  /// Attributes that a call must give; the body refers to them.
  public var attributes: [String]
  /// Attributes that a call may give, with their defaults.
  public var defaults: Attributes
  /// The operator sets that the source's body was written in.
  public var opsets: [OpsetImport]
  /// Documentation, metadata and unknown fields.
  public var annotations = Annotations()

  /// From its parts.
  public init(
    name: OpName, overload: String = "", graph: Graph, attributes: [String] = [], defaults: Attributes = [:],
    opsets: [OpsetImport] = []
  ) {
    self.name = name
    self.overload = overload
    self.graph = graph
    self.attributes = attributes
    self.defaults = defaults
    self.opsets = opsets
  }
}
