internal import DecantIR

/// The n-grams that `TfIdfVectorizer` looks for, as a tree of terms.
struct TermPool {
  private struct Edge: Hashable {
    let node: Int
    let term: Int
  }

  /// Whether an n-gram's weight is added each time that it is found, and not once.
  let isCounted: Bool
  /// What each n-gram counts as.
  let weights: [Float]
  /// The column of the result to which each n-gram belongs.
  let columns: [Int]
  private var numbers: [ByteString: Int] = [:]
  private var integers: [Int64: Int] = [:]
  private var edges: [Edge: Int] = [:]
  /// For each node of the tree the n-gram that ends there; nil where none does.
  private var grams: [Int?] = [nil]
  private let lengths: ClosedRange<Int>
  private let skips: Int

  /// How many columns the result has: one more than the largest index.
  ///
  /// - Throws: ``OpError`` where there are no indices, or one is negative.
  static func columns(_ attributes: Attributes) throws(OpError) -> Int {
    let indices = attributes.ints("ngram_indexes") ?? []
    guard let largest = indices.max(), let smallest = indices.min(), smallest >= 0, largest < Int.max else {
      throw OpError("'ngram_indexes' expected numbers that are not negative, got \(indices)")
    }
    return largest + 1
  }

  /// From a node's attributes.
  ///
  /// - Throws: ``OpError`` for lists that do not go together.
  init(_ attributes: Attributes) throws(OpError) {
    let mode = try attributes.choice("mode", of: ["TF", "IDF", "TFIDF"])
    isCounted = mode != "IDF"
    lengths = try TermPool.lengths(attributes)
    let skips = attributes.int("max_skip_count", default: 0)
    guard skips >= 0 else { throw OpError("'max_skip_count' expected not to be negative, got \(skips)") }
    self.skips = skips
    columns = attributes.ints("ngram_indexes") ?? []
    let weights = mode == "TF" ? [] : attributes.floats("weights") ?? []
    guard weights.isEmpty || weights.count == columns.count else {
      throw OpError("'weights' expected \(columns.count) numbers, got \(weights.count)")
    }
    self.weights = weights.isEmpty ? [Float](repeating: 1, count: columns.count) : weights
    try fill(attributes, try pooledTerms(attributes))
  }

  private static func lengths(_ attributes: Attributes) throws(OpError) -> ClosedRange<Int> {
    let shortest = attributes.int("min_gram_length", default: 1)
    let longest = attributes.int("max_gram_length", default: 1)
    guard shortest >= 1, longest >= shortest else {
      throw OpError("expected 1 <= 'min_gram_length' <= 'max_gram_length', got \(shortest) and \(longest)")
    }
    return shortest...longest
  }

  /// The pool, as numbers of terms.
  private mutating func pooledTerms(_ attributes: Attributes) throws(OpError) -> [Int] {
    switch (attributes["pool_int64s"], attributes["pool_strings"]) {
    case (.ints(let values), nil):
      for value in values where integers[value] == nil { integers[value] = integers.count }
      return values.compactMap { integers[$0] }
    case (nil, .strings(let values)):
      for value in values where numbers[value] == nil { numbers[value] = numbers.count }
      return values.compactMap { numbers[$0] }
    default: throw OpError("expected one of 'pool_int64s' and 'pool_strings'")
    }
  }

  private mutating func fill(_ attributes: Attributes, _ pool: [Int]) throws(OpError) {
    let starts = attributes.ints("ngram_counts") ?? []
    var gram = 0
    for (place, start) in starts.enumerated() {
      let (length, end) = (place + 1, place + 1 < starts.count ? starts[place + 1] : pool.count)
      guard start >= 0, start <= end, end <= pool.count, (end - start) % length == 0 else {
        throw OpError("'ngram_counts' expected to cut a pool of \(pool.count) into whole n-grams, got \(starts)")
      }
      let count = (end - start) / length
      guard gram + count <= columns.count else {
        throw OpError("'ngram_indexes' expected one for each n-gram, got \(columns.count)")
      }
      if lengths.contains(length) {
        for index in 0..<count {
          insert(pool[(start + index * length)..<(start + (index + 1) * length)], gram: gram + index)
        }
      }
      gram += count
    }
  }

  private mutating func insert(_ terms: ArraySlice<Int>, gram: Int) {
    var node = 0
    for term in terms {
      let edge = Edge(node: node, term: term)
      if let next = edges[edge] {
        node = next
      } else {
        node = grams.count
        edges[edge] = node
        grams.append(nil)
      }
    }
    grams[node] = gram
  }

  /// The elements of a tensor as numbers of terms; -1 for those that the pool does not have.
  ///
  /// - Throws: ``OpError`` when they are not of the pool's type.
  func terms(_ tensor: Tensor) throws(OpError) -> [Int] {
    if !numbers.isEmpty || integers.isEmpty, let strings = tensor.strings { return strings.map { numbers[$0] ?? -1 } }
    if numbers.isEmpty, tensor.dataType == .int32 || tensor.dataType == .int64, let values = tensor.integers {
      return values.map { integers[Int64($0)] ?? -1 }
    }
    throw OpError("operand 0: expected \(numbers.isEmpty ? "i32 or i64" : "strings"), got \(tensor.dataType)")
  }

  /// Calls `found` with each n-gram in `terms`: first of neighbours, then of terms with one more skipped
  /// between them each time. Single terms are found once.
  func forEachGram(_ terms: [Int], _ found: (_ gram: Int) -> Void) {
    var shortest = lengths.lowerBound
    // A step as long as the row reaches no second term.
    for step in 1...max(1, min(skips, terms.count) + 1) {
      for start in terms.indices {
        var (node, place, length) = (0, start, 1)
        while length <= lengths.upperBound, place < terms.count,
          let next = edges[Edge(node: node, term: terms[place])]
        {
          if length >= shortest, let gram = grams[next] { found(gram) }
          (node, place, length) = (next, place + step, length + 1)
        }
      }
      if shortest == 1 {
        guard lengths.upperBound > 1 else { return }
        shortest = 2
      }
    }
  }
}
