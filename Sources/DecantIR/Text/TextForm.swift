public import DecantBytes

/// The text form of models: one printer and one parser, with `parse(print(m)) == m`.
///
/// It serves dumps, comparisons and tests; every command reads it as input. The grammar is in the documentation page
/// *The text form*. Weights beyond a few elements are given by their SHA-256; with a folder of weights beside the text
/// they can be read back, else they are absent and everything but the data is there.
public enum TextForm {
  /// What the printer does about large tensors.
  public enum Weights: Sendable, Hashable {
    /// Their digests only.
    case digests
    /// Their digests, and their bytes in this folder as `<digest>.bin`; files that exist are kept.
    case directory(String)
  }

  /// How to print.
  public struct Options: Sendable {
    /// Tensors of at most so many elements are written out.
    public var inlineLimit: Int
    /// What to do about larger ones.
    public var weights: Weights

    /// Sixteen elements, and digests for the rest, unless told otherwise.
    public init(inlineLimit: Int = 16, weights: Weights = .digests) {
      self.inlineLimit = inlineLimit
      self.weights = weights
    }
  }

  /// How to parse.
  public struct ParseOptions: Sendable {
    /// The folder of weights that the user names; it goes before the one that the text names.
    public var weights: String?
    /// Whether weights are compared with their digests, which reads all of them.
    public var verifiesDigests: Bool

    /// The folder that the text names, digests compared, unless told otherwise.
    public init(weights: String? = nil, verifiesDigests: Bool = true) {
      self.weights = weights
      self.verifiesDigests = verifiesDigests
    }
  }

  /// Whether `bytes` begin as the text form of a model does.
  public static func matches(_ bytes: ByteSlice) -> Bool {
    let mark = Array("model \"".utf8)
    let head = bytes[0..<min(bytes.count, mark.count)].bytes
    return unsafe head.withUnsafeBytes { unsafe $0.elementsEqual(mark) }
  }

  /// `model` as text. The same model always gives the same text.
  ///
  /// - Throws: when a folder of weights is asked for and cannot be written, or data for it is absent.
  public static func print(_ model: Model, _ options: Options = Options()) throws(DecantError) -> String {
    var printer = try TextPrinter(options, textPath: nil)
    try printer.print(model)
    return String(decoding: printer.output, as: UTF8.self)
  }

  /// `graph` alone as text.
  public static func print(_ graph: Graph, _ options: Options = Options()) throws(DecantError) -> String {
    var printer = try TextPrinter(options, textPath: nil)
    try printer.print(graph)
    printer.write("\n")
    return String(decoding: printer.output, as: UTF8.self)
  }

  /// Writes `model` as text to `file`, piece by piece. The caller commits.
  public static func write(
    _ model: Model, to file: AtomicFile, _ options: Options = Options()
  ) throws(DecantError) {
    var printer = try TextPrinter(options, textPath: file.path, file: file)
    try printer.print(model)
    try printer.flush()
  }

  /// The model that `bytes` spell.
  ///
  /// - Parameter path: the text's own path: errors name it, and the folder of weights that the text names is looked up
  ///   beside it. Without one, and without `options.weights`, large tensors are absent.
  /// - Throws: an error with line and column.
  public static func parse(
    _ bytes: ByteSlice, path: String? = nil, _ options: ParseOptions = ParseOptions(), budget: Budget? = nil
  ) throws(DecantError) -> Model {
    var parser = try TextParser(bytes, path: path, options, budget: budget)
    return try parser.parseModel()
  }

  /// The model that `text` spells.
  public static func parse(_ text: String, _ options: ParseOptions = ParseOptions()) throws(DecantError) -> Model {
    try parse(ByteSlice(copying: text.utf8), options)
  }

  /// The graph that `text` spells, as in `graph @main(%x: f32[4]) -> (%y) { %a = Relu(%x) return %a }`.
  public static func parseGraph(_ text: String) throws(DecantError) -> Graph {
    var parser = try TextParser(ByteSlice(copying: text.utf8), path: nil, ParseOptions(), budget: nil)
    return try parser.parseWholeGraph()
  }
}

extension Graph: CustomStringConvertible {
  /// The text form.
  public var description: String { (try? TextForm.print(self)) ?? "graph \(name)" }
}

extension Model: CustomStringConvertible {
  /// The text form.
  public var description: String { (try? TextForm.print(self)) ?? "model \(graph.name)" }
}
