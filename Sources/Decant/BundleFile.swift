public import DecantBundle
public import DecantBytes
internal import DecantIR
internal import DecantONNX

/// What goes with bundles beyond the bundle itself.
public enum BundleFile {
  /// Writes the model in `bundle` as ONNX, and its files, into `folder`, which is made when it is missing.
  ///
  /// The model is called like the bundle at `path`, ending in `.onnx`, or `model.onnx` where a file has that name.
  ///
  /// - Returns: the path of the model.
  /// - Throws: `refused` when a symbolic link stands in the way; `cannotCreate` when something exists and `replaces` is false.
  public static func extract(
    _ bundle: Bundle, at path: String, to folder: String, replaces: Bool = false,
    reporter: any Reporter = SilentReporter()
  ) throws(DecantError) -> String {
    let target = try OutputFolder(folder)
    let names = bundle.entries.filter { $0.kind == .file }.map(\.name)
    let model = try target.place(for: modelName(of: path, besides: names))
    for place in [model] + (try names.map { (name) throws(DecantError) in try target.place(for: name) }) {
      try OutputPath.check(place, replacing: replaces)
    }
    var options = ModelFile.WriteOptions()
    options.replaces = replaces
    try ModelFile.write(try bundle.model(), to: model, options, reporter: reporter)
    try bundle.extractFiles(to: folder, replacing: replaces)
    return model
  }

  /// Checks every byte of the bundle at `path`.
  ///
  /// - Throws: `refuted` for a bundle that is damaged, `malformed` for a file that is none.
  public static func verify(_ path: String) throws(DecantError) -> Bundle {
    guard Bundle.matches(try MappedFile.open(path).bytes) else {
      throw DecantError(.malformed, "expected a bundle, got other bytes", at: [path])
    }
    do throws(DecantError) {
      let bundle = try Bundle.open(path)
      try bundle.verify()
      return bundle
    } catch {
      var damage = error
      if error.kind == .malformed { damage.kind = .refuted }
      throw damage
    }
  }

  private static func modelName(of path: String, besides names: [String]) -> String {
    let last = path.split(separator: "/").last.map(String.init) ?? path
    let stem = last.lowercased().hasSuffix(".decant") ? String(last.dropLast(7)) : last
    let taken = Set(names.map { $0.lowercased() })
    let candidates = [stem, "model", "graph"].filter { !$0.isEmpty }.map { $0 + ".onnx" }
    return candidates.first { !taken.contains($0.lowercased()) } ?? "bundled-model.onnx"
  }
}
