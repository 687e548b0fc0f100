import DecantIR
import Testing

import DecantOps

/// Operators on strings.
@Suite struct TextTests {
  private func strings(_ values: [String], _ shape: [Int]? = nil) throws -> Tensor {
    try Tensor(strings: values.map { ByteString($0) }, shape: shape ?? [values.count])
  }

  private func texts(_ tensor: Tensor) -> [String] { (tensor.strings ?? []).map(\.description) }

  /// Strings of `N` rows.
  private static let batch = ValueType.tensor(.string, [.symbol("N")])

  @Test func concatenation() throws {
    let result = try evaluate("StringConcat", [strings(["a", "é"], [2, 1]), strings(["", "b", "日"])])[0]
    #expect(texts(result) == ["a", "ab", "a日", "é", "éb", "é日"])
    #expect(result.shape == [2, 3])
    #expect(throws: OpError.self) { try evaluate("StringConcat", [strings(["a", "b"]), strings(["a", "b", "c"])]) }
    #expect(throws: OpError.self) { try evaluate("StringConcat", [strings(["a"]), Tensor([1] as [Int64])]) }
  }

  @Test(
    arguments: [
      (["delimiter": .string(","), "maxsplit": .int(1)], [["a", "b,,c"], ["", ""], [" a", ""]], [2, 1, 1]),
      (["delimiter": .string(",")], [["a", "b", "", "c"], ["", "", "", ""], [" a", "", "", ""]], [4, 1, 1]),
      (["delimiter": .string("")], [["a,b,,c"], [""], ["a"]], [1, 0, 1]),
    ] as [(Attributes, [[String]], [Int64])])
  func splitting(_ attributes: Attributes, _ parts: [[String]], _ counts: [Int64]) throws {
    let results = try evaluate("StringSplit", [strings(["a,b,,c", "", " a"])], attributes, results: 2)
    #expect(texts(results[0]) == parts.flatMap { $0 })
    #expect(results[0].shape == [3, parts[0].count])
    expect(results[1], Tensor(counts))
  }

  @Test func wordsAndTheRest() throws {
    let results = try evaluate("StringSplit", [strings(["  a \t b  c "])], ["maxsplit": .int(1)], results: 2)
    #expect(texts(results[0]) == ["a", "b  c"])
    let types = try infer("StringSplit", [TextTests.batch], results: 2)
    #expect(types == [.tensor(.string, [.symbol("N"), .unknown]), .tensor(.int64, [.symbol("N")])])
  }

  @Test(
    arguments: [
      (["stopwords": .strings(["MONDAY"])], ["Friday", "été"]),
      (["stopwords": .strings(["MONDAY"]), "is_case_sensitive": .int(1)], ["Monday", "Friday", "été"]),
      (["case_change_action": .string("UPPER"), "stopwords": .strings(["ÉTÉ"])], ["MONDAY", "FRIDAY"]),
      (["case_change_action": .string("LOWER")], ["monday", "friday", "été"]),
      (["stopwords": .strings(["monday", "friday", "été"])], [""]),
    ] as [(Attributes, [String])])
  func normalizing(_ attributes: Attributes, _ wanted: [String]) throws {
    let words = ["Monday", "Friday", "été"]
    #expect(texts(try evaluate("StringNormalizer", [strings(words)], attributes)[0]) == wanted)
    let row = try evaluate("StringNormalizer", [strings(words, [1, 3])], attributes)[0]
    #expect(row.shape == [1, wanted.count])
  }

  @Test func normalizerRefuses() throws {
    let operands = [try strings(["a", "b"], [2, 1])]
    #expect(throws: OpError("operand 0: expected the shape [C] or [1,C], got [2,1]")) {
      try evaluate("StringNormalizer", operands)
    }
    let broken = try Tensor(strings: [ByteString(bytes: [0xff])], shape: [1])
    #expect(throws: OpError.self) {
      try evaluate("StringNormalizer", [broken], ["case_change_action": .string("LOWER")])
    }
  }

  /// Patterns, with the texts of a list that they match.
  @Test(arguments: [
    ("a*", ["", "a", "aa"]), ("(?i)A?b", ["b", "Ab"]), (".", ["a", "b", "é"]),
    ("(?s).{1,2}", ["a", "aa", "b", "é", "Ab", "\n"]),
    ("[^a-c\\n]+", ["é"]), ("\\pL+", ["a", "aa", "b", "é", "Ab"]), ("(a|)(a|b)", ["a", "aa", "b"]),
    ("\\x{e9}|\\x61", ["a", "é"]),
    ("(a*)*b??", ["", "a", "aa", "b"]), ("a{2}", ["aa"]), ("\\w\\b", ["a", "b"]), ("^$", [""]),
    ("(?:(?i)A)b|(?P<n>\\n)", ["Ab", "\n"]),
    ("\\Qé\\E", ["é"]), ("[[:upper:]][[:^upper:]]", ["Ab"]), ("a{,2}", []),
  ])
  func fullMatch(_ pattern: String, _ wanted: [String]) throws {
    let list = ["", "a", "aa", "b", "é", "Ab", "\n"]
    let result = try evaluate("RegexFullMatch", [strings(list)], ["pattern": .string(ByteString(pattern))])[0]
    let found = zip(list, result.array(of: Boolean.self) ?? []).filter { $0.1.value }.map(\.0)
    #expect(found == wanted)
  }

  @Test(arguments: [
    "(", ")", "[a", "*", "a**", "a{1001}", "a{3,2}", "(?=a)", "(a)\\1", "\\", "\\q", "[b-a]", "\\p{Greek}",
    "\\x{110000}",
    "(?x)", "((a{1000}){1000}){1000}", "\\C", String(repeating: "(", count: 5000),
  ])
  func patternsThatAreRefused(_ pattern: String) throws {
    #expect(throws: OpError.self) {
      try evaluate("RegexFullMatch", [strings(["a"])], ["pattern": .string(ByteString(pattern))])
    }
  }

  /// A matcher that backtracks would not come to an end.
  @Test func matchingTakesLinearTime() throws {
    let text = String(repeating: "a", count: 2000) + "b"
    let result = try evaluate("RegexFullMatch", [strings([text])], ["pattern": .string("((a*)*|(a|aa)*)*c")])[0]
    expect(result, Tensor([Boolean(false)]))
  }

  private static let pool: Attributes = [
    "min_gram_length": .int(1), "max_gram_length": .int(2), "max_skip_count": .int(1),
    "ngram_counts": .ints([0, 2]), "ngram_indexes": .ints([0, 2, 1, 3]), "pool_int64s": .ints([5, 7, 5, 6, 6, 7]),
    "weights": .floats([0.5, 2, 3, 4]),
  ]

  @Test(arguments: [("TF", [2, 2, 1, 1]), ("IDF", [0.5, 3, 2, 4]), ("TFIDF", [1, 6, 2, 4])] as [(String, [Float])])
  func terms(_ mode: String, _ wanted: [Float]) throws {
    var attributes = TextTests.pool
    attributes["mode"] = .string(ByteString(mode))
    expect(try evaluate("TfIdfVectorizer", [Tensor([5, 6, 5, 9, 6, 1, 7] as [Int32])], attributes)[0], Tensor(wanted))
    let rows = try evaluate("TfIdfVectorizer", [Tensor([5, 7, 8, 5] as [Int64], shape: [2, 2])], attributes)[0]
    #expect(rows.shape == [2, 4])
  }

  @Test func termsOfStrings() throws {
    let attributes: Attributes = [
      "min_gram_length": .int(2), "max_gram_length": .int(2), "max_skip_count": .int(0), "mode": .string("TF"),
      "ngram_counts": .ints([0, 0]), "ngram_indexes": .ints([1, 0]), "pool_strings": .strings(["a", "b", "b", "a"]),
    ]
    expect(try evaluate("TfIdfVectorizer", [strings(["a", "b", "a", "b"])], attributes)[0], Tensor([1, 2] as [Float]))
    #expect(throws: OpError("operand 0: expected strings, got i64")) {
      try evaluate("TfIdfVectorizer", [Tensor([1] as [Int64])], attributes)
    }
  }
}
