internal import DecantBundle
public import DecantBytes
public import DecantIR
internal import DecantONNX

/// Model files: found out by content when read, and by the path's ending when written.
public enum ModelFile {
  /// How to read.
  public struct ReadOptions: Sendable {
    /// Whether oddities that can be lived with are errors.
    public var isStrict = false
    /// Whether external data may have other names (hard links).
    public var allowsHardLinks = false
    /// The folder of a text form's weights, when it is not the one that the text names.
    public var weights: String?

    /// Lenient, and no hard links.
    public init() {}
  }

  /// How to write.
  public struct WriteOptions: Sendable {
    /// Whether a file that exists is replaced.
    public var replaces = false
    /// The operator set of ONNX to write; nil for the one that the model came with.
    public var opset: Int?
    /// Whether large tensors go to a file beside the model; models past 2 GiB do so by themselves.
    public var usesExternalData = false
    /// The folder for a text form's weights; nil for digests only.
    public var weights: String?

    /// Nothing is replaced, and the model keeps its opset.
    public init() {}
  }

  /// Reads the model at `path`, whatever its name ends in. Weights are mapped, not read.
  ///
  /// - Throws: `unreadable`, `malformed`, `unsupported`, `overBudget` or `refused`, with the place in the file.
  public static func read(
    _ path: String, _ options: ReadOptions = ReadOptions(), reporter: any Reporter = SilentReporter()
  ) throws(DecantError) -> Model {
    let file = try MappedFile.open(path)
    guard let format = ModelFormat.allCases.first(where: { $0.matches(file.bytes) }) else {
      let tried = ModelFormat.allCases.map(\.title).joined(separator: ", ")
      let found = file.bytes.count == 0 ? "an empty file" : "something else"
      if file.bytes.count > 0 { try ForeignFormat.refuse(file.bytes, in: path) }
      throw DecantError(.malformed, "expected a model (\(tried)), got \(found)", at: [path])
    }
    if let named = ModelFormat(path: path), named != format {
      reporter.warn("the name says \(named.title), the content is \(format.title)", at: [path])
    }
    switch format {
    case .text:
      var parsing = TextForm.ParseOptions()
      parsing.weights = options.weights
      return try TextForm.parse(file.bytes, path: path, parsing)
    case .onnx:
      var reading = ONNXReader.Options()
      reading.isStrict = options.isStrict
      reading.allowsHardLinks = options.allowsHardLinks
      return try ONNXReader(options: reading, reporter: reporter).read(file)
    case .bundle:
      return try Bundle.open(path).model()
    }
  }

  /// How many bytes `model` has as one ONNX file, its weights included.
  ///
  /// - Throws: `unsupported` where the opset cannot hold the model.
  public static func byteCount(of model: Model) throws(DecantError) -> Int { try ONNXWriter().byteCount(of: model) }

  /// Writes `model` to `path`, in the format that its ending names: `.onnx`, `.txt` for the text form, `.decant` for a bundle.
  ///
  /// The file appears whole or not at all.
  ///
  /// - Throws: `usage` for other endings, `cannotCreate`, `inputOutput`, or `unsupported` where the format or the opset
  ///   cannot hold the model.
  public static func write(
    _ model: Model, to path: String, _ options: WriteOptions = WriteOptions(),
    reporter: any Reporter = SilentReporter()
  ) throws(DecantError) {
    switch ModelFormat(path: path) {
    case .onnx?:
      var writing = ONNXWriter.Options()
      writing.isReplacing = options.replaces
      writing.opset = options.opset
      if options.usesExternalData { writing.externalData = .from(bytes: 1024) }
      try ONNXWriter(options: writing, reporter: reporter).write(model, to: path)
    case .text?:
      let file = try AtomicFile(path, replacing: options.replaces)
      let weights = options.weights.map { TextForm.Weights.directory($0) } ?? .digests
      if options.weights == nil {
        reporter.note("large weights are written as digests; '--weights DIR' keeps them", at: [path])
      }
      try TextForm.write(model, to: file, TextForm.Options(weights: weights))
      try file.commit()
    case .bundle?:
      try Bundle.create(model, at: path, replacing: options.replaces)
    case nil:
      throw DecantError(
        .usage, "the name does not say which format to write", at: [path],
        note: "end it in .onnx, in .txt for the text form, or in .decant for a bundle")
    }
  }
}

/// The catalogue of model formats, in the order in which content is tried.
public enum ModelFormat: String, Sendable, CaseIterable {
  case text
  case bundle
  case onnx

  /// The format that the ending of `path` names; nil for others.
  public init?(path: String) {
    let name = path.lowercased()
    if name.hasSuffix(".onnx") {
      self = .onnx
    } else if name.hasSuffix(".txt") {
      self = .text
    } else if name.hasSuffix(".decant") {
      self = .bundle
    } else {
      return nil
    }
  }

  /// The name in messages.
  public var title: String {
    switch self {
    case .text: "text form"
    case .bundle: "Decant bundle"
    case .onnx: "ONNX"
    }
  }

  func matches(_ bytes: ByteSlice) -> Bool {
    switch self {
    case .text: TextForm.matches(bytes)
    case .bundle: Bundle.matches(bytes)
    case .onnx: ONNXReader.recognizes(bytes)
    }
  }
}
