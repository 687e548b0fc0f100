public import DecantBytes
public import DecantIR
internal import DecantWire

/// Reads ONNX models: from the bytes of a file to a ``Model`` at the pinned opset.
///
/// Weights are slices of the mapped file, or of the mapped files that hold external data; nothing reads them. Models
/// of opset 1 to 28 and IR version 3 to 14 are read.
public struct ONNXReader: Sendable {
  /// What a reading may do.
  public struct Options: Sendable {
    /// Whether an unsorted graph, or a bool that is neither 0 nor 1, is an error instead of a warning.
    public var isStrict = false
    /// Whether external data may have other names (hard links) elsewhere.
    public var allowsHardLinks = false
    /// Whether operators of domains that nobody knows are kept as they are.
    public var allowsUnknownDomains = false
    /// What reading may cost; nil for limits that suit the size of the file.
    public var limits: Budget.Limits?

    /// The defaults.
    public init() {}
  }

  /// What the reading may do.
  public var options: Options
  private let reporter: any Reporter

  /// A reader that tells `reporter` what is odd in a file.
  public init(options: Options = Options(), reporter: any Reporter = SilentReporter()) {
    self.options = options
    self.reporter = reporter
  }

  /// Reads the model in the file at `path`.
  ///
  /// - Throws: `unreadable`, `malformed`, `unsupported`, `overBudget`, or `refused` for external data outside the
  ///   model's folder; each with the file and the place in it.
  public func read(_ path: String) throws(DecantError) -> Model {
    try read(try MappedFile.open(path))
  }

  /// Reads the model in an open file, and external data from the folder of its path.
  public func read(_ file: MappedFile) throws(DecantError) -> Model {
    let externalData = ExternalFiles(besides: file.path, options: options)
    return try read(file.bytes, name: file.path, externalData: externalData)
  }

  /// Reads the model in `bytes`, which stands under `name` in messages. External data is refused.
  public func read(_ bytes: ByteSlice, name: String = "model") throws(DecantError) -> Model {
    try read(bytes, name: name, externalData: nil)
  }

  private func read(
    _ bytes: ByteSlice, name: String, externalData: ExternalFiles?
  ) throws(DecantError) -> Model {
    do throws(DecantError) {
      try ForeignFormat.refuse(bytes)
      let budget = Budget(options.limits ?? .metadata(ofInput: bytes.count))
      let message = WireSource(bytes, budget: budget).message(ONNXSchema.model)
      let proto = try message.record(as: ModelProto.self)
      let context = ReadingContext(
        options: options, reporter: reporter, budget: budget, file: name, externalData: externalData)
      return try ModelReader(context).read(proto)
    } catch {
      throw error.within(name)
    }
  }

  /// Whether `bytes` open as an ONNX model does: with the tag of a field that one has.
  public static func recognizes(_ bytes: ByteSlice) -> Bool {
    guard bytes.count > 1 else { return false }
    let tag = unsafe bytes.bytes.unsafeLoad(as: UInt8.self)
    guard let field = ONNXSchema.model.field(Int(tag >> 3)) else { return false }
    return field.kind.wireType.rawValue == tag & 7
  }
}

extension WireMessage {
  /// Reads the message; a fault names the byte and the field.
  func record<R: WireRecord>(as type: R.Type) throws(DecantError) -> R {
    do throws(WireError) {
      return try decoded(as: type)
    } catch {
      throw error.within(WirePath(of: error.offset, in: self).description)
    }
  }
}

/// What the parts of one reading share.
final class ReadingContext {
  let options: ONNXReader.Options
  let reporter: any Reporter
  let budget: Budget
  /// The file in messages.
  let file: String
  let externalData: ExternalFiles?
  /// The model's IR version, once it is known.
  var irVersion = 0
  /// Model-local functions by their keys, once they are known.
  var functions: Set<FunctionKey> = []

  init(
    options: ONNXReader.Options, reporter: any Reporter, budget: Budget, file: String, externalData: ExternalFiles?
  ) {
    self.options = options
    self.reporter = reporter
    self.budget = budget
    self.file = file
    self.externalData = externalData
  }

  func warn(_ message: String, at place: [String]) {
    reporter.warn(message, at: [file] + place)
  }
}

/// Names a model-local function.
struct FunctionKey: Hashable {
  let op: OpName
  let overload: String
}
