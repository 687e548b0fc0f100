internal import DecantBytes
internal import DecantIR

/// The operator sets that a model or function imports.
struct Opsets {
  /// In file order, with the empty domain for ONNX's own.
  let imports: [OpsetImport]

  /// The version of ONNX's own operators; nil when they are not imported.
  var core: Int? { version(of: "") }

  func version(of domain: String) -> Int? { imports.first { $0.domain == domain }?.version }

  /// Checks the imports (catalogue C02). A function may leave them out: the model's hold. A domain may be there twice with the
  /// same version: skl2onnx writes that.
  static func read(
    _ protos: [OperatorSetIdProto], irVersion: Int, at function: String? = nil
  ) throws(DecantError) -> Opsets {
    let place = (function.map { $0 + "." } ?? "") + "opset_import"
    // Before IR version 3 there was one operator set, and nothing to name it.
    if protos.isEmpty, function == nil, irVersion < 3 { return Opsets(imports: [OpsetImport(domain: "", version: 1)]) }
    guard function != nil || !protos.isEmpty else {
      throw DecantError(.malformed, "expected at least one operator set, got none", at: [place])
    }
    var imports: [OpsetImport] = []
    for proto in protos {
      let domain = proto.domain == "ai.onnx" ? "" : proto.domain ?? ""
      let name = domain.isEmpty ? "ai.onnx" : domain
      if let before = imports.first(where: { $0.domain == domain }) {
        guard let version = proto.version, version == before.version else {
          throw DecantError(
            .malformed,
            "the domain '\(name)' is imported twice, in versions \(before.version) and \(proto.version ?? 0)",
            at: [place])
        }
        continue
      }
      guard let version = proto.version, version > 0 else {
        throw DecantError(
          .malformed, "the version of '\(name)' expected to be positive, got \(proto.version ?? 0)", at: [place])
      }
      if let known = OpsetTable.range(of: domain) {
        guard version <= Int64(known.upperBound) else {
          throw DecantError(
            .unsupported, "version \(version) of '\(name)', and \(known.upperBound) is the newest known", at: [place])
        }
        guard version >= Int64(known.lowerBound) else {
          throw DecantError(
            .unsupported, "version \(version) of '\(name)', and \(known.lowerBound) is the oldest known", at: [place])
        }
      }
      imports.append(OpsetImport(domain: domain, version: Int(version)))
    }
    return Opsets(imports: imports)
  }
}
