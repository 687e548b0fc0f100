internal import DecantIR

/// Operators of `ai.onnx.ml`.
///
/// Given: `%y = LabelEncoder(%x) {classes_strings: [a, b]}` at version 1 of `ai.onnx.ml`.
/// Result: `%y = CategoryMapper(%x) {cats_int64s: [0, 1], cats_strings: [a, b]}`.
enum ClassicalUpgrades {
  static let steps = [OpsetStep("LabelEncoder", domain: domain, 2, categories)]

  private static let domain = "ai.onnx.ml"

  /// A list of strings was exchanged for their places, or places for strings, as the operand's type had it: `CategoryMapper`
  /// still does that.
  private static func categories(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    var names: [ByteString] = []
    if case .strings(let values)? = rewriter.graph[node].attributes["classes_strings"] { names = values }
    rewriter.setAttribute(node, "classes_strings", nil)
    rewriter.setAttribute(node, "cats_strings", .strings(names))
    rewriter.setAttribute(node, "cats_int64s", .ints(names.indices.map { Int64($0) }))
    rewriter.setOp(node, OpName("CategoryMapper", domain: domain))
  }
}
