internal import CSchemas
internal import DecantWire

/// The messages that a file may consist of.
enum ONNXSchema {
  static let model = unsafe WireSchema.read(decant_schema_onnx_model())
  static let tensor = unsafe WireSchema.read(decant_schema_onnx_tensor())
  static let map = unsafe WireSchema.read(decant_schema_onnx_map())
  static let sequence = unsafe WireSchema.read(decant_schema_onnx_sequence())
  static let optional = unsafe WireSchema.read(decant_schema_onnx_optional())
}
