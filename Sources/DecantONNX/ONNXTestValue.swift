public import DecantBytes
public import DecantIR
internal import DecantWire

/// A value in a test-data file: one tensor, or what is made of tensors.
///
/// A file holds one bare message, which does not say what it is: the type of the model's input or output does.
public indirect enum ONNXTestValue: Hashable, Sendable {
  /// A tensor.
  case tensor(Tensor)
  /// A sequence.
  case sequence([ONNXTestValue])
  /// An optional; nil stands for none.
  case optional(ONNXTestValue?)

  /// Reads the file at `path` as a value of `type`; a type that is not known is taken for a tensor.
  ///
  /// - Throws: `unreadable`, `malformed`, or `unsupported` for maps and sparse tensors.
  public static func read(
    _ path: String, type: ValueType = .unknown, reporter: any Reporter = SilentReporter()
  ) throws(DecantError) -> ONNXTestValue {
    let file = try MappedFile.open(path)
    do throws(DecantError) {
      return try read(file.bytes, type: type, reporter: reporter)
    } catch {
      throw error.within(path)
    }
  }

  /// Reads `bytes` as a value of `type`.
  public static func read(
    _ bytes: ByteSlice, type: ValueType = .unknown, reporter: any Reporter = SilentReporter()
  ) throws(DecantError) -> ONNXTestValue {
    let budget = Budget(.metadata(ofInput: bytes.count))
    let source = WireSource(bytes, budget: budget)
    let context = ReadingContext(
      options: ONNXReader.Options(), reporter: reporter, budget: budget, file: "value", externalData: nil)
    let reader = TestValueReader(TensorReader(context))
    switch type {
    case .sequence: return try reader.value(try source.message(ONNXSchema.sequence).record(as: SequenceProto.self))
    case .optional: return try reader.value(try source.message(ONNXSchema.optional).record(as: OptionalProto.self))
    case .tensor, .unknown:
      let proto = try source.message(ONNXSchema.tensor).record(as: TensorProto.self)
      return .tensor(try TensorReader(context).read(proto, at: "tensor '\(proto.name ?? "")'"))
    case .sparseTensor, .map, .opaque: throw DecantError(.unsupported, "test data of type \(type)")
    }
  }

  /// The bytes of a file that holds the value under `name`.
  public func bytes(name: String = "") throws(DecantError) -> [UInt8] {
    let name = name.isEmpty ? nil : name
    switch self {
    case .tensor(let tensor):
      var plan: ExternalDataPlan?
      return try WireWriter.write(TensorEncoder.encode(tensor, name: name, &plan), to: MemorySink()).bytes
    case .sequence(let elements):
      var proto = try TestValueEncoder.sequence(elements)
      proto.name = name
      return try WireWriter.write(proto, to: MemorySink()).bytes
    case .optional(let value):
      var proto = try TestValueEncoder.optional(value)
      proto.name = name
      return try WireWriter.write(proto, to: MemorySink()).bytes
    }
  }

  /// Writes the value under `name` to a file of its own.
  public func write(to path: String, name: String = "", replacing: Bool = false) throws(DecantError) {
    let file = try AtomicFile(path, replacing: replacing)
    try file.write(try bytes(name: name))
    try file.commit()
  }
}
