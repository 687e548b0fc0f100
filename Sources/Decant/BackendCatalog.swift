public import DecantBytes
internal import DecantEngine
internal import DecantOneDNN
internal import DecantOps
public import DecantRuntime

/// What runs models, by the names that users choose.
public enum BackendCatalog {
  /// The names, the default first.
  public static let names = ["onednn", "native", "reference"]

  /// The backends behind `name`, in the order in which they are asked: the reference kernels always come last.
  ///
  /// - Throws: `usage` for other names.
  public static func backends(_ name: String) throws(DecantError) -> [any Backend] {
    let reference = ReferenceBackend(StandardOps())
    switch name {
    case "reference": return [reference]
    case "native": return [NativeBackend(), reference]
    case "onednn":
      // Without such instructions oneDNN convolves codes faster than our own kernels.
      let first: [any Backend] = NativeBackend.hasDotProducts ? [] : [OneDNNBackend(only: ["QLinearConv"])]
      return first + [NativeBackend(), OneDNNBackend(), reference]
    default:
      throw DecantError(.usage, "backend '\(name)' expected one of \(names.joined(separator: ", "))")
    }
  }
}
