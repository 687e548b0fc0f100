internal import DecantIR

/// Merges two casts in a row when the first one loses nothing.
///
///     Given:  %a = Cast(%x: i32[N]) {to: 7}          ; i64
///             %y = Cast(%a) {to: 1}                  ; f32
///     Result: %y = Cast(%x) {to: 1}
///
/// Exact: every value of the first type is a value of the second, so the last cast rounds the same number. The first one
/// stays for its other readers.
enum MergeCasts {
  static let rule = RewriteRule("merge-casts", roots: ["Cast"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let first = rewriter.graph.producer(ofOperand: 0, of: node, among: ["Cast"]),
      let source = rewriter.graph[first].operand(0)
    else { return .skipped("the operand is not cast") }
    guard let from = rewriter.graph[source].type.dataType,
      let over = rewriter.graph.type(ofOperand: 0, of: node)?.dataType
    else { return .skipped("a type is not known") }
    guard from.isExact(in: over) else { return .skipped("the first cast from \(from) to \(over) loses precision") }
    rewriter.exchange(operand: 0, of: node, for: source)
    return .applied
  }
}

extension DataType {
  /// Whether every value of this type is a value of `other`. Types below 8 bits and of 8-bit floats are not judged.
  func isExact(in other: DataType) -> Bool {
    if self == other { return true }
    guard let mine = precision, let theirs = other.precision else { return false }
    return mine.bits <= theirs.bits && mine.range <= theirs.range && (!mine.isSigned || theirs.isSigned)
      && (!isFloat || other.isFloat)
  }

  /// Bits of the significand without the sign, the power of two that bounds the values, and whether there is a sign.
  private var precision: (bits: Int, range: Int, isSigned: Bool)? {
    switch self {
    case .bool: (1, 1, false)
    case .uint8, .uint16, .uint32, .uint64: (bitWidth, bitWidth, false)
    case .int8, .int16, .int32, .int64: (bitWidth - 1, bitWidth - 1, true)
    case .float16: (11, 15, true)
    case .bfloat16: (8, 128, true)
    case .float32: (24, 128, true)
    case .float64: (53, 1024, true)
    default: nil
    }
  }
}
