package import DecantBytes

/// The names of a bundle's entries: each once, and those of files safe to create on any system.
package struct EntryNames {
  private var known: Set<Key> = []
  private var files: Set<String> = []
  private var folders: Set<String> = []

  package init() {}

  private struct Key: Hashable {
    var kind: Int32
    var name: [UInt8]
  }

  /// Takes one more name, or refuses it.
  package mutating func add(_ name: String, kind: Int32, place: [String]) throws(DecantError) {
    guard known.insert(Key(kind: kind, name: Array(name.utf8))).inserted else {
      throw DecantError(.malformed, "the name appears twice", at: place)
    }
    guard kind == 3 else { return }
    if let reason = EntryNames.danger(in: name) {
      throw DecantError(.refused, "the path \(reason)", at: place)
    }
    let folded = name.lowercased()
    let parents = EntryNames.parents(of: folded)
    guard files.insert(folded).inserted, !folders.contains(folded), files.isDisjoint(with: parents) else {
      throw DecantError(
        .refused, "the path collides with another one that differs only in case or is its folder", at: place)
    }
    folders.formUnion(parents)
  }

  private static func parents(of path: String) -> [String] {
    path.indices.filter { path[$0] == "/" }.map { String(path[..<$0]) }
  }

  /// Why a file's path must not be created; nil when it may.
  static func danger(in path: String) -> String? {
    guard !path.isEmpty else { return "is empty" }
    guard path.utf8.count <= 255 else { return "is longer than 255 bytes" }
    for scalar in path.unicodeScalars {
      if scalar.isUnsafeInText { return "holds a control character" }
      if "\\:<>\"|?*".unicodeScalars.contains(scalar) { return "holds '\(scalar)'" }
    }
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      if part.isEmpty { return "is absolute or has an empty part" }
      if part == "." || part == ".." { return "holds '\(part)'" }
      if part.hasSuffix(".") || part.hasSuffix(" ") || part.hasPrefix(" ") {
        return "has a part that begins or ends oddly"
      }
      if isDevice(part) { return "names a device of Windows" }
    }
    return nil
  }

  private static func isDevice(_ part: Substring) -> Bool {
    let stem = part.prefix { $0 != "." }.uppercased()
    if ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(stem) { return true }
    return stem.count == 4 && (stem.hasPrefix("COM") || stem.hasPrefix("LPT")) && stem.last?.isNumber == true
  }
}

extension String {
  /// The text with everything escaped that a terminal could take for a command, and cut when very long.
  var escaped: String {
    let shown = unicodeScalars.prefix(100)
    let text = shown.map { scalar in
      scalar.isUnsafeInText ? "\\u{\(Swift.String(scalar.value, radix: 16))}" : Swift.String(scalar)
    }.joined()
    let rest = unicodeScalars.count - shown.count
    return rest > 0 ? text + "… (\(rest) more)" : text
  }
}
