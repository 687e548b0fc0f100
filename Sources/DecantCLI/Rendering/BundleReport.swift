internal import Decant

/// What a bundle holds, as text and as JSON.
struct BundleReport {
  private let bundle: Bundle

  init(_ bundle: Bundle) { self.bundle = bundle }

  private var plainSize: Int { bundle.entries.reduce(0) { $0 + $1.size } }

  /// One line.
  var summary: String {
    let ratio = plainSize > 0 ? Format.decimals(Double(bundle.size) / Double(plainSize), 3) : "1.000"
    return "\(Format.count(bundle.entries.count)) entries, \(Format.bytes(bundle.size)) for \(Format.bytes(plainSize)) "
      + "(\(ratio)), sha256 \(bundle.digest.hex)"
  }

  /// A table of the entries, and the summary.
  var text: String {
    var table = Table(["entry", "kind", "type", "bytes", "stored"])
    for entry in bundle.entries {
      table.add(
        entry.name, kind(entry), type(entry), Format.count(entry.size), Format.count(entry.storedSize))
    }
    return table.text + "\n" + summary + "\n"
  }

  /// All of it.
  var document: JSON {
    let entries = bundle.entries.map { entry -> JSON in
      var object: JSONObject = ["name": .string(entry.name), "kind": .string(kind(entry))]
      if case .tensor(let type, let shape) = entry.kind {
        object["type"] = .string(type.name)
        object["shape"] = .array(shape.map { .integer($0) })
      }
      object["bytes"] = .integer(entry.size)
      object["stored_bytes"] = .integer(entry.storedSize)
      return .object(object)
    }
    return .object([
      "bytes": .integer(bundle.size), "plain_bytes": .integer(plainSize), "digest": .string(bundle.digest.hex),
      "compressor": .string(bundle.compressor), "entries": .array(entries),
    ])
  }

  private func kind(_ entry: BundleEntry) -> String {
    switch entry.kind {
    case .graph: "graph"
    case .tensor: "tensor"
    case .file: "file"
    }
  }

  private func type(_ entry: BundleEntry) -> String {
    if case .tensor(let type, let shape) = entry.kind { "\(type)\(Shape(shape))" } else { "" }
  }
}
