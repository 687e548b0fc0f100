import DecantBytes
import DecantWire

@testable import DecantONNX

/// Reads written bytes as messages, without an IR between.
enum WireMessageReader {
  static func model(_ bytes: [UInt8]) throws -> ModelProto {
    try WireSource(ByteSlice(copying: bytes), budget: Budget()).message(ONNXSchema.model).decoded(as: ModelProto.self)
  }
}
