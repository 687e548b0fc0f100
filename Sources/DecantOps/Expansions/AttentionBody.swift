internal import DecantIR

/// `Attention` in terms of matrix products and a softmax: heads laid out, past keys joined, scores bent and masked.
enum AttentionBody {
  @Sendable static func attend(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let attributes = parts.attributes
    let isFlat = try parts.rank(try parts.operand(0)) == 3
    let query = try heads(0, attributes.int("q_num_heads"), &parts)
    let key = try joined(try heads(1, attributes.int("kv_num_heads"), &parts), past: parts.optional(4), &parts)
    let value = try joined(try heads(2, attributes.int("kv_num_heads"), &parts), past: parts.optional(5), &parts)
    let type = try parts.dataType(query)

    let scale = try rootOfScale(query, &parts)
    let (keys, values) = try repeated(key, value, for: query, &parts)
    let turned = parts.transpose(parts.add("Mul", [keys, scale]), [0, 1, 3, 2])
    let products = parts.add("MatMul", [parts.add("Mul", [query, scale]), turned])
    var scores = products
    let cap = attributes.float("softcap", default: 0)
    if cap > 0 {
      let cap = try parts.number(Double(cap), like: scores)
      scores = parts.add("Mul", [parts.add("Tanh", [parts.add("Div", [scores, cap])]), cap])
    }
    let capped = scores
    let masks = try biases(query, key, &parts)
    for mask in masks { scores = parts.add("Add", [scores, mask]) }
    let biased = scores
    let precision = try attributes.dataType("softmax_precision") ?? type
    scores = try parts.cast(scores, to: precision)
    var shares = parts.add("Softmax", [scores], ["axis": .int(-1)])
    if !masks.isEmpty { shares = try emptied(shares, scores, &parts) }
    shares = try parts.cast(shares, to: type)
    var result = parts.add("MatMul", [shares, values])
    if isFlat { result = parts.reshape(parts.transpose(result, [0, 2, 1, 3]), [0, 0, -1]) }
    let modes = [products, capped, biased, shares]
    let mode = attributes.int("qk_matmul_output_mode", default: 0)
    guard modes.indices.contains(mode) else { throw OpError("'qk_matmul_output_mode' expected in 0..<4, got \(mode)") }
    return [result, key, value, modes[mode]]
  }

  /// Operand `index` as `[batch, head, position, element]`.
  private static func heads(_ index: Int, _ count: Int?, _ parts: inout Expander) throws(OpError) -> ValueID {
    let x = try parts.operand(index)
    guard try parts.rank(x) == 3 else { return x }
    guard let count, count > 0 else { throw OpError("numbers of heads expected for operands of rank 3") }
    return parts.transpose(parts.reshape(x, [0, 0, count, -1]), [0, 2, 1, 3])
  }

  private static func joined(_ x: ValueID, past: ValueID?, _ parts: inout Expander) throws(OpError) -> ValueID {
    past.map { parts.concat([$0, x], axis: 2) } ?? x
  }

  /// The square root of the scale, which both sides of the product get.
  private static func rootOfScale(_ query: ValueID, _ parts: inout Expander) throws(OpError) -> ValueID {
    if let scale = parts.attributes.float("scale") {
      return try parts.number(Double(scale).squareRoot(), like: query)
    }
    if let size = try? parts.extent(query, 3), size > 0 {
      return try parts.number((1 / Double(size).squareRoot()).squareRoot(), like: query)
    }
    let size = try parts.cast(
      parts.add("Squeeze", [parts.extents(query, 3..<4), parts.integers([0])]), to: try parts.dataType(query))
    return parts.add("Reciprocal", [parts.add("Sqrt", [parts.add("Sqrt", [size])])])
  }

  /// Keys and values for each head of the query: each one repeated where there are fewer.
  private static func repeated(
    _ key: ValueID, _ value: ValueID, for query: ValueID, _ parts: inout Expander
  ) throws(OpError) -> (ValueID, ValueID) {
    let (wanted, given) = (try parts.extent(query, 1), try parts.extent(key, 1))
    guard wanted != given else { return (key, value) }
    guard given > 0, wanted % given == 0 else { throw OpError("expected a multiple of \(given) heads, got \(wanted)") }
    func spread(_ x: ValueID, _ parts: inout Expander) -> ValueID {
      let row = parts.unsqueeze(x, [2])
      let rows = parts.concat([ValueID](repeating: row, count: wanted / given), axis: 2)
      let shape = parts.concat([parts.extents(x, 0..<1), parts.integers([wanted]), parts.extents(x, 2..<4)], axis: 0)
      return parts.add("Reshape", [rows, shape])
    }
    return (spread(key, &parts), spread(value, &parts))
  }

  // MARK: Masks

  /// What is added to the scores: 0, or minus infinity where a query does not see a key.
  private static func biases(
    _ query: ValueID, _ key: ValueID, _ parts: inout Expander
  ) throws(OpError) -> [ValueID] {
    var masks: [ValueID] = []
    if let mask = parts.optional(3) { masks.append(try padded(try bias(of: mask, like: query, &parts), key, &parts)) }
    let attributes = parts.attributes
    let (left, right) = (
      attributes.int("left_window_size", default: -1), attributes.int("right_window_size", default: -1)
    )
    let isCausal = attributes.int("is_causal", default: 0) != 0
    guard isCausal || left >= 0 || right >= 0 || parts.optional(6) != nil else { return masks }
    let keys = places(key, &parts)
    if isCausal || left >= 0 || right >= 0 {
      let position = parts.add("Add", [parts.unsqueeze(places(query, &parts), [1]), try offset(query, &parts)])
      func within(_ op: OpName, _ shift: Int) -> ValueID {
        let edge = parts.add("Add", [position, parts.constant(Tensor(scalar: Int64(shift)))])
        return parts.add("Not", [parts.add(op, [keys, edge])])
      }
      if isCausal { masks.append(try bias(of: within("Greater", 0), like: query, &parts)) }
      if left >= 0 { masks.append(try bias(of: within("Less", -left), like: query, &parts)) }
      if right >= 0 { masks.append(try bias(of: within("Greater", right), like: query, &parts)) }
    }
    if let lengths = parts.optional(6) {
      let column = parts.unsqueeze(try parts.cast(lengths, to: .int64), [1, 2, 3])
      masks.append(try bias(of: parts.add("Less", [keys, column]), like: query, &parts))
    }
    return masks
  }

  /// 0, 1, … for the positions of queries or keys.
  private static func places(_ x: ValueID, _ parts: inout Expander) -> ValueID {
    let count = parts.add("Squeeze", [parts.extents(x, 2..<3), parts.integers([0])])
    let (zero, one) = (parts.constant(Tensor(scalar: Int64(0))), parts.constant(Tensor(scalar: Int64(1))))
    return parts.add("Range", [zero, count, one])
  }

  /// How many keys stand before the first query.
  private static func offset(_ query: ValueID, _ parts: inout Expander) throws(OpError) -> ValueID {
    if let past = parts.optional(4) { return parts.extents(past, 2..<3) }
    guard let lengths = parts.optional(6) else { return parts.constant(Tensor(scalar: Int64(0))) }
    let before = parts.add("Sub", [try parts.cast(lengths, to: .int64), parts.extents(query, 2..<3)])
    return parts.unsqueeze(before, [1, 2, 3])
  }

  /// A mask of bools as numbers to add; others as they are.
  private static func bias(of mask: ValueID, like query: ValueID, _ parts: inout Expander) throws(OpError) -> ValueID {
    guard try parts.dataType(mask) == .bool else { return mask }
    return parts.add(
      "Where", [mask, try parts.number(0, like: query), try parts.number(-.infinity, like: query)])
  }

  /// A mask that covers fewer keys than there are hides the rest.
  private static func padded(_ mask: ValueID, _ key: ValueID, _ parts: inout Expander) throws(OpError) -> ValueID {
    let rank = try parts.rank(mask)
    guard rank > 0 else { return mask }
    let (own, keys) = (parts.shape(mask)?[rank - 1], parts.shape(key)?[2])
    if let own, let keys, own == keys, own != .unknown { return mask }
    let missing = parts.add("Sub", [parts.extents(key, 2..<3), parts.extents(mask, rank - 1..<rank)])
    let pads = parts.concat([parts.integers([Int](repeating: 0, count: 2 * rank - 1)), missing], axis: 0)
    return parts.add("Pad", [mask, pads, try parts.number(-.infinity, like: mask)])
  }

  /// Queries that see no key get nothing, instead of what is not a number.
  private static func emptied(
    _ shares: ValueID, _ scores: ValueID, _ parts: inout Expander
  ) throws(OpError) -> ValueID {
    let most = parts.add("ReduceMax", [scores, parts.integers([3])])
    let isEmpty = parts.add("IsInf", [try parts.cast(most, to: .float32)], ["detect_positive": .int(0)])
    return parts.add("Where", [isEmpty, try parts.number(0, like: shares), shares])
  }
}
