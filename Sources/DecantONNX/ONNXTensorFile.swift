public import DecantBytes
public import DecantIR
internal import DecantWire

/// A tensor in a file of its own, as ONNX's test data has it: `input_0.pb`, a bare `TensorProto`.
public enum ONNXTensorFile {
  /// Reads the tensor in the file at `path`.
  ///
  /// - Throws: `unreadable` or `malformed`, with the place in the file.
  public static func read(_ path: String) throws(DecantError) -> Tensor {
    let file = try MappedFile.open(path)
    do throws(DecantError) {
      let budget = Budget(.metadata(ofInput: file.bytes.count))
      let message = WireSource(file.bytes, budget: budget).message(ONNXSchema.tensor)
      let context = ReadingContext(
        options: ONNXReader.Options(), reporter: SilentReporter(), budget: budget, file: path, externalData: nil)
      return try TensorReader(context).read(try message.record(as: TensorProto.self), at: "tensor")
    } catch {
      throw error.within(path)
    }
  }

  /// Writes `tensor` under `name` to `path`.
  ///
  /// - Throws: `cannotCreate` or `inputOutput`.
  public static func write(
    _ tensor: Tensor, name: String, to path: String, replacing: Bool = false
  ) throws(DecantError) {
    var plan: ExternalDataPlan?
    let proto = try TensorEncoder.encode(tensor, name: name, &plan)
    let file = try AtomicFile(path, replacing: replacing)
    _ = try WireWriter.write(proto, to: FileSink(file))
    try file.commit()
  }
}
