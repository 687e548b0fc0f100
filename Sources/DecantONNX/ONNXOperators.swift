public import DecantIR

/// What ONNX's operator sets say about operators, as far as files are read.
public enum ONNXOperators {
  /// The versions of its operator set in which `op` appeared or changed, ascending; empty where it has none: operators of
  /// vendors are read in their one form.
  public static func versions(of op: OpName) -> [Int] { OpsetTable.versions(of: op) ?? [] }

  /// Whether newer operator sets have another operator instead of `op`, which reading puts in its place.
  public static func isReplaced(_ op: OpName) -> Bool { OpsetTable.removal(of: op) != nil }

  /// Every operator that an ONNX file may hold and that has versions, sorted.
  public static var versioned: [OpName] { OpsetTable.operators.sorted() }
}
