public import DecantBytes
public import DecantIR
internal import DecantWire

/// Writes models as ONNX: atomically, with large weights straight from where they are.
///
/// The same model gives the same bytes.
public struct ONNXWriter: Sendable {
  /// What a writing may do.
  public struct Options: Sendable {
    /// Where weights go.
    public enum ExternalData: Sendable {
      /// Into the model, or beside it once the model would exceed the format's limit of 2 GiB.
      case whenNeeded
      /// Beside it, for tensors of at least this many bytes.
      case from(bytes: Int)
      /// Into the model, whatever its size: too large a one is refused.
      case never
    }

    /// The version of ONNX's operator set; nil for the one that the model came with.
    public var opset: Int?
    /// Where weights go.
    public var externalData = ExternalData.whenNeeded
    /// The name of the file for weights; nil for the model's own name and `.data`.
    public var externalName: String?
    /// Whether existing files are replaced.
    public var isReplacing = false
    /// The largest file that protobuf allows.
    package var sizeLimit = Int(Int32.max)

    /// The defaults.
    public init() {}
  }

  /// Tensors below this size stay in the model when it is split because it is too large.
  static let inlineSize = 1024

  /// What the writing may do.
  public var options: Options
  private let reporter: any Reporter

  /// A writer that tells `reporter` what it had to change.
  public init(options: Options = Options(), reporter: any Reporter = SilentReporter()) {
    self.options = options
    self.reporter = reporter
  }

  /// Writes `model` to `path`, and its weights beside it where that is asked or needed.
  ///
  /// - Throws: `cannotCreate`, `inputOutput`, `unsupported` for what ONNX cannot say. Nothing is left then.
  public func write(_ model: Model, to path: String) throws(DecantError) {
    let encoder = ModelEncoder(try VersionedModel(model, options: options, reporter: reporter))
    let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    var plan = externalPlan(for: name)
    var proto = try encoder.encode(&plan)
    var sizer = WireSizer(measuring: proto)
    if sizer.total > options.sizeLimit, plan == nil {
      guard case .whenNeeded = options.externalData else {
        throw DecantError(
          .overBudget, "the model has \(sizer.total) bytes, and protobuf allows \(options.sizeLimit)", at: [path],
          note: "write its weights as external data")
      }
      plan = ExternalDataPlan(name: options.externalName ?? "\(name).data", from: ONNXWriter.inlineSize)
      proto = try encoder.encode(&plan)
      reporter.note(
        "the model has \(sizer.total) bytes, and protobuf allows \(options.sizeLimit): its weights are in '\(plan?.name ?? "")'",
        at: [path])
      sizer = WireSizer(measuring: proto)
    }
    guard sizer.total <= options.sizeLimit else {
      throw DecantError(
        .overBudget, "the model has \(sizer.total) bytes without its weights, and protobuf allows \(options.sizeLimit)",
        at: [path])
    }
    try write(proto, sizer, plan, to: path)
  }

  /// The bytes of `model` as one file.
  public func bytes(of model: Model) throws(DecantError) -> [UInt8] {
    var plan: ExternalDataPlan?
    let versioned = try VersionedModel(model, options: options, reporter: reporter)
    let proto = try ModelEncoder(versioned).encode(&plan)
    return try WireWriter.write(proto, to: MemorySink()).bytes
  }

  /// How many bytes `model` has as one file.
  public func byteCount(of model: Model) throws(DecantError) -> Int {
    var plan: ExternalDataPlan?
    let versioned = try VersionedModel(model, options: options, reporter: reporter)
    let proto = try ModelEncoder(versioned).encode(&plan)
    return WireSizer(measuring: proto).total
  }

  private func externalPlan(for name: String) -> ExternalDataPlan? {
    guard case .from(let bytes) = options.externalData else { return nil }
    return ExternalDataPlan(name: options.externalName ?? "\(name).data", from: bytes)
  }

  private func write(
    _ proto: ModelProto, _ sizer: WireSizer, _ plan: ExternalDataPlan?, to path: String
  ) throws(DecantError) {
    var files: [AtomicFile] = []
    if let plan, plan.byteCount > 0 {
      let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
      let data = try AtomicFile(folder + plan.name, replacing: options.isReplacing, expecting: plan.byteCount)
      try plan.write(to: data)
      files.append(data)
    }
    let file = try AtomicFile(path, replacing: options.isReplacing, expecting: sizer.total)
    _ = try WireWriter.write(proto, measuredBy: sizer, to: FileSink(file))
    files.append(file)
    try AtomicFileSet.commit(files)
  }
}
