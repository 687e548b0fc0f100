public import DecantIR
internal import DecantOps

/// What ONNX's operator sets say about operators, as far as files are read.
public enum ONNXOperators {
  /// The versions of its operator set in which `op` appeared or changed, ascending; empty where it has none: operators of
  /// vendors are read in their one form.
  public static func versions(of op: OpName) -> [Int] { OpsetTable.versions(of: op) ?? [] }

  /// Whether reading puts other operators in the place of `op`: those that newer operator sets have instead, or the
  /// derivatives that it asks for.
  public static func isReplaced(_ op: OpName) -> Bool { OpsetTable.removal(of: op) != nil || op == Gradients.op }

  /// Every operator that an ONNX file may hold and that has versions, sorted.
  public static var versioned: [OpName] { OpsetTable.operators.sorted() }
}
