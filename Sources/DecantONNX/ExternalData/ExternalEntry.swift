internal import DecantBytes

/// Where the bytes of a tensor lie outside the model, as its key and value pairs say.
struct ExternalEntry {
  /// A path relative to the model's folder.
  let location: String
  /// The first byte.
  let offset: Int
  /// How many bytes; nil for all that follow.
  let length: Int?
  /// SHA-1 of the whole file in hexadecimal; hardly ever written.
  let checksum: String?

  /// Reads the pairs; keys that nobody knows are given to `ignore` (catalogue C26).
  init(_ pairs: [StringStringEntryProto], ignore: (String) -> Void) throws(DecantError) {
    var found: [String: String] = [:]
    for pair in pairs {
      let key = pair.key ?? ""
      guard ["location", "offset", "length", "checksum", "basepath"].contains(key) else {
        ignore(key)
        continue
      }
      guard found.updateValue(pair.value ?? "", forKey: key) == nil else {
        throw DecantError(.malformed, "external data: the key '\(key)' is given twice")
      }
    }
    guard let location = found["location"] else {
      throw DecantError(.malformed, "external data expected to have a location, got none")
    }
    self.location = location
    offset = try ExternalEntry.number(found["offset"], "offset") ?? 0
    length = try ExternalEntry.number(found["length"], "length")
    checksum = found["checksum"]
  }

  /// A decimal number without sign, spaces or exponent (catalogue C23).
  private static func number(_ text: String?, _ key: String) throws(DecantError) -> Int? {
    guard let text else { return nil }
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else {
      throw DecantError(.malformed, "external data: \(key) expected to be a decimal number, got '\(text)'")
    }
    return number
  }
}
