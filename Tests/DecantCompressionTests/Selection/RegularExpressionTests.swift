import DecantBytes
import Testing

@testable import DecantCompression

@Suite struct RegularExpressionTests {
  @Test(arguments: [
    ("", "", true), ("", "abc", true), ("b", "abc", true), ("^b", "abc", false), ("c$", "abc", true), ("^$", "", true),
    ("^$", "a", false), ("a.c", "abc", true), ("a.c", "ac", false), ("a\\.c", "abc", false), ("a\\.c", "xa.c", true),
    ("^(ab|cd)+$", "abcdab", true), ("^(ab|cd)+$", "abc", false), ("^(?:|x)y$", "y", true), ("^a*b?$", "aaa", true),
    ("^a{2}$", "aa", true), ("^a{2}$", "aaa", false), ("^a{2,}$", "aaaa", true), ("^a{1,3}$", "aaaa", false),
    ("^a{0}$", "", true), ("^a+?b$", "aab", true), ("[a-c]x", "zbx", true), ("[^a-c]x", "bx", false),
    ("[]a]", "]", true), ("[a-]", "-", true), ("[\\d.]+$", "v1.2", true), ("^\\w+$", "a_9", true),
    ("\\s", "a b", true), ("\\D", "12", false), ("^(a*)*$", "aaab", false), ("^(a|a)*$", "aaab", false),
    ("é", "café", true), ("layers\\.(0|11)\\.", "model.layers.11.mlp", true), ("x|^y$", "zy", false),
  ]) func finds(pattern: String, text: String, expected: Bool) throws {
    #expect(try RegularExpression(pattern).isFound(in: text) == expected, "\(pattern) in \(text)")
  }

  @Test(arguments: [
    "(", ")", "a)", "(?<x>a)", "[a", "[z-a]", "[\\d-z]", "*", "a**", "a{", "a{2", "a{3,2}", "a{1001}", "a{x}", "\\",
    "\\q",
    "[\\D]", "((((((((((a{1000}){1000}){1000})))))))",
  ]) func refuses(pattern: String) {
    let error = #expect(throws: DecantError.self) { try RegularExpression(pattern) }
    #expect(error?.kind == .usage)
  }

  @Test func nestingAndRepeatingNothingAreBounded() {
    let deep = String(repeating: "(", count: 100_000)
    let empty = String(repeating: "(", count: 9) + String(repeating: "){1000}", count: 9)
    for pattern in [deep, empty] {
      #expect(throws: DecantError.self) { try RegularExpression(pattern) }
    }
  }

  /// The classic that takes exponential time where ways are tried one after the other.
  @Test func noPatternIsSlow() throws {
    let text = String(repeating: "a", count: 2000)
    #expect(try !RegularExpression("^(a|a)*(a|a)*(a|a)*b$").isFound(in: text))
    #expect(try RegularExpression("^" + String(repeating: "a?", count: 30) + "a{30}").isFound(in: text))
  }
}
