internal import DecantBytes
internal import DecantIR

/// placeholder
enum BundleFile {
  static func matches(_ bytes: ByteSlice) -> Bool { false }
  static func model(_ path: String) throws(DecantError) -> Model { throw DecantError(.unsupported, "bundle") }
}
