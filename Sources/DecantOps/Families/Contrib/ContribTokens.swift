internal import DecantIR

/// Tokens: hashes of them, and what may not be said again.
enum ContribTokens {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("MurmurHash3"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y"], attributes: [.init("positive", .int), .init("seed", .int)]),
      infer: inferHash, evaluate: hash),
    OpDefinition(
      .microsoft("NGramRepeatBlock"),
      schema: OpSchema(
        since: 1, reads: ["input_ids", "scores"], gives: ["scores_out"],
        attributes: [.init("ngram_size", .int, isRequired: true)]),
      infer: inferScores, evaluate: block),
  ]

  // MARK: Hashes

  private static func isPositive(_ attributes: Attributes) -> Bool { attributes.int("positive", default: 1) != 0 }

  private static func inferHash(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(isPositive(context.attributes) ? .uint32 : .int32, context.shape(0)))]
  }

  @Sendable private static func hash(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let seed = UInt32(truncatingIfNeeded: context.attributes.int("seed", default: 0))
    try context.checkSize(.uint32, shape: x.shape)
    var hashes: [UInt32] = []
    if let strings = x.strings {
      hashes = strings.map { MurmurHash.of($0.bytes[...], seed: seed) }
    } else {
      guard [.int32, .uint32, .int64, .uint64, .float32, .float64].contains(x.dataType), let bytes = x.bytes else {
        throw context.expected("strings, floats or integers of 32 or 64 bits", x)
      }
      let all = try Tensor(.uint8, shape: [x.byteCount], bytes: bytes).array(of: UInt8.self) ?? []
      let width = x.elementCount > 0 ? all.count / x.elementCount : 0
      hashes = (0..<x.elementCount).map { MurmurHash.of(all[$0 * width..<($0 + 1) * width], seed: seed) }
    }
    return isPositive(context.attributes)
      ? [Tensor(hashes, shape: x.shape)] : [Tensor(hashes.map { Int32(bitPattern: $0) }, shape: x.shape)]
  }

  // MARK: Repetition

  private static func inferScores(_ context: InferenceContext) throws(OpError) -> [ValueType] { [context.type(1)] }

  /// The score of each token that would repeat a run of `ngram_size` tokens becomes -∞.
  @Sendable private static func block(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (ids, scores) = (try context.operand(0), try context.operand(1))
    let size = context.attributes.int("ngram_size", default: 0)
    guard size >= 1 else { throw OpError("'ngram_size' expected 1 or more, got \(size)") }
    guard ids.rank == 2, scores.rank == 2, ids.shape[0] == scores.shape[0] else {
      throw OpError("expected rows of tokens and of scores, got \(ids.shape) and \(scores.shape)")
    }
    let (tokens, length, words) = (try context.integers(0), ids.shape[1], scores.shape[1])
    var values = try context.numbers(1, as: Float.self)
    for row in 0..<(length < size ? 0 : ids.shape[0]) {
      let own = tokens[row * length..<(row + 1) * length]
      let last = own.suffix(size - 1)
      for start in own.startIndex...own.endIndex - size where own[start..<start + size - 1].elementsEqual(last) {
        let token = own[start + size - 1]
        guard (0..<words).contains(token) else {
          throw OpError("operand 0: expected tokens in 0..<\(words), got \(token)")
        }
        values[row * words + token] = -.infinity
      }
    }
    return [try context.result(values, shape: scores.shape, as: scores.dataType)]
  }
}

/// MurmurHash3, the variant of 32 bits for x86.
private enum MurmurHash {
  static func of(_ bytes: ArraySlice<UInt8>, seed: UInt32) -> UInt32 {
    var hash = seed
    var place = bytes.startIndex
    while bytes.endIndex - place >= 4 {
      hash ^= scrambled(word(bytes[place..<place + 4]))
      hash = rotated(hash, 13) &* 5 &+ 0xe654_6b64
      place += 4
    }
    if place < bytes.endIndex { hash ^= scrambled(word(bytes[place...])) }
    hash ^= UInt32(truncatingIfNeeded: bytes.count)
    hash = (hash ^ hash >> 16) &* 0x85eb_ca6b
    hash = (hash ^ hash >> 13) &* 0xc2b2_ae35
    return hash ^ hash >> 16
  }

  /// Up to 4 bytes, the lowest first.
  private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  private static func scrambled(_ word: UInt32) -> UInt32 { rotated(word &* 0xcc9e_2d51, 15) &* 0x1b87_3593 }

  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }
}
