public import DecantBytes
public import DecantIR
internal import DecantWire

/// Files of test data, each of which holds one value: a tensor, or what is made of tensors.
///
/// A file holds one bare message, which does not say what it is: the type of the model's input or output does.
public enum ONNXTestValue {
  /// Reads the file at `path` as a value of `type`; a type that is not known is taken for a tensor.
  ///
  /// - Throws: `unreadable`, `malformed`, or `unsupported` for sparse tensors.
  public static func read(
    _ path: String, type: ValueType = .unknown, reporter: any Reporter = SilentReporter()
  ) throws(DecantError) -> RuntimeValue {
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
  ) throws(DecantError) -> RuntimeValue {
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
    case .map: return try reader.value(try source.message(ONNXSchema.map).record(as: MapProto.self))
    case .sparseTensor, .opaque: throw DecantError(.unsupported, "test data of type \(type)")
    }
  }

  /// The bytes of a file that holds `value` under `name`.
  public static func bytes(of value: RuntimeValue, name: String = "") throws(DecantError) -> [UInt8] {
    let name = name.isEmpty ? nil : name
    switch value {
    case .tensor(let tensor):
      var plan: ExternalDataPlan?
      return try WireWriter.write(TensorEncoder.encode(tensor, name: name, &plan), to: MemorySink()).bytes
    case .sequence(let elements):
      var proto = try TestValueEncoder.sequence(elements)
      proto.name = name
      return try WireWriter.write(proto, to: MemorySink()).bytes
    case .optional(let element):
      var proto = try TestValueEncoder.optional(element)
      proto.name = name
      return try WireWriter.write(proto, to: MemorySink()).bytes
    case .map(let keys, let values):
      var proto = try TestValueEncoder.map(keys: keys, values: values)
      proto.name = name
      return try WireWriter.write(proto, to: MemorySink()).bytes
    }
  }

  /// Writes `value` under `name` to a file of its own.
  public static func write(
    _ value: RuntimeValue, to path: String, name: String = "", replacing: Bool = false
  ) throws(DecantError) {
    let file = try AtomicFile(path, replacing: replacing)
    try file.write(try bytes(of: value, name: name))
    try file.commit()
  }
}
