package import DecantIR

/// An operator on element types that it does not take: on wider ones, between conversions.
///
/// Given: `%y = Add(%a, %b)` on `i8`.
/// Result: `%y = Cast(Add(Cast(%a), Cast(%b)))` on `i32`: the sum wraps around as before.
package enum Widening {
  /// Wider types that hold every element of `type`, the nearest first.
  package static func candidates(for type: DataType) -> [DataType] {
    switch type {
    case .bool, .int8, .int16, .uint8, .uint16: [.int32, .float32]
    case .int32, .uint32: [.int64, .float64]
    case .float16, .bfloat16, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float4E2M1: [.float32]
    default: []
    }
  }

  /// Converts operands of type `narrow` to `wide`, and results of type `narrow` back.
  package static func apply(
    to node: NodeID, _ narrow: DataType, as wide: DataType, opset: Int, _ rewriter: inout Rewriter
  ) throws(OpError) -> [NodeID] {
    try Expander.run(on: node, opset: opset, &rewriter) { (parts) throws(OpError) in
      var operands: [ValueID?] = []
      for operand in parts.node.declaredOperands {
        guard let operand, try parts.dataType(operand) == narrow else {
          operands.append(operand)
          continue
        }
        operands.append(try parts.cast(operand, to: wide))
      }
      let old = parts.node.results
      let results = parts.add(parts.node.op, operands, parts.attributes, results: old.count)
      var back: [ValueID?] = []
      for (old, new) in zip(old, results) {
        guard let old, let new, try parts.dataType(old) == narrow else {
          back.append(new)
          continue
        }
        back.append(parts.add("Cast", [new], ["to": .int(Int64(narrow.rawValue))]))
      }
      return back
    }
  }
}
