internal import DecantIR

/// Rotary embeddings in terms of slices and products; attention is in ``AttentionBody``.
enum AttentionExpansions {
  static let all = [Expansion("Attention", AttentionBody.attend), Expansion("RotaryEmbedding", rotary)]

  /// Pairs of elements of each head are turned by angles that grow with the position.
  @Sendable private static func rotary(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let isFlat = try parts.rank(x) == 3
    let heads = parts.attributes.int("num_heads", default: 0)
    guard !isFlat || heads > 0 else { throw OpError("'num_heads' expected to be positive, got \(heads)") }
    let whole = isFlat ? parts.reshape(x, [0, 0, heads, -1]) : x
    let turned = parts.attributes.int("rotary_embedding_dim", default: 0)
    let part = turned > 0 ? parts.slice(whole, axis: 3, from: 0, to: turned) : whole
    var (cosines, sines) = (try parts.operand(1), try parts.operand(2))
    if let positions = parts.optional(3) {
      cosines = parts.add("Gather", [cosines, positions])
      sines = parts.add("Gather", [sines, positions])
    }
    cosines = parts.unsqueeze(cosines, [isFlat ? 2 : 1])
    sines = parts.unsqueeze(sines, [isFlat ? 2 : 1])
    let isInterleaved = parts.attributes.int("interleaved", default: 0) != 0
    let (first, second) = try halves(part, isInterleaved: isInterleaved, &parts)
    let real = parts.add("Sub", [parts.add("Mul", [cosines, first]), parts.add("Mul", [sines, second])])
    let imaginary = parts.add("Add", [parts.add("Mul", [sines, first]), parts.add("Mul", [cosines, second])])
    var result: ValueID
    if isInterleaved {
      let pairs = parts.concat([parts.unsqueeze(real, [4]), parts.unsqueeze(imaginary, [4])], axis: 4)
      result = parts.reshape(pairs, [0, 0, 0, -1])
    } else {
      result = parts.concat([real, imaginary], axis: 3)
    }
    if turned > 0 { result = parts.concat([result, parts.slice(whole, axis: 3, from: turned)], axis: 3) }
    return [isFlat ? parts.reshape(result, [0, 0, -1]) : result]
  }

  private static func halves(
    _ x: ValueID, isInterleaved: Bool, _ parts: inout Expander
  ) throws(OpError) -> (ValueID, ValueID) {
    if isInterleaved {
      let pairs = parts.reshape(x, [0, 0, 0, -1, 2])
      let (zero, one) = (parts.constant(Tensor(scalar: Int64(0))), parts.constant(Tensor(scalar: Int64(1))))
      return (
        parts.add("Gather", [pairs, zero], ["axis": .int(4)]), parts.add("Gather", [pairs, one], ["axis": .int(4)])
      )
    }
    let pairs = parts.reshape(x, [0, 0, 0, 2, -1])
    let (zero, one) = (parts.constant(Tensor(scalar: Int64(0))), parts.constant(Tensor(scalar: Int64(1))))
    return (
      parts.add("Gather", [pairs, zero], ["axis": .int(3)]), parts.add("Gather", [pairs, one], ["axis": .int(3)])
    )
  }
}
